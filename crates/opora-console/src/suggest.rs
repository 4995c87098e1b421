//! What many tickets of one kind suggest (docs/domain.md §3), as the server tells it: asked for when tickets changed,
//! seldom. Nothing is done of it unless a person does it.

use opora_proto::v1::{Suggestion, SuggestionKind};

use crate::clock::MINUTE;
use crate::model::{Link, Model};
use crate::msg::{Call, Effect, Trouble};

/// How long after the last answer it is asked again at the earliest, milliseconds: many tickets come within a minute
/// when something fails, and one look at all of them says what ten would.
const PAUSE: i64 = 10_000;
/// How long what is suggested is believed while nothing changes, milliseconds: tickets grow older than its window.
const OLD: i64 = 5 * MINUTE;

/// What is suggested, and when it is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Suggestions {
    pub(crate) list: Vec<Suggestion>,
    /// When it was asked for; `None`: not yet.
    asked: Option<i64>,
    waiting: bool,
    /// Tickets changed since.
    changed: bool,
    /// The server does not know the question.
    lacks: bool,
}

impl Suggestions {
    /// Tickets changed.
    pub(crate) fn changed(&mut self) {
        self.changed = true;
    }

    /// Another server, or the same after a while.
    pub(crate) fn forget(&mut self) {
        *self = Self { list: std::mem::take(&mut self.list), changed: true, ..Self::default() };
    }

    /// When it is to be asked for next.
    fn due(&self) -> Option<i64> {
        if self.lacks || self.waiting {
            return None;
        }
        match self.asked {
            None => Some(i64::MIN),
            Some(asked) if self.changed => Some(asked + PAUSE),
            Some(asked) => (!self.list.is_empty()).then_some(asked + OLD),
        }
    }
}

/// Asks, if it is time; gives when it is next.
pub(crate) fn settle(model: &mut Model, effects: &mut Vec<Effect>) -> Option<i64> {
    if model.link != Link::Live {
        return None;
    }
    let now = model.now;
    let suggestions = &mut model.suggestions;
    if suggestions.due().is_some_and(|due| due <= now) {
        (suggestions.asked, suggestions.waiting, suggestions.changed) = (Some(now), true, false);
        effects.push(Effect::Call(Call::Suggestions));
    }
    suggestions.due()
}

/// The server's answer.
pub(crate) fn answer(model: &mut Model, result: Result<Vec<Suggestion>, Trouble>) {
    model.suggestions.waiting = false;
    match result {
        Ok(list) => {
            let known = |one: &Suggestion| one.kind() != SuggestionKind::Unspecified && !one.tickets.is_empty();
            model.suggestions.list = list.into_iter().filter(known).collect();
        }
        // It is asked again when the connection is back, or with the next change.
        Err(trouble) if trouble.unreachable => {}
        Err(_) => model.suggestions.lacks = true,
    }
}

/// The numbers of its tickets, the oldest first.
pub(crate) fn numbers(suggestion: &Suggestion) -> impl Iterator<Item = u64> + '_ {
    suggestion.tickets.iter().filter_map(|name| name.rsplit('/').next()?.parse().ok())
}
