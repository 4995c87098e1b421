//! Who has which ticket open: in memory, never stored. Each session is there for as long as its stream is; what changes
//! goes to all others. Knows nothing of gRPC and nothing of tickets but their numbers.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use opora_core::model::{Actor, TicketNumber};
use opora_core::time::Timestamp;
use parking_lot::Mutex;
use uuid::Uuid;

/// How many changes may wait for a reader; one who is further behind is shown everything anew.
const WAITING: usize = 256;

/// What somebody does at a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    Viewing,
    WritingPublic,
    WritingInternal,
}

/// Where a session is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Presence {
    pub(crate) session: Uuid,
    pub(crate) actor: Actor,
    pub(crate) ticket: Option<TicketNumber>,
    pub(crate) activity: Activity,
    pub(crate) since: Timestamp,
}

/// What a stream shows next.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shown {
    /// Everybody else.
    All(Vec<Presence>),
    /// Somebody is there or has moved.
    Here(Presence),
    /// Somebody has gone.
    Gone(Uuid),
}

/// Why a session is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There are as many as there may be.
    TooMany,
    /// There is no such stream.
    NoSession,
}

/// Everybody.
#[derive(Clone, Debug)]
pub(crate) struct Presences(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    sessions: HashMap<Uuid, Session>,
    /// Names streams: one that was replaced must not end its successor.
    streams: u64,
    most: usize,
}

#[derive(Debug)]
struct Session {
    stream: u64,
    presence: Presence,
    waiting: VecDeque<Shown>,
    reader: Option<Waker>,
}

impl State {
    fn all_but(&self, session: Uuid) -> Vec<Presence> {
        self.sessions.values().map(|other| &other.presence).filter(|p| p.session != session).cloned().collect()
    }

    /// Tells everybody but the one whom it concerns.
    fn tell(&mut self, about: Uuid, shown: &Shown) {
        for (_, session) in self.sessions.iter_mut().filter(|(id, _)| **id != about) {
            if session.waiting.len() >= WAITING {
                // Not shown one by one any more: everything is shown when it reads again.
                session.waiting.clear();
                session.waiting.push_back(Shown::All(Vec::new()));
            } else {
                session.waiting.push_back(shown.clone());
            }
            if let Some(reader) = session.reader.take() {
                reader.wake();
            }
        }
    }
}

impl Presences {
    /// At most so many sessions.
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Mutex::new(State { sessions: HashMap::new(), streams: 0, most })))
    }

    /// Begins a session; it ends with the value.
    pub(crate) fn join(&self, session: Uuid, actor: Actor, now: Timestamp) -> Result<Stay, Refusal> {
        let mut state = self.0.lock();
        if state.sessions.len() >= state.most && !state.sessions.contains_key(&session) {
            return Err(Refusal::TooMany);
        }
        state.streams += 1;
        let stream = state.streams;
        let presence = Presence { session, actor, ticket: None, activity: Activity::Viewing, since: now };
        let waiting = VecDeque::from([Shown::All(Vec::new())]);
        state.tell(session, &Shown::Here(presence.clone()));
        let before = state.sessions.insert(session, Session { stream, presence, waiting, reader: None });
        if let Some(reader) = before.and_then(|before| before.reader) {
            reader.wake();
        }
        Ok(Stay { presences: self.clone(), session, stream })
    }

    /// Says where a session is.
    pub(crate) fn set(
        &self,
        session: Uuid,
        ticket: Option<TicketNumber>,
        activity: Activity,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let mut state = self.0.lock();
        let presence = &mut state.sessions.get_mut(&session).ok_or(Refusal::NoSession)?.presence;
        if (presence.ticket, presence.activity) == (ticket, activity) {
            return Ok(());
        }
        (presence.ticket, presence.activity, presence.since) = (ticket, activity, now);
        let presence = presence.clone();
        state.tell(session, &Shown::Here(presence));
        Ok(())
    }
}

/// A session while its stream lasts.
#[derive(Debug)]
pub(crate) struct Stay {
    presences: Presences,
    session: Uuid,
    stream: u64,
}

