//! The ladder of escalation (domain.md §8).

use std::sync::Arc;

use crate::calendar::Calendar;
use crate::time::Timestamp;

/// One rung.
#[derive(Clone, Debug)]
pub struct Rung {
    /// Whom it is.
    pub whom: Arc<str>,
    /// How they are told: `email`, `phone`.
    pub means: Vec<Arc<str>>,
    /// Addresses and telephone numbers, in the order of `means`.
    pub reach: Vec<Arc<str>>,
    /// When they can be reached.
    pub calendar: Arc<Calendar>,
}

/// All rungs, the first is rung 1.
#[derive(Clone, Debug)]
pub struct Ladder(pub Vec<Rung>);

impl Ladder {
    /// The highest rung.
    pub fn highest(&self) -> u32 {
        self.0.len() as u32
    }

    /// A rung by its number, from 1.
    pub fn rung(&self, rung: u32) -> Option<&Rung> {
        self.0.get(usize::try_from(rung.checked_sub(1)?).ok()?)
    }

    /// When a rung can be reached next, if not at once.
    pub fn reachable(&self, rung: u32, at: Timestamp) -> Option<Timestamp> {
        let next = self.rung(rung)?.calendar.next_open(at);
        (next > at).then_some(next)
    }
}
