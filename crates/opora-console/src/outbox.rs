//! Changes that were made and are not answered yet, in the order in which they were made. Each is on disk until its
//! answer came, so that neither a lost server nor the end of the process loses one. Knows neither disk nor network.

use serde::{Deserialize, Serialize};

use crate::change::{Change, What};
use crate::drafts::DraftKey;
use crate::msg::Trouble;

/// The most that may wait: the server is away for long, and something is amiss.
pub(crate) const MOST: usize = 1000;

/// One field of a ticket as the person saw it, in the contract's words.
pub(crate) type Seen = Vec<(String, String)>;

/// A change that waits for its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Queued {
    pub(crate) change: Change,
    /// The text that is deleted when it was accepted.
    pub(crate) draft: Option<DraftKey>,
    /// When it was made, milliseconds since 1970.
    pub(crate) at: i64,
    /// Its place among those made in one millisecond.
    pub(crate) order: u64,
    /// For which server and by whom: another console must not send it elsewhere.
    pub(crate) server: String,
    pub(crate) me: String,
    /// What the person saw of the ticket.
    pub(crate) seen: Seen,
    /// The revision that was seen.
    pub(crate) revision: u64,
    /// What the person saw of the other ticket that it is made on, the target of a merge.
    #[serde(default)]
    pub(crate) other: Seen,
}

impl Queued {
    /// The file's name: sorted, it gives the order.
    pub(crate) fn file_name(&self) -> String {
        format!("{:015}-{:06}-{}.json", self.at.max(0), self.order, self.change.request_id)
    }

    /// Whether it is this agent's, for this desk.
    pub(crate) fn is_of(&self, server: &str, me: &str) -> bool {
        desk(&self.server) == desk(server) && self.me == me
    }

    /// The form on disk.
    pub(crate) fn encode(&self) -> String {
        // Plain data with string keys always has a JSON form.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    pub(crate) fn decode(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// A desk by its address, however it was written.
pub(crate) fn desk(server: &str) -> String {
    let address = server.trim().split_once("://").map_or(server.trim(), |(_, address)| address);
    address.trim_end_matches('/').to_lowercase()
}

/// How a change stands.
#[derive(Clone, Debug)]
pub(crate) enum Standing {
    /// Not on its way: the server is away, or an earlier change of the same ticket is.
    Waiting,
    /// On its way.
    Sent,
    /// Refused after it had waited: the person decides.
    Refused(Trouble),
}

/// An entry of the outbox.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) queued: Queued,
    pub(crate) standing: Standing,
    /// It had to wait for the server.
    pub(crate) waited: bool,
}

impl Entry {
    pub(crate) fn id(&self) -> &str {
        &self.queued.change.request_id
    }