impl Stay {
    /// What is to be shown next; `None`: another stream has taken this one's place.
    pub(crate) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Shown>> {
        let mut state = self.presences.0.lock();
        let Some(session) = state.sessions.get_mut(&self.session).filter(|s| s.stream == self.stream) else {
            return Poll::Ready(None);
        };
        match session.waiting.pop_front() {
            Some(Shown::All(_)) => Poll::Ready(Some(Shown::All(state.all_but(self.session)))),
            Some(shown) => Poll::Ready(Some(shown)),
            None => {
                session.reader = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        let mut state = self.presences.0.lock();
        if state.sessions.get(&self.session).is_some_and(|session| session.stream == self.stream) {
            state.sessions.remove(&self.session);
            state.tell(self.session, &Shown::Gone(self.session));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use futures::future::poll_fn;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_000)
    }

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn next(stay: &Stay) -> Option<Shown> {
        poll_fn(|context| stay.poll_next(context)).now_or_never().flatten()
    }

    fn here(n: u128, ticket: Option<u64>, activity: Activity) -> Presence {
        let ticket = ticket.map(TicketNumber);
        Presence { session: id(n), actor: Actor::SYSTEM, ticket, activity, since: now() }
    }

    #[test]
    fn everybody_is_shown_first_then_what_changes_and_never_oneself() {
        let all = Presences::new(10);
        let one = all.join(id(1), Actor::SYSTEM, now()).unwrap();
        assert_eq!(next(&one), Some(Shown::All(vec![])));
        assert_eq!(next(&one), None);
        let two = all.join(id(2), Actor::SYSTEM, now()).unwrap();
        assert_eq!(next(&one), Some(Shown::Here(here(2, None, Activity::Viewing))));
        assert_eq!(next(&two), Some(Shown::All(vec![here(1, None, Activity::Viewing)])));
        all.set(id(2), Some(TicketNumber(7)), Activity::WritingPublic, now()).unwrap();
        all.set(id(2), Some(TicketNumber(7)), Activity::WritingPublic, now()).unwrap();
        assert_eq!(next(&one), Some(Shown::Here(here(2, Some(7), Activity::WritingPublic))));
        assert_eq!((next(&one), next(&two)), (None, None));
        drop(two);
        assert_eq!(next(&one), Some(Shown::Gone(id(2))));
        assert_eq!(all.set(id(2), None, Activity::Viewing, now()), Err(Refusal::NoSession));
    }

    #[test]
    fn a_second_stream_takes_the_place_of_the_first() {
        let all = Presences::new(10);
        let (watcher, old) =
            (all.join(id(9), Actor::SYSTEM, now()).unwrap(), all.join(id(1), Actor::SYSTEM, now()).unwrap());
        let new = all.join(id(1), Actor::SYSTEM, now()).unwrap();
        assert_eq!(poll_fn(|context| old.poll_next(context)).now_or_never(), Some(None));
        drop(old);
        assert!(matches!(next(&new), Some(Shown::All(others)) if others.len() == 1));
        for _ in 0..3 {
            assert!(!matches!(next(&watcher), Some(Shown::Gone(_))));
        }
    }

    #[test]
    fn a_reader_who_is_far_behind_is_shown_everything_anew() {
        let all = Presences::new(10);
        let (slow, _busy) =
            (all.join(id(1), Actor::SYSTEM, now()).unwrap(), all.join(id(2), Actor::SYSTEM, now()).unwrap());
        for n in 1..2_000 {
            all.set(id(2), Some(TicketNumber(n)), Activity::Viewing, now()).unwrap();
        }
        let mut shown = Vec::new();
        while let Some(next) = next(&slow) {
            shown.push(next);
        }
        assert!(shown.len() <= WAITING, "{}", shown.len());
        assert_eq!(shown.last(), Some(&Shown::Here(here(2, Some(1_999), Activity::Viewing))));
    }

    #[test]
    fn there_are_no_more_than_there_may_be() {
        let all = Presences::new(2);
        let _one = all.join(id(1), Actor::SYSTEM, now()).unwrap();
        let two = all.join(id(2), Actor::SYSTEM, now()).unwrap();
        assert_eq!(all.join(id(3), Actor::SYSTEM, now()).unwrap_err(), Refusal::TooMany);
        // A stream of the same session is no more than before.
        let again = all.join(id(2), Actor::SYSTEM, now()).unwrap();
        drop(two);
        assert_eq!(all.join(id(3), Actor::SYSTEM, now()).unwrap_err(), Refusal::TooMany);
        drop(again);
        assert!(all.join(id(3), Actor::SYSTEM, now()).is_ok());
    }
}
