//! What came and what went since the console began, in buckets of five minutes, and the clocks of what ended. Knows no
//! screen and no clock: times are those of the events.

use std::collections::{BTreeMap, HashMap, VecDeque};

use opora_proto::v1::{TicketState, ticket_event::Change};

use crate::clock::{Face, MINUTE, millis};
use crate::msg::Happened;
use crate::queue::row::Row;

/// The length of a bucket.
pub(crate) const BUCKET: i64 = 5 * MINUTE;
/// How many buckets are kept: a day.
const KEPT: usize = 288;
/// How many ended tickets are remembered for the compliance.
const ENDED: usize = 20_000;

/// Counts over time.
#[derive(Clone, Debug)]
pub(crate) struct Trends {
    begun: i64,
    /// Created and resolved, by the number of the bucket.
    buckets: BTreeMap<i64, (u64, u64)>,
    ended: HashMap<u64, (Face, Face)>,
    /// The ended, in the order in which they ended first.
    order: VecDeque<u64>,
}

impl Trends {
    pub(crate) fn new(now: i64) -> Self {
        Self { begun: now.div_euclid(BUCKET), buckets: BTreeMap::new(), ended: HashMap::new(), order: VecDeque::new() }
    }

    /// Counts what happened.
    pub(crate) fn happened(&mut self, happened: &Happened) {
        let Some(at) = millis(happened.event.event_time.as_ref()) else { return };
        let (created, resolved) = match &happened.event.change {
            Some(Change::Created(_)) => (1, 0),
            Some(Change::Transitioned(t)) if t.state() == TicketState::Resolved => (0, 1),
            _ => return,
        };
        let bucket = self.buckets.entry(at.div_euclid(BUCKET)).or_default();
        bucket.0 += created;
        bucket.1 += resolved;
        while self.buckets.len() > KEPT {
            self.buckets.pop_first();
        }
        if resolved > 0 {
            self.remember(&happened.row);
        }
    }

    /// A ticket that was resolved before it could be seen. What came through the stream is newer.
    pub(crate) fn ended_before(&mut self, row: &Row) {
        if !self.ended.contains_key(&row.number) {
            self.remember(row);
        }
    }

    fn remember(&mut self, row: &Row) {
        if self.ended.insert(row.number, (row.first_response(), row.resolution())).is_none() {
            self.order.push_back(row.number);
        }
        if self.order.len() > ENDED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ended.remove(&oldest);
        }
    }

    /// The clocks of the tickets that ended and were not opened again.
    pub(crate) fn ended(&self, is_open: impl Fn(u64) -> bool) -> impl Iterator<Item = &(Face, Face)> {
        self.ended.iter().filter(move |(number, _)| !is_open(**number)).map(|(_, faces)| faces)
    }

    /// Created and resolved in each bucket since the console began, so many at most, the newest last.
    pub(crate) fn series(&self, now: i64, most: usize) -> (Vec<u64>, Vec<u64>) {
        let last = now.div_euclid(BUCKET).max(self.buckets.keys().next_back().copied().unwrap_or(self.begun));
        let most = i64::try_from(most.clamp(1, KEPT)).unwrap_or(1);
        let first = self.begun.min(last).max(last - most + 1);
        (first..=last).map(|bucket| self.buckets.get(&bucket).copied().unwrap_or_default()).unzip()
    }
}

#[cfg(test)]
mod tests {
    use opora_proto::v1;
    use opora_proto::v1::Priority;

    use super::*;
    use crate::testing::{NOW, happened, ticket, time};

    fn at(ms: i64, number: u64, change: Change) -> Happened {
        let mut happened =
            happened(ticket(number, "Нет звука", Priority::High, ""), "Вектор", 1, "ivan", change, false);
        happened.event.event_time = time(ms);
        happened
    }

    fn resolved() -> Change {
        Change::Transitioned(v1::TicketTransitioned { state: TicketState::Resolved.into(), ..Default::default() })
    }

    #[test]
    fn what_came_and_went_is_counted_in_the_five_minutes_in_which_it_happened() {
        let mut trends = Trends::new(NOW);
        trends.happened(&at(NOW, 1, Change::Created(v1::TicketCreated::default())));
        trends.happened(&at(NOW + 2 * BUCKET, 2, Change::Created(v1::TicketCreated::default())));
        trends.happened(&at(NOW + 2 * BUCKET, 1, resolved()));
        assert_eq!(trends.series(NOW + 3 * BUCKET, 60), (vec![1, 0, 1, 0], vec![0, 0, 1, 0]));
        assert_eq!(trends.series(NOW + 3 * BUCKET, 2), (vec![1, 0], vec![1, 0]));
    }

    #[test]
    fn a_ticket_that_was_opened_again_is_counted_by_its_row() {
        let mut trends = Trends::new(NOW);
        trends.happened(&at(NOW, 1, resolved()));
        trends.happened(&at(NOW, 2, resolved()));
        assert_eq!(trends.ended(|number| number == 1).count(), 1);
    }
}
