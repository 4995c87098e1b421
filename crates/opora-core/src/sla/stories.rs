//! Stories on which the reckoning and an independent reading of the rules (`model.rs`) have to agree.

use proptest::prelude::*;

use super::model::{MINUTE, Made, Model, Step, Table, instant, policies, tables};
use super::*;
use crate::model::{Priority, Revision, TicketState};
use crate::time::{Millis, Timestamp};

/// When every story begins.
const CREATED: usize = 3 * 60;

/// A story while it is told to both.
struct Telling {
    first: Priority,
    tables: [Table; 3],
    policies: Policies,
    told: SlaState,
    models: [Model; 2],
    made: Vec<Made>,
    at: usize,
    state: TicketState,
    priority: Priority,
    policy: u32,
    answered: bool,
}

impl Telling {
    fn new(first: Priority, from_creation: bool) -> Self {
        let (tables, policies) = (tables(from_creation), policies(from_creation));
        let one = PolicyRef { version: 1, ..PolicyRef::builtin() };
        let told = SlaState::new(instant(CREATED), Revision(1), first, &one, &policies).unwrap();
        let models = [true, false].map(|is_first| Model::new(is_first, CREATED, first, &tables));
        let (state, priority) = (TicketState::New, first);
        let made = Vec::new();
        Self { first, tables, policies, told, models, made, at: CREATED, state, priority, policy: 1, answered: false }
    }

    fn possible(&self, step: Step) -> bool {
        let alive = !matches!(self.state, TicketState::Closed | TicketState::Merged);
        match step {
            Step::Priority(to) => to != self.priority && alive,
            Step::State(to) => match self.state {
                TicketState::Closed => false,
                TicketState::Resolved => {
                    matches!(to, TicketState::InProgress | TicketState::Closed | TicketState::Merged)
                }
                TicketState::Merged => matches!(to, TicketState::InProgress | TicketState::WaitingForCustomer),
                _ => to != self.state && to != TicketState::Closed && to != TicketState::New,
            },
            Step::Answer => !self.answered && self.state != TicketState::Merged,
            Step::Note => true,
            Step::Policy(version) => version != self.policy && self.state != TicketState::Closed,
            Step::Undo(of_priority) => alive && self.last(of_priority).is_some(),
        }
    }

    /// The last step of a kind that was not taken back.
    fn last(&self, of_priority: bool) -> Option<usize> {
        self.made.iter().rposition(|made| match made.step {
            Step::Priority(_) => of_priority,
            Step::State(_) => !of_priority,
            _ => false,
        })
    }

    fn record(&mut self, meets: Option<ClockKind>, revision: Revision) {
        for kind in self.told.unrecorded(instant(self.at), meets, &self.policies).unwrap() {
            let FactKind::Breached { at, .. } = kind else { continue };
            self.told = self.told.with(Fact { at, revision, kind }, &self.policies).unwrap();
        }
    }

    fn fact(&mut self, kind: FactKind, step: Step, revision: Revision) {
        let broken = [self.models[0].broken.is_some(), self.models[1].broken.is_some()];
        self.made.push(Made { at: self.at, step, revision, broken });
        self.told = self.told.with(Fact { at: instant(self.at), revision, kind }, &self.policies).unwrap();
    }

    fn undo(&mut self, of_priority: bool, revision: Revision) {
        let Some(place) = self.last(of_priority) else { return };
        let gone = self.made.remove(place).revision;
        let undone = |fact: &Fact| fact.revision == gone && !matches!(fact.kind, FactKind::Breached { .. });
        self.told = self.told.without(undone, instant(self.at), revision, &self.policies).unwrap();
        let before = self.last(of_priority).map(|place| self.made[place].step);
        match before {
            Some(Step::Priority(to)) => self.priority = to,
            Some(Step::State(to)) => self.state = to,
            _ if of_priority => self.priority = self.first,
            _ => self.state = TicketState::New,
        }
    }

