//! The dashboard's numbers, all from the rows that are here and from what came through the stream. Knows no widget.

pub(crate) mod trends;
pub(super) mod view;

use std::collections::BTreeMap;

use opora_proto::v1::{Priority, TicketState};

use super::list::List;
use crate::clock::{Face, State};
use crate::model::{Link, Model};
use crate::msg::{Call, Effect, Trouble};
use crate::queue::row::Row;
use trends::Trends;

/// How many of those that fall due next are listed.
const NEXT: usize = 10;

/// The dashboard's part of the model.
#[derive(Clone, Debug)]
pub(crate) struct Dashboard {
    /// What falls due next.
    pub(crate) due: List,
    pub(crate) trends: Trends,
    /// What was resolved before the console began: asked once, under this number.
    asked: Option<u64>,
}

impl Dashboard {
    pub(crate) fn new(now: i64) -> Self {
        Self { due: List::default(), trends: Trends::new(now), asked: None }
    }

    /// What was resolved is to be asked again: events were missed, or the answer was.
    pub(crate) fn forget(&mut self) {
        self.asked = None;
    }

    /// What was resolved within a day; what came through the stream is newer. A late answer is dropped.
    pub(crate) fn answer(&mut self, generation: u64, result: Result<Vec<Row>, Trouble>) {
        if self.asked != Some(generation) {
            return;
        }
        // Where it is not to be had the stream's own tickets are counted; it is asked again after the next gap.
        for row in result.unwrap_or_default() {
            self.trends.ended_before(&row);
        }
    }
}

/// Clocks that are decided: met in time, or breached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) met: u64,
    pub(crate) breached: u64,
}

impl Share {
    /// Counts a clock, if it is decided at `now`.
    pub(crate) fn add(&mut self, face: &Face, now: i64) {
        if face.is_breached(now) {
            self.breached += 1;
        } else if face.state == State::Met {
            self.met += 1;
        }
    }

    /// How many of the decided were met; nothing is decided yet: `None`.
    pub(crate) fn ratio(self) -> Option<f64> {
        let all = self.met + self.breached;
        (all > 0).then(|| self.met as f64 / all as f64)
    }
}

/// All that is counted of the open tickets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) by_state: Vec<(TicketState, u64)>,
    pub(crate) by_priority: Vec<(Priority, u64)>,
    /// Most first; nobody is the empty id.
    pub(crate) by_owner: Vec<(String, u64)>,
    pub(crate) first_response: Share,
    pub(crate) resolution: Share,
}

impl Tally {
    /// Counts the rows, and for compliance what was resolved within a day.
    pub(crate) fn of(model: &Model) -> Self {
        use Priority::{Critical, High, Low, Medium};
        use TicketState::{InProgress, New, WaitingForCustomer};
        let rows = &model.queue.rows;
        let mut states = [New, InProgress, WaitingForCustomer].map(|state| (state, 0));
        let mut priorities = [Critical, High, Medium, Low].map(|priority| (priority, 0));
        let mut owners: BTreeMap<&str, u64> = BTreeMap::new();
        let (mut first_response, mut resolution) = (Share::default(), Share::default());
        for row in rows.iter() {
            if let Some((_, count)) = states.iter_mut().find(|(state, _)| *state == row.state) {
                *count += 1;
            }
            if let Some((_, count)) = priorities.iter_mut().find(|(priority, _)| *priority == row.priority) {
                *count += 1;
            }
            *owners.entry(&row.owner).or_default() += 1;
            first_response.add(&row.first_response(), model.now);
            resolution.add(&row.resolution(), model.now);
        }
        for (first, second) in model.screens.dashboard.trends.ended(|number| rows.get(number).is_some()) {
            first_response.add(first, model.now);
            resolution.add(second, model.now);
        }
        let mut by_owner: Vec<(String, u64)> =
            owners.into_iter().map(|(owner, count)| (owner.to_owned(), count)).collect();
        by_owner.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Self { by_state: states.to_vec(), by_priority: priorities.to_vec(), by_owner, first_response, resolution }
    }
}

/// Asks once for what was resolved before.
pub(super) fn ask(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.screens.dashboard.asked.is_some() || model.link != Link::Live {
        return;
    }
    let generation = model.next_generation();
    model.screens.dashboard.asked = Some(generation);
    effects.push(Effect::Call(Call::Ended { generation }));
}

/// The tickets that fall due next.
pub(super) fn numbers(model: &Model) -> Vec<u64> {
    model.queue.rows.due_next(model.now, NEXT)
}

/// A row of the list, and whether it left it.
pub(super) fn row(model: &Model, number: u64) -> Option<(&Row, bool)> {
    match model.queue.rows.get(number) {
        Some(row) => Some((row, !numbers(model).contains(&number))),
        None => model.screens.dashboard.due.kept(number).map(|row| (row, true)),
    }
}
