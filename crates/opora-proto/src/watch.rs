//! Where a stream of tickets goes on after it broke: nothing is missed, nothing comes twice. Knows no connection.

use crate::v1;

/// A watch across all the streams that it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Following {
    /// What is asked for next.
    request: v1::WatchTicketsRequest,
    /// Everything up to here was taken; `None`: not known yet.
    revision: Option<u64>,
    /// How many events of the revision after it were taken, when a stream broke within it.
    taken: usize,
    /// How many of them this stream has sent.
    received: usize,
}

impl Following {
    /// A watch that begins with this request.
    pub const fn new(request: v1::WatchTicketsRequest) -> Self {
        let revision = request.from_revision.checked_sub(1);
        Self { request, revision, taken: 0, received: 0 }
    }

    /// The request for the next stream: the first one, or one that goes on where the last one broke.
    pub fn begin(&mut self) -> v1::WatchTicketsRequest {
        self.received = 0;
        self.request.clone()
    }

    /// Everything up to this revision was taken; `None`: the current tickets are not all there, or nothing is.
    pub const fn revision(&self) -> Option<u64> {
        self.revision
    }

    /// Whether the current tickets are asked for and not all there.
    pub const fn is_receiving(&self) -> bool {
        self.request.include_current
    }

    /// Takes a message: drops the events that an earlier stream has sent, and moves on. The events of one revision that
    /// come in several messages are seen with the last of them: where the stream breaks before, the revision is asked
    /// for again.
    pub fn take(&mut self, message: &mut v1::WatchTicketsResponse) {
        if self.request.include_current && !message.synced {
            return;
        }
        self.request.include_current = false;
        self.request.store_uid.clone_from(&message.store_uid);
        if message.events.is_empty() {
            // The first of a stream says where it begins: what was taken of the next revision stays taken.
            if self.revision.is_none_or(|seen| message.revision > seen) {
                self.seen(message.revision);
            }
            return;
        }
        let before = self.received;
        self.received += message.events.len();
        let again = self.taken.saturating_sub(before).min(message.events.len());
        message.events.drain(..again);
        if message.more {
            self.taken = self.taken.max(self.received);
            self.revision = Some(message.revision.saturating_sub(1));
            self.request.from_revision = message.revision;
        } else {
            self.seen(message.revision);
        }
    }

    fn seen(&mut self, revision: u64) {
        (self.taken, self.received) = (0, 0);
        self.revision = Some(revision);
        self.request.from_revision = revision + 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events(revision: u64, reasons: std::ops::Range<usize>, more: bool) -> v1::WatchTicketsResponse {
        let event = |n: usize| v1::TicketEvent { revision, reason: n.to_string(), ..Default::default() };
        let events = reasons.map(event).collect();
        v1::WatchTicketsResponse { revision, store_uid: "store".into(), events, more, ..Default::default() }
    }

    fn bookmark(revision: u64) -> v1::WatchTicketsResponse {
        events(revision, 0..0, false)
    }

    /// The messages of a stream from a revision on: revision n has `n` events, `cut` to a message.
    fn stream(from: u64, newest: u64, cut: usize) -> Vec<v1::WatchTicketsResponse> {
        let mut all = vec![bookmark(from - 1)];
        for revision in from..=newest {
            let count = revision as usize;
            for start in (0..count).step_by(cut) {
                let end = count.min(start + cut);
                all.push(events(revision, start..end, end < count));
            }
        }
        all
    }

    proptest! {
        #[test]
        fn nothing_is_missed_and_nothing_comes_twice_wherever_streams_break(
            breaks in proptest::collection::vec((0_usize..40, 1_usize..7), 0..12),
        ) {
            const NEWEST: u64 = 12;
            let mut following = Following::new(v1::WatchTicketsRequest { from_revision: 1, ..Default::default() });
            let mut taken = Vec::new();
            for (at, cut) in breaks.into_iter().chain([(usize::MAX, 5)]) {
                let request = following.begin();
                for mut message in stream(request.from_revision, NEWEST, cut).into_iter().take(at) {
                    following.take(&mut message);
                    taken.extend(message.events.into_iter().map(|event| (event.revision, event.reason)));
                }
            }
            let expected = (1..=NEWEST).flat_map(|revision| (0..revision).map(move |n| (revision, n.to_string())));
            prop_assert!(taken.into_iter().eq(expected));
            prop_assert_eq!(following.revision(), Some(NEWEST));
        }
    }

    #[test]
    fn a_watch_from_now_on_goes_on_from_its_first_bookmark() {
        let mut following = Following::new(v1::WatchTicketsRequest::default());
        assert_eq!((following.revision(), following.begin().from_revision), (None, 0));
        following.take(&mut bookmark(41));
        let next = following.begin();
        assert_eq!((next.from_revision, next.store_uid.as_str()), (42, "store"));
    }

    #[test]
    fn the_current_tickets_are_asked_for_again_until_they_are_all_there() {
        let current = v1::WatchTicketsRequest { include_current: true, ..Default::default() };
        let mut following = Following::new(current.clone());
        following.take(&mut bookmark(41));
        following.take(&mut v1::WatchTicketsResponse { tickets: vec![v1::Ticket::default()], ..bookmark(41) });
        assert_eq!((following.begin(), following.revision()), (current, None));
        following.take(&mut v1::WatchTicketsResponse { synced: true, ..bookmark(41) });
        let next = following.begin();
        assert_eq!((next.from_revision, next.include_current, following.is_receiving()), (42, false, false));
    }
}
