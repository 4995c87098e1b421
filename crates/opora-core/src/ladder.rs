//! The ladder of escalation (docs/domain.md §8).

use std::sync::Arc;

use crate::calendar::{Calendar, CalendarDefinition, Hours};
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
    /// The ladder of docs/domain.md §8, with example addresses. The support line keeps Moscow's working hours.
    pub fn builtin() -> Self {
        let always = Arc::new(Calendar::always());
        let hours = [Hours { from: 10 * 60, to: 18 * 60 }];
        let working_days = CalendarDefinition::working_days("support-line", "Europe/Moscow", &hours);
        // Moscow is in the zones that are built in; were it not, the line would count as always reachable.
        let office = Calendar::new(working_days).map_or_else(|_| Arc::clone(&always), Arc::new);
        let rung = |whom: &str, ways: &[(&str, &str)], calendar: &Arc<Calendar>| Rung {
            whom: whom.into(),
            means: ways.iter().map(|(means, _)| (*means).into()).collect(),
            reach: ways.iter().map(|(_, reach)| (*reach).into()).collect(),
            calendar: Arc::clone(calendar),
        };
        Self(vec![
            rung("support mailbox", &[("email", "support@example.com")], &always),
            rung("support line", &[("phone", "+7 495 000-00-00")], &office),
            rung(
                "technical director",
                &[("email", "technical.director@example.com"), ("phone", "+7 495 000-00-01")],
                &always,
            ),
            rung(
                "director of development",
                &[("email", "development.director@example.com"), ("phone", "+7 495 000-00-02")],
                &always,
            ),
        ])
    }

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
