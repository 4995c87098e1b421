//! An independent reading of docs/domain.md §7 that walks through time minute by minute, and stories on which both have
//! to agree. It shares nothing with the reckoning but the values that it shows: no spans, no calendars, no frozen
//! facts.
//!
//! Everything happens at whole minutes. A story's world is made anew after each of its steps from the steps that were
//! not undone; only breaches are carried from one world to the next.

use super::*;
use crate::calendar::CalendarDefinition;
use crate::model::{Priority, Revision, TicketState};
use crate::time::{Millis, Timestamp};

pub(super) const MINUTE: i64 = 60_000;
/// Monday, 2026-03-02 00:00 UTC.
const ZERO: i64 = 1_772_409_600_000;
/// How far the model looks: after it nothing is due.
const HORIZON: usize = 4_000;

pub(super) fn instant(minute: usize) -> Timestamp {
    Timestamp::from_millis(ZERO + minute as i64 * MINUTE)
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    Priority(Priority),
    State(TicketState),
    Answer,
    Note,
    Policy(u32),
    /// Takes back the last change of priority (true) or state (false) that was not taken back.
    Undo(bool),
}

/// A table of minutes: `None` is continuous.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    /// By priority, LOW first: first response, resolution.
    targets: [(usize, Option<usize>); 4],
    /// By priority: whether the resolution runs on the office's hours.
    office: [bool; 4],
    from_creation: bool,
}

/// The office is open from 04:00 to 14:00 UTC, every day.
fn is_open(office: bool, minute: usize) -> bool {
    !office || (4 * 60..14 * 60).contains(&(minute % (24 * 60)))
}

pub(super) fn tables(from_creation: bool) -> [Table; 3] {
    let one = Table {
        targets: [(120, Some(600)), (90, Some(240)), (30, Some(100)), (20, None)],
        office: [true, false, false, false],
        from_creation,
    };
    // A stricter one, with a HIGH that is continuous; and a looser one in which LOW is shorter than MEDIUM.
    let two = Table {
        targets: [(60, Some(300)), (50, Some(100)), (10, None), (5, None)],
        office: [true, true, false, false],
        from_creation,
    };
    let three = Table {
        targets: [(100, Some(90)), (200, Some(700)), (90, Some(400)), (40, Some(50))],
        office: [false, true, true, false],
        from_creation,
    };
    [one, two, three]
}

pub(super) fn policies(from_creation: bool) -> Policies {
    let hours = ["04:00-14:00".parse().unwrap()];
    let mut office = CalendarDefinition::working_days("office", "UTC", &hours);
    office.weekdays = std::array::from_fn(|_| hours.to_vec());
    let mut policies = Policies::default();
    for (version, table) in (1..).zip(tables(from_creation)) {
        let mut definition = Policy::builtin().definition().clone();
        definition.policy.version = version;
        definition.calendars.push(office.clone());
        definition.raise_from = if from_creation { RaiseFrom::Creation } else { RaiseFrom::Change };
        for (cell, ((first, resolution), office)) in
            definition.cells.iter_mut().zip(table.targets.iter().zip(table.office))
        {
            cell.first_response = Target::Open(Length::Minutes(*first as u32));
            cell.resolution = resolution.map_or(Target::Continuous, |n| Target::Open(Length::Minutes(n as u32)));
            if office {
                cell.resolution_calendar = "office".into();
            }
        }
        policies.add(Policy::new(definition).unwrap());
    }
    policies
}

#[derive(Clone, Debug)]
struct Owed {
    priority: Priority,
    start: usize,
    target: Option<usize>,
    office: bool,
    /// By minute: whether it was set aside then.
    aside: Vec<bool>,
    is_aside: bool,
}

/// One clock after some steps of a story.
#[derive(Clone, Debug)]
struct World {
    first: bool,
    owed: Vec<Owed>,
    /// By minute: whether the clock was held then.
    held: Vec<bool>,
    is_held: bool,
    met: Option<usize>,
    stopped: Option<usize>,
    /// What it showed when it ended: start, target, due.
    ended: Option<(usize, Option<usize>, Option<usize>)>,
    now: usize,
}

/// A breach: since when, due when, why; start and target of what was breached.
type Broken = (usize, usize, BreachCause, usize, Option<usize>);

impl World {
    fn wait(&mut self, until: usize) {
        for _ in self.now..until {
            self.held.push(self.is_held);
            for owed in &mut self.owed {
                owed.aside.push(owed.is_aside);
            }
        }
        self.now = until.max(self.now);
    }

