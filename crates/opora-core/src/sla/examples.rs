//! The worked examples of docs/domain.md §7 by number. Examples 9, 10, 12, 13 and 19 are about calendars alone and
//! stand with them.

use super::*;
use crate::calendar::{CalendarDefinition, parse_date};
use crate::model::{Priority, Revision, TicketState};
use crate::time::{Millis, Timestamp};
use Priority::{Critical, High, Low, Medium};

pub(super) fn at(text: &str) -> Timestamp {
    let text = if text.contains('T') { text.to_owned() } else { format!("2026-{}Z", text.replace(' ', "T")) };
    let text = if text.ends_with('Z') && text.matches(':').count() == 1 { text.replace('Z', ":00Z") } else { text };
    Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// A ticket's story, told by facts.
pub(super) struct Story {
    pub(super) state: SlaState,
    pub(super) policies: Policies,
}

impl Story {
    pub(super) fn on(policy: Policy, priority: Priority, created: &str) -> Self {
        let reference = policy.definition().policy.clone();
        let mut policies = Policies::builtin();
        policies.add(policy);
        let state = SlaState::new(at(created), Revision(1), priority, &reference, &policies).unwrap();
        Self { state, policies }
    }

    pub(super) fn new(priority: Priority, created: &str) -> Self {
        Self::on(Policy::builtin(), priority, created)
    }

    pub(super) fn then(mut self, time: &str, kind: FactKind) -> Self {
        let revision = Revision(self.state.facts.len() as u64 + 1);
        self.state = self.state.with(Fact { at: at(time), revision, kind }, &self.policies).unwrap();
        self
    }

    pub(super) fn priority(self, time: &str, priority: Priority) -> Self {
        self.then(time, FactKind::Priority(priority))
    }

    pub(super) fn state(self, time: &str, state: TicketState) -> Self {
        self.then(time, FactKind::State(state))
    }

    pub(super) fn answered(self, time: &str) -> Self {
        self.then(time, FactKind::Answered)
    }

    #[track_caller]
    pub(super) fn due(self, first_response: &str, resolution: &str) -> Self {
        for (clock, text) in [(&self.state.first_response, first_response), (&self.state.resolution, resolution)] {
            if text != "-" {
                assert_eq!(clock.due.map(|t| t.to_string()), Some(at(text).to_string()));
            }
        }
        self
    }

    fn breaches(&self, now: &str) -> Vec<(ClockKind, Timestamp)> {
        let signals = self.state.pending(at(now), &self.policies).unwrap();
        let breach = |s: &Signal| match s.kind {
            SignalKind::Breach { clock } => Some((clock, s.at)),
            _ => None,
        };
        signals.iter().filter_map(breach).collect()
    }
}

/// `W`: Monday to Friday, 10:00-18:00 in Moscow, with these holidays.
fn w(holidays: &[&str]) -> Policy {
    let mut calendar = CalendarDefinition::working_days("w", "Europe/Moscow", &["10:00-18:00".parse().unwrap()]);
    calendar.holidays = holidays.iter().map(|d| parse_date(d).unwrap()).collect();
    let mut definition = Policy::builtin().definition().clone();
    definition.policy.version = 2;
    for cell in &mut definition.cells {
        cell.first_response_calendar = "w".into();
        cell.resolution_calendar = "w".into();
    }
    definition.calendars.push(calendar);
    Policy::new(definition).unwrap()
}

#[test]
fn example_01_a_high_ticket() {
    Story::new(High, "03-02 09:00").due("03-02 09:45", "03-03 09:00");
}

#[test]
fn example_02_a_raise_counts_from_the_change() {
    Story::new(Low, "03-02 09:00").priority("03-02 12:00", High).due("03-02 12:45", "03-03 12:00");
}

#[test]
fn example_03_a_breach_before_the_raise_stays() {
    let story = Story::new(Low, "03-02 09:00");
    assert_eq!(story.breaches("03-05 08:59"), [(ClockKind::FirstResponse, at("03-03 09:00"))]);
    let story = story.priority("03-05 09:00", High).due("03-03 09:00", "03-06 09:00");
    let breach = story.state.first_response.breach.unwrap();
    assert_eq!((breach.at, breach.cause), (at("03-03 09:00"), BreachCause::Delay));
    assert_eq!(story.state.resolution.breach, None);
}

#[test]
fn example_04_lowering_critical_ends_the_continuous_clock() {
    let story = Story::new(Critical, "03-02 09:00").answered("03-02 09:10");
    assert_eq!(story.state.resolution.state, ClockState::Continuous);
    let story = story.priority("03-02 11:00", High).due("-", "03-03 11:00");
    assert_eq!(
        (story.state.first_response.state, story.state.first_response.met),
        (ClockState::Met, Some(at("03-02 09:10")))
    );
}

#[test]
fn example_05_lowering_does_not_erase_a_breach() {
    let story = Story::new(High, "03-02 09:00").priority("03-02 10:00", Low).due("03-02 09:45", "03-16 09:00");
    assert_eq!(story.state.first_response.breach.unwrap().at, at("03-02 09:45"));
}

#[test]
fn example_06_waiting_for_the_customer_pauses_the_resolution() {
    let story =
        Story::new(High, "03-02 09:00").answered("03-02 09:20").state("03-02 10:00", TicketState::WaitingForCustomer);
    assert_eq!((story.state.resolution.due, story.state.resolution.remaining), (None, Some(Millis::hours(23))));
    story.state("03-02 16:00", TicketState::InProgress).due("-", "03-03 15:00");
}

#[test]
fn example_07_days_are_what_the_calendar_states() {
    Story::on(w(&["2026-03-09"]), Medium, "03-06 13:00").due("03-10 13:00", "03-18 13:00");
}

#[test]
fn example_08_created_while_closed() {
    Story::on(w(&["2026-03-09"]), High, "03-07 06:00").due("03-10 07:45", "-");
}

#[test]
fn example_11_pauses_are_real_time() {
    let mut definition = Policy::builtin().definition().clone();
    definition.policy.version = 3;
    definition.cells[2].resolution = Target::Open(Length::Minutes(120));
    Story::on(Policy::new(definition).unwrap(), High, "2025-10-25T23:30:00Z")
        .state("2025-10-26T00:30:00Z", TicketState::WaitingForCustomer)
        .state("2025-10-26T01:30:00Z", TicketState::InProgress)
        .due("-", "2025-10-26T02:30:00Z");
}

#[test]
fn example_14_the_lower_one_that_stands_is_enough() {
    Story::new(Low, "03-02 09:00")
        .priority("03-10 09:00", High)
        .due("-", "03-11 09:00")
        .priority("03-10 12:00", Medium)
        .due("-", "03-16 09:00");
}

#[test]
fn example_15_lowered_twice() {
    Story::new(Critical, "03-02 09:00")
        .priority("03-22 09:00", High)
        .due("-", "03-23 09:00")
        .priority("03-22 10:00", Low)
        .due("-", "04-05 09:00");
}

#[test]
fn example_16_bouncing_buys_nothing() {
    Story::new(High, "03-02 09:00").priority("03-03 08:00", Low).priority("03-03 08:01", High).due("-", "03-03 09:01");
}

#[test]
fn example_17_an_older_obligation_stands_under_a_continuous_one() {
    let story = Story::new(Medium, "03-02 09:00").due("-", "03-09 09:00").priority("03-09 08:00", Critical);
    assert_eq!(story.state.resolution.state, ClockState::Continuous);
    story.due("-", "03-09 09:00").priority("03-09 08:01", Medium).due("-", "03-09 09:00");
}

#[test]
fn example_18_resolving_pauses_an_unmet_first_response() {
    let story = Story::new(High, "03-02 09:00").state("03-02 09:10", TicketState::Resolved);
    assert_eq!(story.state.first_response.remaining, Some(Millis::minutes(35)));
    story.state("03-02 10:00", TicketState::InProgress).due("03-02 10:35", "-");
}

#[test]
fn met_at_the_due_instant_is_in_time_and_anything_else_then_comes_after_the_breach() {
    let met = Story::new(High, "03-02 09:00").answered("03-02 09:45");
    assert_eq!(met.state.first_response.breach, None);
    let other = Story::new(High, "03-02 09:00").state("03-02 09:45", TicketState::InProgress);
    assert_eq!(other.state.first_response.breach.unwrap().at, at("03-02 09:45"));
    let resolved = Story::new(High, "03-02 09:00").answered("03-02 09:01").state("03-03 09:00", TicketState::Resolved);
    assert_eq!(resolved.state.resolution.breach, None);
    // Reopened, it has nothing left: the breach is at the reopening, the due time where it was.
    let reopened = resolved.state("03-04 12:00", TicketState::InProgress).due("-", "03-03 09:00");
    let breach = Breach { at: at("03-04 12:00"), cause: BreachCause::Delay };
    assert_eq!(reopened.state.resolution.breach, Some(breach));
}

#[test]
fn reopening_does_not_count_the_time_that_it_was_resolved() {
    Story::new(High, "03-02 09:00")
        .answered("03-02 09:10")
        .state("03-02 12:00", TicketState::Resolved)
        .state("03-04 12:00", TicketState::InProgress)
        .due("-", "03-05 09:00");
}

#[test]
fn a_merged_ticket_is_held_and_a_closed_one_stopped() {
    let merged = Story::new(High, "03-02 09:00").state("03-02 09:15", TicketState::Merged);
    assert_eq!(merged.state.first_response.remaining, Some(Millis::minutes(30)));
    assert_eq!(merged.breaches("04-01 00:00"), []);
    merged.state("03-05 09:00", TicketState::InProgress).due("03-05 09:30", "03-06 08:45");
    let closed = Story::new(High, "03-02 09:00")
        .state("03-02 09:15", TicketState::Resolved)
        .state("03-02 10:00", TicketState::Closed);
    assert_eq!(closed.state.first_response.state, ClockState::Stopped);
    assert_eq!(closed.state.resolution.state, ClockState::Met);
    assert_eq!(closed.breaches("04-01 00:00"), []);
}

#[test]
fn warnings_come_at_50_and_80_percent_once_each() {
    let mut story = Story::new(High, "03-02 09:00");
    let signals = story.state.pending(at("03-02 09:40"), &story.policies).unwrap();
    let times: Vec<_> = signals.iter().map(|s| s.at).collect();
    assert_eq!(times, [at("2026-03-02T09:22:30Z"), at("2026-03-02T09:36:00Z")]);
    for signal in signals {
        story = story.then("03-02 09:40", signal.fact().unwrap());
    }
    assert_eq!(story.state.pending(at("03-02 09:44"), &story.policies).unwrap(), []);
    assert_eq!(story.breaches("03-02 09:45"), [(ClockKind::FirstResponse, at("03-02 09:45"))]);
}

#[test]
fn a_critical_ticket_that_nobody_looks_after_is_neglected_once() {
    let story = Story::new(Critical, "03-02 09:00").answered("03-02 09:05").then("03-02 09:05", FactKind::AgentWrote);
    let neglect = |story: &Story, now: &str| {
        let signals = story.state.pending(at(now), &story.policies).unwrap();
        signals.iter().filter(|s| matches!(s.kind, SignalKind::Neglect { .. })).map(|s| s.at).collect::<Vec<_>>()
    };
    assert_eq!(neglect(&story, "03-02 09:29"), []);
    // Nobody is assigned.
    assert_eq!(neglect(&story, "03-02 09:30"), [at("03-02 09:30")]);
    let story = story.then("03-02 09:20", FactKind::Assigned(true));
    assert_eq!(neglect(&story, "03-02 09:34"), []);
    assert_eq!(neglect(&story, "03-02 09:35"), [at("03-02 09:35")]);
    let story = story.then("03-02 09:35", FactKind::Neglected);
    assert_eq!(neglect(&story, "03-02 23:00"), []);
    let story = story.then("03-02 10:00", FactKind::AgentWrote);
    assert_eq!(neglect(&story, "03-02 23:00"), [at("03-02 10:30")]);
}

#[test]
fn another_policy_keeps_starts_and_pauses_and_says_when_it_breaches() {
    let mut definition = Policy::builtin().definition().clone();
    definition.policy.version = 2;
    definition.cells[2].first_response = Target::Open(Length::Minutes(10));
    let stricter = Policy::new(definition).unwrap();
    let reference = stricter.definition().policy.clone();
    let mut story = Story::new(High, "03-02 09:00");
    story.policies.add(stricter);
    let story = story.then("03-02 09:20", FactKind::PolicyApplied(reference));
    let breach = story.state.first_response.breach.unwrap();
    assert_eq!((breach.at, breach.cause), (at("03-02 09:20"), BreachCause::Policy));
    assert_eq!(story.state.first_response.start, at("03-02 09:00"));
}
