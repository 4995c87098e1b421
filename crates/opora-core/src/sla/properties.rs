//! Properties of clocks over any story (docs/domain.md §7).

use proptest::prelude::*;

use super::*;
use crate::calendar::{CalendarDefinition, Hours};
use crate::model::{Priority, Revision, TicketState};
use crate::time::{Millis, Timestamp};

fn policy() -> impl Strategy<Value = Policy> {
    let zones = prop::sample::select(vec!["UTC", "Europe/Berlin", "Europe/Moscow", "America/New_York"]);
    let hours =
        prop::sample::select(vec![vec!["00:00-24:00"], vec!["10:00-18:00"], vec!["10:00-13:00", "14:00-18:00"]]);
    // The clocks of Berlin change on days 88 and 298.
    let days = || prop::collection::vec(prop_oneof![0_i64..400, 80_i64..100, 290_i64..310, Just(88), Just(298)], 0..8);
    let exceptions = (days(), days(), days());
    (zones, hours, 1_u32..90, any::<bool>(), exceptions).prop_map(
        |(zone, hours, days, creation, (holidays, moved, short))| {
            let hours: Vec<Hours> = hours.iter().map(|h| h.parse().unwrap()).collect();
            let mut calendar = CalendarDefinition::working_days("p", zone, &hours);
            let first = jiff::civil::date(2025, 1, 1);
            let date = |n: i64| first.checked_add(jiff::ToSpan::days(n)).unwrap();
            calendar.holidays = holidays.into_iter().map(date).collect();
            // Days that take Monday's hours, weekends too, and days with hours across the change of clocks.
            calendar.moved_days = moved.into_iter().map(|n| (date(n), 0)).collect();
            let hours: Vec<Hours> = ["01:00-02:30", "03:00-05:00"].iter().map(|h| h.parse().unwrap()).collect();
            calendar.short_days = short.into_iter().map(|n| (date(n), hours.clone())).collect();
            let mut definition = Policy::builtin().definition().clone();
            definition.calendars.push(calendar);
            definition.raise_from = if creation { RaiseFrom::Creation } else { RaiseFrom::Change };
            for cell in &mut definition.cells {
                cell.first_response_calendar = "p".into();
                cell.resolution_calendar = "p".into();
            }
            definition.cells[0].resolution = Target::Open(Length::Days(days));
            Policy::new(definition).unwrap()
        },
    )
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Priority(Priority),
    State(TicketState),
    Answered,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => prop::sample::select(Priority::ALL.to_vec()).prop_map(Step::Priority),
        2 => prop::sample::select(vec![TicketState::InProgress, TicketState::WaitingForCustomer, TicketState::Resolved, TicketState::Merged]).prop_map(Step::State),
        1 => Just(Step::Answered),
    ]
}

/// A story: the first priority, the start, and steps with the real time before each.
fn story() -> impl Strategy<Value = (Priority, Timestamp, Vec<(i64, Step)>)> {
    (
        prop::sample::select(Priority::ALL.to_vec()),
        // Around both changes of the clocks of 2025.
        prop_oneof![1_742_800_000_000_i64..1_743_400_000_000, 1_761_000_000_000_i64..1_761_600_000_000],
        prop::collection::vec((0_i64..(3 * 86_400_000), step()), 0..12),
    )
        .prop_map(|(priority, start, steps)| (priority, Timestamp::from_millis(start), steps))
}

struct Told {
    state: SlaState,
    policies: Policies,
    now: Timestamp,
    priority: Priority,
}

impl Told {
    fn new(policy: Policy, priority: Priority, start: Timestamp) -> Self {
        let mut policies = Policies::default();
        let reference = policy.definition().policy.clone();
        policies.add(policy);
        let state = SlaState::new(start, Revision(1), priority, &reference, &policies).unwrap();
        Self { state, policies, now: start, priority }
    }

    fn step(&mut self, after: i64, step: Step) {
        self.now = self.now + Millis(after);
        let kind = match step {
            Step::Priority(priority) => {
                self.priority = priority;
                FactKind::Priority(priority)
            }
            Step::State(state) => FactKind::State(state),
            Step::Answered => FactKind::Answered,
        };
        let revision = Revision(self.state.facts.len() as u64 + 1);
        self.state = self.state.with(Fact { at: self.now, revision, kind }, &self.policies).unwrap();
    }
}