    fn runs(&self) -> bool {
        self.met.is_none() && self.stopped.is_none() && !self.is_held
    }

    fn used(&self, o: &Owed) -> usize {
        (o.start..self.now).filter(|m| is_open(o.office, *m) && !self.held[*m] && !o.aside[*m]).count()
    }

    /// When an obligation is due, `on`: as though the clock ran from now on.
    fn due_of(&self, o: &Owed, on: bool) -> Option<usize> {
        let target = o.target?;
        let mut used = 0;
        for minute in o.start..HORIZON {
            let counts = if minute < self.now { !self.held[minute] && !o.aside[minute] } else { on && !o.is_aside };
            used += usize::from(counts && is_open(o.office, minute));
            if used == target {
                return Some(minute + 1);
            }
        }
        None
    }

    fn standing(&self) -> impl Iterator<Item = &Owed> {
        self.owed.iter().filter(|o| !o.is_aside)
    }

    /// What is due first if the clock runs on (`on`) or of what is due already.
    fn first_due(&self, on: bool) -> Option<(&Owed, usize)> {
        self.standing().filter_map(|o| self.due_of(o, on).map(|due| (o, due))).min_by_key(|(_, due)| *due)
    }

    fn oblige(&mut self, table: &Table, priority: Priority, start: usize) {
        let (first, resolution) = table.targets[priority as usize];
        let (target, office) =
            if self.first { (Some(first), false) } else { (resolution, table.office[priority as usize]) };
        self.owed.push(Owed { priority, start, target, office, aside: vec![false; self.now], is_aside: false });
    }

    fn raise(&mut self, table: &Table, to: Priority, created: usize) {
        let mut there = false;
        for o in self.owed.iter_mut().filter(|o| o.priority <= to) {
            o.is_aside = false;
            there |= o.priority == to;
        }
        if !there {
            self.oblige(table, to, if table.from_creation { created } else { self.now });
        }
    }

    fn lower(&mut self, table: &Table, to: Priority) {
        let mut starts = Vec::new();
        for o in self.owed.iter_mut().filter(|o| o.priority > to && !o.is_aside) {
            o.is_aside = true;
            starts.extend(o.target.map(|_| o.start));
        }
        if !self.standing().any(|o| o.priority == to) {
            self.oblige(table, to, starts.into_iter().min().unwrap_or(self.now));
        }
    }

    fn enter(&mut self, was: TicketState, to: TicketState) {
        if to == TicketState::Resolved && !self.first {
            self.end(true);
        }
        let open = !matches!(to, TicketState::Resolved | TicketState::Merged | TicketState::Closed);
        if open && was == TicketState::Resolved && !self.first {
            (self.met, self.ended) = (None, None);
        }
        if to == TicketState::Closed {
            self.end(false);
        }
        self.is_held = match to {
            TicketState::Resolved | TicketState::Merged => true,
            TicketState::WaitingForCustomer => !self.first,
            _ => false,
        };
    }

    fn end(&mut self, met: bool) {
        if self.met.is_some() || self.stopped.is_some() {
            return;
        }
        let found = self.first_due(true).map(|(o, due)| (o.start, o.target, Some(due)));
        let continuous = || self.standing().find(|o| o.target.is_none()).map(|o| (o.start, None, None));
        self.ended = found.or_else(continuous);
        *(if met { &mut self.met } else { &mut self.stopped }) = Some(self.now);
    }
}

/// A step that was made and not undone since.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) at: usize,
    pub(super) step: Step,
    pub(super) revision: Revision,
    /// Whether first response and resolution were breached by then.
    pub(super) broken: [bool; 2],
}

/// One clock of the model.
pub(super) struct Model {
    pub(super) first: bool,
    pub(super) broken: Option<Broken>,
    overtaken: Option<BreachCause>,
    world: World,
}

impl Model {
    pub(super) fn new(first: bool, created: usize, from: Priority, tables: &[Table; 3]) -> Self {
        Self { first, broken: None, overtaken: None, world: Self::world(first, created, from, &[], tables) }
    }

    /// Makes the world anew.
    pub(super) fn remake(&mut self, created: usize, from: Priority, steps: &[Made], tables: &[Table; 3]) {
        self.world = Self::world(self.first, created, from, steps, tables);
    }