    /// Tells a step, if it is possible, and compares.
    fn step(&mut self, n: usize, after: usize, step: Step) -> Result<(), TestCaseError> {
        if !self.possible(step) {
            return Ok(());
        }
        self.at += after;
        let revision = Revision(n as u64 + 2);
        let meets = match step {
            Step::Answer => Some(ClockKind::FirstResponse),
            Step::State(TicketState::Resolved) => Some(ClockKind::Resolution),
            _ => None,
        };
        for (model, kind) in self.models.iter_mut().zip([ClockKind::FirstResponse, ClockKind::Resolution]) {
            model.time(self.at, meets == Some(kind));
        }
        self.record(meets, revision);
        let mut cause = BreachCause::Delay;
        match step {
            Step::Priority(to) => {
                (self.priority, cause) = (to, BreachCause::Reclassification);
                self.fact(FactKind::Priority(to), step, revision);
            }
            Step::State(to) => {
                self.state = to;
                self.fact(FactKind::State(to), step, revision);
            }
            Step::Answer => {
                self.answered = true;
                self.fact(FactKind::Answered, step, revision);
            }
            Step::Note => self.fact(FactKind::AgentWrote, step, revision),
            Step::Policy(version) => {
                (self.policy, cause) = (version, BreachCause::Policy);
                let policy = PolicyRef { version, ..PolicyRef::builtin() };
                self.fact(FactKind::PolicyApplied(policy), step, revision);
            }
            Step::Undo(of_priority) => {
                cause = BreachCause::Reclassification;
                self.undo(of_priority, revision);
            }
        }
        let mut until_now = self.made.clone();
        until_now.push(Made { at: self.at, step: Step::Note, revision, broken: [false, false] });
        for model in &mut self.models {
            model.remake(CREATED, self.first, &until_now, &self.tables);
            model.settle(self.at, cause);
        }
        self.compare(n, step)?;
        self.record(None, revision);
        self.compare(n, step)
    }

    fn compare(&self, n: usize, step: Step) -> Result<(), TestCaseError> {
        let now = instant(self.at);
        let age = self.models[1].age().map(|age| now - Millis(age as i64 * MINUTE));
        prop_assert_eq!(age, self.told.continuous_since, "age after step {}", n);
        for (model, kind) in self.models.iter().zip([ClockKind::FirstResponse, ClockKind::Resolution]) {
            let shown = *self.told.clock(kind);
            prop_assert_eq!(model.clock(), shown, "after step {} ({:?}) at {}", n, step, self.at);
            let explained = self.told.explain(kind, now + Millis(77 * MINUTE), &self.policies).unwrap();
            prop_assert_eq!(explained.clock, shown);
            let open = explained.stretches.iter().filter(|s| s.reason == StretchReason::Open);
            let sum = open.fold(Millis::ZERO, |sum, s| sum + s.to.since(s.from));
            prop_assert_eq!(sum, explained.elapsed);
            let end = |s: &[Stretch]| s.last().map(|s| s.to);
            let until: Timestamp = shown.met.unwrap_or(now + Millis(77 * MINUTE));
            if shown.state != ClockState::Stopped && shown.start < until {
                prop_assert_eq!(end(&explained.stretches), Some(until));
            }
            prop_assert_eq!(explained.obligations.iter().filter(|o| o.shown).count(), 1);
        }
        Ok(())
    }
}

fn step() -> impl Strategy<Value = Step> {
    use TicketState::{Closed, InProgress, Merged, Resolved, WaitingForCustomer};
    prop_oneof![
        6 => prop::sample::select(Priority::ALL.to_vec()).prop_map(Step::Priority),
        8 => prop::sample::select(vec![InProgress, InProgress, WaitingForCustomer, Resolved, Merged]).prop_map(Step::State),
        1 => Just(Step::State(Closed)),
        1 => Just(Step::Answer),
        3 => Just(Step::Note),
        2 => (1_u32..4).prop_map(Step::Policy),
        3 => any::<bool>().prop_map(Step::Undo),
    ]
}

/// Times that meet due times often: sums of targets.
fn after() -> impl Strategy<Value = usize> {
    prop_oneof![0_usize..70, prop::sample::select(vec![0, 0, 5, 10, 20, 30, 40, 50, 60, 90, 100, 120])]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases * 2))]

    #[test]
    fn the_clocks_are_those_of_an_independent_reading_of_the_rules(
        first in prop::sample::select(Priority::ALL.to_vec()),
        from_creation in any::<bool>(),
        steps in prop::collection::vec((after(), step()), 0..14),
    ) {
        let mut telling = Telling::new(first, from_creation);
        for (n, (after, step)) in steps.into_iter().enumerate() {
            telling.step(n, after, step)?;
        }
    }
}

/// HIGH, back after 90 minutes, is due when LOW is; both changes that brought HIGH back are taken back.
#[test]
fn of_two_obligations_due_together_a_breach_stays_that_of_the_one_it_was_recorded_of() {
    let mut telling = Telling::new(Priority::High, false);
    let steps = [
        (0, Step::Priority(Priority::Low)),
        (90, Step::Priority(Priority::High)),
        (30, Step::Priority(Priority::Low)),
        (0, Step::Undo(true)),
        (0, Step::Undo(true)),
    ];
    for (n, (after, step)) in steps.into_iter().enumerate() {
        telling.step(n, after, step).unwrap();
    }
}