proptest! {
    #[test]
    fn a_raise_never_makes_a_due_time_later((priority, start, steps) in story(), policy in policy(), wait in 0_i64..(2 * 86_400_000)) {
        let mut told = Told::new(policy, priority, start);
        for (after, step) in steps {
            told.step(after, step);
        }
        // What falls due before the raise is a breach, whose due time is frozen.
        for to in Priority::ALL.into_iter().filter(|p| *p > told.priority) {
            let raised = told.state.what_if(to, told.now + Millis(wait), &told.policies).unwrap();
            for kind in [ClockKind::FirstResponse, ClockKind::Resolution] {
                let (before, after) = (told.state.clock(kind), raised.clock(kind));
                match (before.due, after.due) {
                    (Some(before), Some(after)) => prop_assert!(after <= before, "{before} became {after}"),
                    (Some(_), None) => prop_assert!(false, "a raise took the due time away"),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn a_breach_is_never_erased_and_its_due_time_never_moves((priority, start, steps) in story(), policy in policy()) {
        let mut told = Told::new(policy, priority, start);
        let mut breaches = [None, None];
        for (after, step) in steps {
            told.step(after, step);
            for (seen, kind) in breaches.iter_mut().zip([ClockKind::FirstResponse, ClockKind::Resolution]) {
                let now = told.state.clock(kind).breach;
                if seen.is_some() {
                    prop_assert_eq!(*seen, now);
                }
                *seen = now;
            }
        }
    }

    #[test]
    fn bouncing_between_priorities_buys_no_time(
        (priority, start, steps) in story(), policy in policy(), bounces in prop::collection::vec(prop::sample::select(Priority::ALL.to_vec()), 1..8),
    ) {
        let mut told = Told::new(policy, priority, start);
        for (after, step) in steps {
            told.step(after, step);
        }
        let before = told.state.clone();
        let home = told.priority;
        // All at one instant: not a millisecond passes.
        for to in bounces.into_iter().chain([home]) {
            told.step(0, Step::Priority(to));
        }
        for kind in [ClockKind::FirstResponse, ClockKind::Resolution] {
            match (before.clock(kind).due, told.state.clock(kind).due) {
                (Some(before), Some(after)) => prop_assert!(after <= before, "{before} became {after}"),
                (Some(before), None) => prop_assert!(false, "due {before} went away"),
                _ => {}
            }
            if let (Some(before), Some(after)) = (before.clock(kind).remaining, told.state.clock(kind).remaining) {
                prop_assert!(after <= before);
            }
        }
    }

    #[test]
    fn the_stretches_of_an_explanation_are_disjoint_in_order_and_sum_to_the_elapsed_time(
        (priority, start, steps) in story(), policy in policy(), wait in 0_i64..(40 * 86_400_000),
    ) {
        let mut told = Told::new(policy, priority, start);
        for (after, step) in steps {
            told.step(after, step);
        }
        let now = told.now + Millis(wait);
        for kind in [ClockKind::FirstResponse, ClockKind::Resolution] {
            let told = told.state.explain(kind, now, &told.policies).unwrap();
            let mut reached = told.clock.start;
            let mut open = Millis::ZERO;
            for stretch in &told.stretches {
                prop_assert_eq!(stretch.from, reached);
                prop_assert!(stretch.from < stretch.to);
                reached = stretch.to;
                if stretch.reason == StretchReason::Open {
                    open += stretch.to.since(stretch.from);
                }
            }
            prop_assert_eq!(open, told.elapsed);
            prop_assert!(told.elapsed >= Millis::ZERO);
        }
    }

    #[test]
    fn timers_tell_what_reckoning_finds((priority, start, steps) in story(), policy in policy(), wait in 0_i64..(90 * 86_400_000)) {
        let mut told = Told::new(policy, priority, start);
        for (after, step) in steps {
            told.step(after, step);
        }
        let now = told.now + Millis(wait);
        let mut state = told.state.clone();
        for signal in told.state.pending(now, &told.policies).unwrap() {
            prop_assert!(signal.at <= now);
            let Some(kind) = signal.fact() else { continue };
            state = state.with(Fact { at: now, revision: Revision(99), kind }, &told.policies).unwrap();
        }
        for kind in state.unrecorded(now, None, &told.policies).unwrap() {
            state = state.with(Fact { at: now, revision: Revision(99), kind }, &told.policies).unwrap();
        }
        prop_assert_eq!(state.pending(now, &told.policies).unwrap(), vec![]);
        // The same without timers: the next event finds the same breaches.
        let later = told.state.with(Fact { at: now + Millis(1), revision: Revision(99), kind: FactKind::Assigned(true) }, &told.policies).unwrap();
        for kind in [ClockKind::FirstResponse, ClockKind::Resolution] {
            prop_assert_eq!(state.clock(kind).breach, later.clock(kind).breach);
        }
    }
}
