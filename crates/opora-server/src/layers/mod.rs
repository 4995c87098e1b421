//! What stands round every call, a layer of its own for each concern, from the outside in: who calls what ([`known`]),
//! the access log ([`access`]), calls under way ([`under_way`]), the form of errors ([`form`]), deadlines ([`deadline`]),
//! panics ([`panics`]), bytes in flight ([`transfers`]), places ([`places`]). None of them knows a service.

mod access;
mod answers;
mod body;
mod caller;
mod connections;
mod deadline;
mod form;
mod frames;
mod gather;
mod gauge;
mod handshake;
mod known;
mod members;
mod panics;
mod places;
mod round;
mod shares;
mod transfers;
mod under_way;
mod whole;

use std::time::Duration;

pub(crate) use access::AccessLayer;
pub(crate) use caller::{Limits, Peer};
pub(crate) use connections::connections;
pub(crate) use deadline::DeadlineLayer;
pub(crate) use form::FormLayer;
pub(crate) use known::CallLayer;
pub(crate) use panics::catching;
pub(crate) use places::PlacesLayer;
pub(crate) use transfers::TransfersLayer;
pub(crate) use under_way::UnderWayLayer;

/// How long a call waits for others to end before it is refused.
const QUEUE: Duration = Duration::from_secs(1);
/// After how long it is worth while to try again when there is too much of something.
pub(crate) const AGAIN: Duration = Duration::from_millis(500);
#[cfg(test)]
mod bounds_tests;
#[cfg(test)]
pub(crate) mod tests;