    pub(crate) fn is_refused(&self) -> bool {
        matches!(self.standing, Standing::Refused(_))
    }
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    entries: Vec<Entry>,
    orders: u64,
}

impl Outbox {
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id() == id)
    }

    /// Those that the header tells: waiting for the server, and refused.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let refused = self.entries.iter().filter(|e| e.is_refused()).count();
        let waiting = self.entries.iter().filter(|e| e.waited && !e.is_refused()).count();
        (waiting, refused)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.entries.len() >= MOST
    }

    pub(crate) fn next_order(&mut self) -> u64 {
        self.orders += 1;
        self.orders
    }

    /// A new change, or one found on disk.
    pub(crate) fn add(&mut self, queued: Queued, waited: bool) {
        if self.get(&queued.change.request_id).is_some() {
            return;
        }
        self.orders = self.orders.max(queued.order);
        let key = |q: &Queued| (q.at, q.order);
        let at = self.entries.partition_point(|entry| key(&entry.queued) <= key(&queued));
        self.entries.insert(at, Entry { queued, standing: Standing::Waiting, waited });
    }

    pub(crate) fn set(&mut self, id: &str, standing: Standing) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id() == id) {
            entry.waited |= matches!(standing, Standing::Waiting);
            entry.standing = standing;
        }
    }

    /// It was refused: it stays, with the reason.
    pub(crate) fn set_refused(&mut self, id: &str, trouble: Trouble) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id() == id) {
            entry.standing = Standing::Refused(trouble);
        }
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<Queued> {
        let at = self.entries.iter().position(|entry| entry.id() == id)?;
        Some(self.entries.remove(at).queued)
    }

    /// What was on its way has to wait for the server.
    pub(crate) fn hold(&mut self) {
        for entry in self.entries.iter_mut().filter(|entry| matches!(entry.standing, Standing::Waiting)) {
            entry.waited = true;
        }
    }

    /// The next change that may be sent: what waited goes one at a time, in order; the rest side by side, but never
    /// two of one ticket. `None`: nothing may.
    pub(crate) fn next(&self) -> Option<&Queued> {
        let on_its_way = |entry: &&Entry| matches!(entry.standing, Standing::Sent);
        for (at, entry) in self.entries.iter().enumerate() {
            if !matches!(entry.standing, Standing::Waiting) {
                continue;
            }
            let mut before = self.entries.iter().take(at);
            let blocked = if entry.waited {
                self.entries.iter().any(|entry| on_its_way(&entry))
            } else {
                before.any(|e| !e.is_refused() && (e.waited || shares(&e.queued, &entry.queued)))
            };
            if !blocked {
                return Some(&entry.queued);
            }
        }
        None
    }

    /// A ticket has another etag by an accepted change of one's own; gives what is to be kept anew.
    pub(crate) fn moved_on(&mut self, earlier: &What, number: u64, old: &str, new: &str) -> Vec<Queued> {
        let waiting = self.entries.iter_mut().filter(|entry| matches!(entry.standing, Standing::Waiting));
        waiting
            .filter_map(|entry| entry.queued.change.moved_on(earlier, number, old, new).then(|| entry.queued.clone()))
            .collect()
    }
}

fn shares(one: &Queued, two: &Queued) -> bool {
    one.change.numbers().any(|number| two.change.concerns(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Fields, Target, Undoable};
    use opora_proto::v1;

    fn queued(id: &str, number: u64, at: i64) -> Queued {
        Queued {
            change: Change {
                request_id: id.into(),
                number,
                etag: "e1".into(),
                what: What::Priority(v1::Priority::High, "почта не ходит".into()),
            },
            draft: Some(DraftKey::Reply(number)),
            at,
            order: 1,
            server: "127.0.0.1:7420".into(),
            me: "olga".into(),
            seen: vec![("priority".into(), "PRIORITY_LOW".into())],
            revision: 7,
            other: vec![],
        }
    }

    #[test]
    fn a_change_is_read_back_from_disk_as_it_was_written() {
        let whats = [
            What::Assign("ivan".into()),
            What::Update(Box::new(Fields { occur_time: Some(0), tags: Some(vec!["sip".into()]), ..Fields::default() })),
            What::Undo(Undoable::Link, 48),
            What::Link(7, v1::LinkKind::Related),
            What::Many(
                vec![Target { number: 7, etag: "e".into() }],
                Box::new(What::State(v1::TicketState::Resolved, String::new())),
            ),
        ];
        for what in whats {
            let mut one = queued("x", 7, 5);
            one.change.what = what;
            assert_eq!(Queued::decode(&one.encode()), Some(one));
        }
        assert_eq!(Queued::decode("{"), None);
    }

    #[test]
    fn what_waited_goes_one_at_a_time_in_the_order_in_which_it_was_made() {
        let mut outbox = Outbox::default();
        outbox.add(queued("b", 2, 20), true);
        outbox.add(queued("a", 1, 10), true);
        assert_eq!(outbox.next().map(|q| q.change.number), Some(1));
        outbox.set("a", Standing::Sent);
        assert_eq!(outbox.next(), None);
        outbox.remove("a");
        assert_eq!(outbox.next().map(|q| q.change.number), Some(2));
    }

    #[test]
    fn two_changes_of_one_ticket_are_never_on_their_way_together() {
        let mut outbox = Outbox::default();
        outbox.add(queued("a", 1, 10), false);
        outbox.add(queued("b", 1, 20), false);
        outbox.add(queued("c", 2, 30), false);
        outbox.set("a", Standing::Sent);
        assert_eq!(outbox.next().map(|q| q.change.number), Some(2));
        let moved = outbox.moved_on(&What::Assign(String::new()), 1, "e1", "e2");
        assert_eq!(moved.iter().map(|q| q.change.etag.as_str()).collect::<Vec<_>>(), ["e2"]);
    }
}
