//! Sentences of docs/domain.md §7, each with a small story in which it decides.

use super::examples::{Story, at};
use super::*;
use crate::model::{Priority, Revision, TicketState};
use crate::time::{Millis, Timestamp};
use Priority::{Critical, High, Low, Medium};
use TicketState::{Closed, InProgress, Merged, Resolved, WaitingForCustomer};

fn shows(clock: &Clock) -> (Timestamp, Option<Millis>, Option<Timestamp>) {
    (clock.start, clock.target, clock.due)
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what a clock shows")]
fn breach(text: &str, cause: BreachCause) -> Option<Breach> {
    Some(Breach { at: at(text), cause })
}

/// The built-in table with another version, changed as told.
fn policy(version: u32, change: impl FnOnce(&mut PolicyDefinition)) -> Policy {
    let mut definition = Policy::builtin().definition().clone();
    definition.policy.version = version;
    change(&mut definition);
    Policy::new(definition).unwrap()
}

fn from_creation() -> Policy {
    policy(2, |definition| definition.raise_from = RaiseFrom::Creation)
}

impl Story {
    fn knows(mut self, policy: Policy) -> Self {
        self.policies.add(policy);
        self
    }

    fn applies(self, time: &str, version: u32) -> Self {
        let policy = PolicyRef { version, ..PolicyRef::builtin() };
        self.then(time, FactKind::PolicyApplied(policy))
    }

    /// Takes back what the story told `back` steps ago, having recorded what stood until then.
    fn undone(mut self, time: &str, back: usize) -> Self {
        let now = at(time);
        let undone = self.state.facts[self.state.facts.len() - back].clone();
        for kind in self.state.unrecorded(now, None, &self.policies).unwrap() {
            self = self.then(time, kind);
        }
        self.state = self.state.without(|fact| *fact == undone, now, Revision(99), &self.policies).unwrap();
        self
    }

    fn writes(self, time: &str) -> Self {
        self.then(time, FactKind::AgentWrote)
    }
}

#[test]
fn a_clock_shows_start_and_target_of_the_obligation_that_is_due_also_beside_a_continuous_one() {
    let story = Story::new(Medium, "03-02 09:00").priority("03-03 09:00", Critical);
    assert_eq!(story.state.resolution.state, ClockState::Continuous);
    let week = Some(Millis::hours(7 * 24));
    assert_eq!(shows(&story.state.resolution), (at("03-02 09:00"), week, Some(at("03-09 09:00"))));
    assert_eq!(story.state.continuous_since, Some(at("03-03 09:00")));
    let paused = story.state("03-03 10:00", WaitingForCustomer);
    let clock = paused.state.resolution;
    assert_eq!((clock.state, clock.due, clock.remaining), (ClockState::Paused, None, Some(Millis::hours(143))));
    assert_eq!((clock.start, clock.target), (at("03-02 09:00"), week));
    assert_eq!(paused.state.continuous_since, None, "a paused one leaves the top");
}

#[test]
fn due_exactly_when_a_pause_begins_means_then_and_not_at_its_end() {
    let resolved = Story::new(High, "03-02 09:00").answered("03-02 09:10").state("03-03 09:00", Resolved);
    assert_eq!(resolved.state.resolution.breach, None);
    let reopened = resolved.state("03-03 12:00", InProgress).due("-", "03-03 09:00");
    assert_eq!(reopened.state.resolution.breach, breach("03-03 12:00", BreachCause::Delay));
}

#[test]
fn what_is_due_before_a_pause_is_not_moved_by_it() {
    let story = Story::on(from_creation(), Low, "03-02 09:00")
        .state("03-04 09:00", WaitingForCustomer)
        .state("03-05 09:00", InProgress)
        .priority("03-06 09:00", High)
        .due("-", "03-03 09:00");
    assert_eq!(story.state.resolution.breach, breach("03-06 09:00", BreachCause::Reclassification));
}

#[test]
fn a_priority_that_overtakes_a_paused_clock_breaches_it_when_it_runs_on() {
    let story = Story::on(from_creation(), Low, "03-02 09:00")
        .answered("03-02 09:10")
        .state("03-04 09:00", WaitingForCustomer)
        .priority("03-05 09:00", High);
    assert_eq!(story.state.resolution.breach, None, "a paused clock can't breach");
    assert_eq!(story.state.resolution.remaining, Some(Millis::ZERO));
    let story = story.state("03-06 09:00", InProgress).due("-", "03-03 09:00");
    assert_eq!(story.state.resolution.breach, breach("03-06 09:00", BreachCause::Reclassification));
}

#[test]
fn a_priority_that_overtakes_a_paused_clock_and_is_taken_back_before_it_runs_on_breaches_nothing() {
    let story = Story::on(from_creation(), Low, "03-02 09:00")
        .answered("03-02 09:10")
        .state("03-04 09:00", WaitingForCustomer)
        .priority("03-05 09:00", High)
        .priority("03-05 10:00", Low)
        .state("03-06 09:00", InProgress)
        .due("-", "03-18 09:00");
    assert_eq!(story.state.resolution.breach, None);
}

#[test]
fn a_policy_that_overtakes_a_resolved_ticket_breaches_it_when_it_is_reopened() {
    let hour = policy(2, |d| d.cells[2].resolution = Target::Open(Length::Hours(1)));
    let story = Story::new(High, "03-02 09:00")
        .knows(hour)
        .answered("03-02 09:10")
        .state("03-02 12:00", Resolved)
        .applies("03-02 13:00", 2);
    assert_eq!(shows(&story.state.resolution), (at("03-02 09:00"), Some(Millis::hours(24)), Some(at("03-03 09:00"))));
    let story = story.state("03-02 14:00", InProgress).due("-", "03-02 10:00");
    assert_eq!(story.state.resolution.breach, breach("03-02 14:00", BreachCause::Policy));
    assert_eq!(story.state.resolution.target, Some(Millis::hours(1)));
}

#[test]
fn a_priority_that_puts_the_due_time_at_its_own_instant_breaches_at_once() {
    let story = Story::on(from_creation(), Low, "03-02 09:00").priority("03-02 09:45", High).due("03-02 09:45", "-");
    assert_eq!(story.state.first_response.breach, breach("03-02 09:45", BreachCause::Reclassification));
}

#[test]
fn a_policy_that_puts_the_due_time_at_its_own_instant_breaches_at_once() {
    let strict = policy(2, |d| d.cells[2].first_response = Target::Open(Length::Minutes(10)));
    let story = Story::new(High, "03-02 09:00").knows(strict).applies("03-02 09:10", 2);
    assert_eq!(story.state.first_response.breach, breach("03-02 09:10", BreachCause::Policy));
}

#[test]
fn what_fell_due_before_an_undo_stays_breached_and_shows_what_was_undone() {
    let story = Story::new(Low, "03-02 09:00").priority("03-02 12:00", High).undone("03-02 13:10", 1);
    let clock = story.state.first_response;
    assert_eq!(clock.breach, breach("03-02 12:45", BreachCause::Delay));
    assert_eq!(shows(&clock), (at("03-02 12:00"), Some(Millis::minutes(45)), Some(at("03-02 12:45"))));
    assert_eq!(story.state.resolution, Story::new(Low, "03-02 09:00").state.resolution);
}

#[test]
fn what_falls_due_at_the_instant_of_an_undo_is_breached() {
    let story = Story::new(Low, "03-02 09:00").priority("03-02 12:00", High).undone("03-02 12:45", 1);
    assert_eq!(story.state.first_response.breach, breach("03-02 12:45", BreachCause::Delay));
}

#[test]
fn what_an_undo_puts_into_the_past_is_breached_by_it_and_not_before() {
    let story = Story::new(High, "03-02 09:00").state("03-02 09:10", Resolved).undone("03-02 10:10", 1);
    let clock = story.state.first_response;
    assert_eq!(clock.breach, breach("03-02 10:10", BreachCause::Reclassification));
    assert_eq!((clock.state, clock.due), (ClockState::Running, Some(at("03-02 09:45"))));
    assert_eq!(story.state.resolution.state, ClockState::Running);
    story.due("03-02 09:45", "03-03 09:00");
}

#[test]
fn what_an_undo_puts_into_the_past_of_a_paused_clock_is_breached_when_it_runs_on() {
    let story = Story::new(High, "03-02 09:00").answered("03-02 09:10").priority("03-02 10:00", Low);
    let story = story.state("03-05 09:00", WaitingForCustomer).undone("03-06 09:00", 2);
    assert_eq!((story.state.resolution.breach, story.state.resolution.remaining), (None, Some(Millis::ZERO)));
    let story = story.state("03-07 09:00", InProgress).due("-", "03-03 09:00");
    assert_eq!(story.state.resolution.breach, breach("03-07 09:00", BreachCause::Reclassification));
}

#[test]
fn an_undone_change_counts_as_never_made() {
    let story = Story::new(Low, "03-02 09:00").priority("03-02 10:00", High).undone("03-02 10:10", 1);
    let plain = Story::new(Low, "03-02 09:00");
    assert_eq!(story.state.resolution, plain.state.resolution);
    assert_eq!(story.state.first_response, plain.state.first_response);
    let waited = Story::new(High, "03-02 09:00").answered("03-02 09:10").state("03-02 10:00", WaitingForCustomer);
    waited.undone("03-02 16:00", 1).due("-", "03-03 09:00");
}

#[test]
fn a_met_clock_keeps_all_that_it_showed_under_a_policy_applied_later() {
    let other = policy(2, |d| {
        d.cells[2].first_response = Target::Open(Length::Minutes(10));
        d.cells[2].resolution = Target::Open(Length::Hours(5));
    });
    let story = Story::new(High, "03-02 09:00").knows(other).answered("03-02 09:20").state("03-02 12:00", Resolved);
    let before = story.state.clone();
    let story = story.applies("03-02 13:00", 2);
    assert_eq!((story.state.first_response, story.state.resolution), (before.first_response, before.resolution));
    let met = story.state.explain(ClockKind::Resolution, at("03-02 20:00"), &story.policies).unwrap();
    assert_eq!(met.elapsed, Millis::hours(3));
    let story = story.state("03-02 13:30", InProgress).due("03-02 09:45", "03-02 15:30");
    assert_eq!(story.state.resolution.target, Some(Millis::hours(5)), "reopened, it takes the new target");
}

#[test]
fn a_met_clock_keeps_all_that_it_showed_when_the_priority_changes_while_resolved() {
    let story = Story::new(High, "03-02 09:00").answered("03-02 09:20").state("03-02 12:00", Resolved);
    let before = story.state.clone();
    let story = story.priority("03-02 13:00", Low);
    assert_eq!((story.state.first_response, story.state.resolution), (before.first_response, before.resolution));
    story.state("03-02 14:00", InProgress).due("-", "03-16 11:00");
}

#[test]
fn met_or_stopped_from_a_pause_the_due_time_is_what_running_on_would_give() {
    let story = Story::new(High, "03-02 09:00").answered("03-02 09:10").state("03-02 10:00", WaitingForCustomer);
    story.state("03-02 16:00", Resolved).due("-", "03-03 15:00");
    let story = Story::new(High, "03-02 09:00").state("03-02 09:10", Resolved);
    let met = story.answered("03-02 11:00").due("03-02 11:35", "-");
    assert_eq!(met.state.first_response.state, ClockState::Met);
    let story = Story::new(High, "03-02 09:00").state("03-02 09:10", Resolved).state("03-09 09:10", Closed);
    assert_eq!(story.state.first_response.state, ClockState::Stopped);
    story.due("03-09 09:45", "03-03 09:00");
}

#[test]
fn a_breached_clock_is_frozen_whatever_priority_pause_or_policy_comes() {
    let other = policy(2, |d| {
        for cell in &mut d.cells {
            cell.first_response = Target::Open(Length::Hours(90));
        }
    });
    let story = Story::new(High, "03-02 09:00").knows(other).priority("03-02 10:00", Low);
    let frozen = (at("03-02 09:00"), Some(Millis::minutes(45)), Some(at("03-02 09:45")));
    assert_eq!(shows(&story.state.first_response), frozen);
    let story = story.applies("03-02 11:00", 2).priority("03-02 12:00", Critical).state("03-02 13:00", Merged);
    let clock = story.state.first_response;
    assert_eq!(shows(&clock), frozen);
    assert_eq!((clock.state, clock.remaining), (ClockState::Paused, Some(Millis::ZERO)));
    let story = story.state("03-02 14:00", InProgress).answered("03-02 15:00");
    let clock = story.state.first_response;
    assert_eq!((shows(&clock), clock.state, clock.met), (frozen, ClockState::Met, Some(at("03-02 15:00"))));
    assert_eq!(clock.breach, breach("03-02 09:45", BreachCause::Delay));
}

#[test]
fn a_breached_resolution_paused_keeps_its_due_time_with_nothing_left() {
    let story = Story::new(High, "03-02 09:00").answered("03-02 09:10").priority("03-03 10:00", Low);
    let clock = story.state("03-03 11:00", WaitingForCustomer).state.resolution;
    assert_eq!(shows(&clock), (at("03-02 09:00"), Some(Millis::hours(24)), Some(at("03-03 09:00"))));
    assert_eq!((clock.state, clock.remaining), (ClockState::Paused, Some(Millis::ZERO)));
}

/// HIGH counts all day, LOW only while the office is open.
fn two_calendars() -> Policy {
    let office = crate::calendar::CalendarDefinition::working_days("office", "UTC", &["10:00-18:00".parse().unwrap()]);
    policy(2, |d| {
        d.calendars.push(office);
        d.cells[0].resolution_calendar = "office".into();
        d.cells[0].resolution = Target::Open(Length::Hours(20));
        d.cells[2].resolution = Target::Open(Length::Hours(30));
    })
}

#[test]
fn a_paused_clock_shows_the_least_left_and_no_comment_moves_it() {
    // LOW has used 6 h of 20 h, HIGH 2 h of 30 h, though HIGH would be due first on its calendar.
    let story = Story::on(two_calendars(), Low, "03-02 10:00")
        .answered("03-02 10:10")
        .priority("03-02 14:00", High)
        .due("-", "03-03 20:00")
        .state("03-02 16:00", WaitingForCustomer);
    let clock = story.state.resolution;
    assert_eq!((clock.start, clock.target), (at("03-02 10:00"), Some(Millis::hours(20))));
    assert_eq!(clock.remaining, Some(Millis::hours(14)));
    let mut story = story;
    for time in ["03-02 17:00", "03-03 09:00", "03-07 12:00", "03-20 12:00"] {
        story = story.writes(time);
        assert_eq!(story.state.resolution, clock, "{time}");
    }
}

#[test]
fn overlapping_pauses_are_united_in_the_age_of_a_continuous_clock() {
    let story = Story::new(Critical, "03-02 09:00")
        .state("03-02 10:00", WaitingForCustomer)
        .priority("03-02 10:10", Medium)
        .priority("03-02 10:40", Critical)
        .state("03-02 11:00", InProgress);
    assert_eq!(story.state.continuous_since, Some(at("03-02 10:00")), "an hour was lost, once");
    let now = at("03-02 11:00");
    assert!(story.state.continuous_since.unwrap() <= now);
}

#[test]
fn pauses_before_a_raise_do_not_make_a_continuous_clock_younger() {
    let story = Story::new(Low, "03-02 09:00")
        .state("03-02 10:00", WaitingForCustomer)
        .priority("03-02 11:00", Critical)
        .state("03-02 12:00", InProgress);
    assert_eq!(story.state.continuous_since, Some(at("03-02 12:00")));
}

fn neglect(story: &Story, now: &str) -> Vec<Timestamp> {
    let signals = story.state.pending(at(now), &story.policies).unwrap();
    signals.iter().filter(|s| matches!(s.kind, SignalKind::Neglect { .. })).map(|s| s.at).collect()
}

#[test]
fn neglect_counts_since_it_became_continuous_or_ran_on() {
    let raised = Story::on(from_creation(), Low, "03-02 09:00").priority("03-02 12:00", Critical);
    assert_eq!(neglect(&raised, "03-02 20:00"), [at("03-02 12:30")], "not from creation");
    let again = Story::new(Critical, "03-02 09:00").priority("03-02 09:10", High).priority("03-02 12:00", Critical);
    assert_eq!(neglect(&again, "03-02 20:00"), [at("03-02 12:30")], "not while it was lower");
    let paused = Story::new(Critical, "03-02 09:00").state("03-02 09:10", WaitingForCustomer);
    assert_eq!(neglect(&paused, "03-02 20:00"), [], "never while paused");
    let ran_on = paused.state("03-02 12:00", InProgress);
    assert_eq!(neglect(&ran_on, "03-02 20:00"), [at("03-02 12:30")]);
}

#[test]
fn neglect_is_told_anew_when_it_runs_on() {
    let told = Story::new(Critical, "03-02 09:00").then("03-02 09:30", FactKind::Neglected);
    assert_eq!(neglect(&told, "03-02 20:00"), []);
    let story = told.state("03-02 10:00", WaitingForCustomer).state("03-02 11:00", InProgress);
    assert_eq!(neglect(&story, "03-02 20:00"), [at("03-02 11:30")]);
}

#[test]
fn a_warning_is_of_an_obligation_and_not_of_a_priority() {
    let warned = |story: &Story, now: &str| {
        let signals = story.state.pending(at(now), &story.policies).unwrap();
        signals.iter().filter(|s| matches!(s.kind, SignalKind::Warning { clock: ClockKind::FirstResponse, .. })).count()
    };
    let mut story = Story::new(Low, "03-02 09:00").priority("03-02 10:00", High);
    for signal in story.state.pending(at("03-02 10:40"), &story.policies).unwrap() {
        story = story.then("03-02 10:40", signal.fact().unwrap());
    }
    let undone = story.undone("03-02 10:41", 3);
    assert_eq!(undone.state.first_response.target, Some(Millis::hours(24)));
    let again = undone.priority("03-02 11:00", High);
    assert_eq!(warned(&again, "03-02 11:40"), 2, "another obligation has warnings of its own");
}

#[test]
fn a_warning_that_finds_its_clock_breached_is_not_made() {
    let story = Story::new(High, "03-02 09:00");
    let signals = story.state.pending(at("03-02 11:00"), &story.policies).unwrap();
    let kinds: Vec<SignalKind> = signals.iter().map(|s| s.kind).collect();
    assert_eq!(kinds, [SignalKind::Breach { clock: ClockKind::FirstResponse }]);
}

#[test]
fn of_equals_the_first_that_came_is_shown() {
    let equal = policy(2, |d| d.cells[2].resolution = Target::Open(Length::Days(14)));
    let story = Story::on(equal, Low, "03-02 09:00").priority("03-02 09:00", High).due("-", "03-16 09:00");
    let told = story.state.explain(ClockKind::Resolution, at("03-02 10:00"), &story.policies).unwrap();
    assert_eq!(told.obligations.iter().map(|o| o.shown).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn an_explanation_tells_set_aside_before_merged_before_resolved_before_paused() {
    let story = Story::new(High, "03-02 09:00")
        .answered("03-02 09:10")
        .state("03-02 10:00", WaitingForCustomer)
        .priority("03-02 11:00", Low)
        .priority("03-02 12:00", High)
        .state("03-02 13:00", Merged)
        .state("03-02 14:00", Resolved)
        .state("03-02 15:00", InProgress);
    let told = story.state.explain(ClockKind::Resolution, at("03-02 16:00"), &story.policies).unwrap();
    let reasons: Vec<_> = told.stretches.iter().map(|s| s.reason).collect();
    assert_eq!(format!("{reasons:?}"), "[Open, Paused, SetAside, Paused, Merged, Resolved, Open]");
    assert_eq!(told.elapsed, Millis::hours(2));
}

#[test]
fn what_was_met_before_it_began_has_no_stretches() {
    // The reopening is undone: resolved since 09:00, though LOW, which began later, was breached meanwhile.
    let story = Story::new(Critical, "03-02 09:00")
        .state("03-02 09:00", Resolved)
        .state("03-02 09:00", InProgress)
        .priority("03-02 10:00", Low)
        .undone("03-17 10:00", 2);
    assert_eq!(story.state.resolution.met, Some(at("03-02 09:00")));
    assert_eq!(story.state.resolution.breach, breach("03-16 10:00", BreachCause::Delay));
    let told = story.state.explain(ClockKind::Resolution, at("03-18 09:00"), &story.policies).unwrap();
    assert_eq!((told.elapsed, told.stretches), (Millis::ZERO, vec![]));
}

#[test]
fn an_answer_in_the_very_millisecond_of_a_breach_does_not_erase_it() {
    // The due instant came with an internal message; only the last of these is kept, but the breach is recorded.
    let mut story = Story::new(High, "03-02 09:00").writes("03-02 09:45");
    assert_eq!(story.state.first_response.breach, breach("03-02 09:45", BreachCause::Delay));
    for kind in story.state.unrecorded(at("03-02 09:45"), None, &story.policies).unwrap() {
        story = story.then("03-02 09:45", kind);
    }
    let story = story.answered("03-02 09:45").writes("03-02 09:45");
    assert_eq!(story.state.first_response.breach, breach("03-02 09:45", BreachCause::Delay));
    assert_eq!(story.state.first_response.met, Some(at("03-02 09:45")));
}
