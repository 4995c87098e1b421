//! The engine: one writer takes submissions in groups, decides, appends, shows what was appended, then answers. Knows
//! nothing of gRPC, and nobody who follows.

mod answer;
mod api;
mod clock;
mod directory;
mod group;
mod inbox;
mod lead;
pub(crate) mod log;
pub(crate) mod sink;
pub(crate) mod state;
pub(crate) mod work;
mod writer;

pub use api::{
    Action, Answer, Compose, DirectoryCommand, DirectoryEdit, Done, Edit, Opening, PolicyApplied, Refused, Submission,
    TicketRef,
};
pub use clock::{Clock, JUMP, Present, SystemClock, Timekeeper};
pub use directory::Directory;
pub(crate) use group::unreadable;
pub use lead::FollowError;
pub(crate) use writer::Engine;