    /// The world that these steps make, at the last of them.
    fn world(first: bool, created: usize, from: Priority, steps: &[Made], tables: &[Table; 3]) -> World {
        let mut w = World {
            first,
            owed: Vec::new(),
            held: vec![false; created],
            is_held: false,
            met: None,
            stopped: None,
            ended: None,
            now: created,
        };
        let (mut table, mut priority, mut state) = (&tables[0], from, TicketState::New);
        w.oblige(table, from, created);
        for Made { at, step, broken, .. } in steps {
            w.wait(*at);
            match step {
                Step::Priority(to) if *to == priority || first && w.met.is_some() => priority = *to,
                Step::Priority(to) => {
                    let raised = *to > std::mem::replace(&mut priority, *to);
                    if raised { w.raise(table, *to, created) } else { w.lower(table, *to) }
                }
                Step::State(to) => {
                    let was = std::mem::replace(&mut state, *to);
                    w.enter(was, *to);
                }
                Step::Answer if first => w.end(true),
                Step::Answer | Step::Note | Step::Undo(_) => {}
                Step::Policy(version) => {
                    table = &tables[*version as usize - 1];
                    let for_good = w.stopped.is_some() || first && w.met.is_some();
                    if !for_good && !broken[usize::from(!first)] {
                        for o in &mut w.owed {
                            let (first_target, resolution) = table.targets[o.priority as usize];
                            o.target = if first { Some(first_target) } else { resolution };
                            o.office = !first && table.office[o.priority as usize];
                        }
                    }
                }
            }
        }
        w
    }

    /// Time up to a step, under the world before it.
    pub(super) fn time(&mut self, at: usize, meets: bool) {
        if self.broken.is_none()
            && self.world.runs()
            && let Some((o, due)) = self.world.first_due(true)
            && (due < at || due == at && !meets)
        {
            self.broken = Some((due, due, BreachCause::Delay, o.start, o.target));
        }
    }

    /// What a step did, in the world after it.
    pub(super) fn settle(&mut self, at: usize, cause: BreachCause) {
        if self.broken.is_some() || self.world.stopped.is_some() {
            return;
        }
        let past = self.world.first_due(self.world.runs()).filter(|(_, due)| *due <= at);
        let cause = self.overtaken.take().unwrap_or(cause);
        match past {
            Some((o, due)) if self.world.runs() => self.broken = Some((at, due, cause, o.start, o.target)),
            Some(_) => self.overtaken = Some(cause),
            None => {}
        }
    }

    pub(super) fn clock(&self) -> Clock {
        let w = &self.world;
        let millis = |minutes: usize| Millis(minutes as i64 * MINUTE);
        let continuous = w.standing().find(|o| o.target.is_none());
        let state = match (w.met, w.stopped) {
            (Some(_), _) => ClockState::Met,
            (_, Some(_)) => ClockState::Stopped,
            _ if w.is_held => ClockState::Paused,
            _ if continuous.is_some() => ClockState::Continuous,
            _ => ClockState::Running,
        };
        let least = || {
            let left = |o: &Owed| o.target.map(|target| (o.start, target, target.saturating_sub(w.used(o))));
            w.standing().filter_map(left).min_by_key(|(_, _, left)| *left)
        };
        let bare = continuous.map_or((0, None, None, None), |o| (o.start, None, None, None));
        let (start, target, due, left) = match (self.broken, w.ended) {
            (Some((_, due, _, start, target)), _) => (start, target, Some(due), Some(0)),
            (None, Some((start, target, due))) => (start, target, due, None),
            (None, None) if w.is_held => {
                least().map_or(bare, |(start, target, left)| (start, Some(target), None, Some(left)))
            }
            (None, None) => w.first_due(true).map_or(bare, |(o, due)| (o.start, o.target, Some(due), None)),
        };
        Clock {
            state,
            start: instant(start),
            due: due.map(instant),
            target: target.map(millis),
            remaining: left.filter(|_| state == ClockState::Paused).map(millis),
            met: w.met.map(instant),
            breach: self.broken.map(|(at, _, cause, ..)| Breach { at: instant(at), cause }),
        }
    }

    /// Real time since the start of the continuous obligation, less each minute in which it was held or set aside.
    pub(super) fn age(&self) -> Option<usize> {
        let w = &self.world;
        let o = w.standing().find(|o| o.target.is_none()).filter(|_| w.runs())?;
        Some((o.start..w.now).filter(|m| !w.held[*m] && !o.aside[*m]).count())
    }
}
