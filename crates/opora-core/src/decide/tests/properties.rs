//! Whatever is asked for in whatever order: nothing panics, every event is consistent (see [`Desk`]), and an undo puts
//! its facet back.

use proptest::prelude::*;

use super::desk::{Desk, agent, new_ticket, says};
use crate::command::{Change, Facet, NewTicket, Reprioritise};
use crate::decide::next_tick;
use crate::event::Edit;
use crate::model::{
    Attachment, Category, Impact, LinkKind, LogKind, Platform, Priority, Revision, Ticket, TicketNumber, TicketState,
    Visibility,
};
use crate::sla::SlaState;
use crate::time::Millis;

fn change() -> impl Strategy<Value = Change> {
    let number = (1_u64..5).prop_map(TicketNumber);
    let kinds = prop::sample::select(vec![LinkKind::Related, LinkKind::ChildOfIncident, LinkKind::FollowsClosed]);
    let authors = prop::sample::select(vec![None, Some("anna@example.com"), Some("other@example.org")]);
    prop_oneof![
        4 => (prop::sample::select(vec![Visibility::Public, Visibility::Internal]), authors).prop_map(|(v, a)| says(v, a)),
        4 => prop::sample::select(TicketState::ALL.to_vec()).prop_map(|state| Change::Transition { state, reason: "".into() }),
        3 => prop::sample::select(Priority::ALL.to_vec()).prop_map(|p| Change::Reprioritise { to: Reprioritise::Priority(p), reason: "".into() }),
        2 => prop::sample::select(Impact::ALL.to_vec()).prop_map(|i| Change::Reprioritise { to: Reprioritise::Impact(i), reason: "".into() }),
        2 => prop::sample::select(vec![None, Some("olga"), Some("ivan")]).prop_map(|a| Change::Assign(a.map(agent))),
        1 => prop::option::of(0_u32..6).prop_map(|rung| Change::Escalate { rung, reason: "".into() }),
        1 => (0_u32..5).prop_map(|rung| Change::Deescalate { rung, reason: "".into() }),
        1 => number.clone().prop_map(|target| Change::Merge { target, reason: "".into() }),
        1 => Just(Change::Unmerge { reason: "".into() }),
        1 => (number.clone(), kinds).prop_map(|(target, kind)| Change::Link { target, kind }),
        1 => number.prop_map(|target| Change::Unlink { target }),
        2 => Just(Change::Tick),
        1 => edit().prop_map(|edit| Change::Update(Box::new(edit))),
        1 => prop::sample::select(vec![LogKind::BpClient, LogKind::AgentDesktop, LogKind::Other]).prop_map(|kind| Change::Attach(file(kind))),
        1 => (1_u64..30, facet()).prop_map(|(revision, facet)| Change::Undo { revision: Revision(revision), facet }),
    ]
}

fn facet() -> impl Strategy<Value = Facet> {
    prop::sample::select(vec![Facet::Assignee, Facet::Priority, Facet::State, Facet::Links, Facet::Tags])
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        prop::collection::vec(prop::sample::select(vec!["vip", "call"]), 0..3)
            .prop_map(|tags| Edit { tags: Some(tags.into_iter().map(Into::into).collect()), ..Edit::default() }),
        prop::option::of(prop::sample::select(Category::ALL.to_vec()))
            .prop_map(|category| Edit { category: Some(category), ..Edit::default() }),
        prop::option::of(prop::sample::select(Platform::ALL.to_vec()))
            .prop_map(|platform| Edit { platform: Some(platform), ..Edit::default() }),
    ]
}

pub(super) fn file(log_kind: LogKind) -> Attachment {
    Attachment {
        file_name: "x.log".into(),
        content_type: "".into(),
        size: 1,
        hash: [0; 32],
        log_kind,
        platform: None,
        log_start_time: None,
        modify_time: None,
        from: None,
    }
}

/// Plays a story on three tickets; what is refused is refused.
fn play(steps: Vec<(u64, i64, Change)>) -> Desk {
    let mut desk = Desk::new();
    for impact in [None, Some(Impact::ServiceDown), Some(Impact::OneWorkstation)] {
        desk.create(&NewTicket { impact, ..new_ticket() }).unwrap();
    }
    for (number, after, change) in steps {
        // Clocks may be set back.
        desk.pass(Millis(after));
        let _ = desk.change(TicketNumber(number), &change);
        let numbers: Vec<TicketNumber> = desk.tickets.keys().copied().collect();
        for number in numbers {
            next_tick(desk.ticket(number), &desk.rules).unwrap();
        }
    }
    desk
}

fn story() -> impl Strategy<Value = Vec<(u64, i64, Change)>> {
    prop::collection::vec((1_u64..5, -600_000_i64..(2 * 86_400_000), change()), 0..30)
}

/// The part of a ticket that a facet names.
fn part(ticket: &Ticket, facet: Facet) -> String {
    match facet {
        Facet::Assignee => format!("{:?}", ticket.assignee),
        Facet::Priority => format!("{:?}", (ticket.priority, ticket.impact, ticket.unassessed)),
        Facet::State => format!("{:?}", (ticket.state, ticket.resolve_time)),
        Facet::Links => format!("{:?}", (&ticket.links, ticket.incident)),
        Facet::Tags => format!("{:?}", ticket.tags),
    }
}

proptest! {
    #[test]
    fn no_story_makes_it_panic_and_every_event_is_consistent(steps in story()) {
        play(steps);
    }

    #[test]
    fn an_undo_puts_its_facet_back(steps in story(), number in 1_u64..4, last in change(), wait in 0_i64..86_400_000, facet in facet()) {
        let mut desk = play(steps);
        let number = TicketNumber(number);
        let before = desk.ticket(number).clone();
        let Ok(events) = desk.change(number, &last) else { return Ok(()) };
        let revision = events[0].ticket.revision;
        desk.pass(Millis(wait));
        if desk.change(number, &Change::Undo { revision, facet }).is_ok() {
            prop_assert_eq!(part(desk.ticket(number), facet), part(&before, facet));
        }
    }

    #[test]
    fn what_is_due_next_is_told_when_timers_look(steps in story()) {
        let mut desk = play(steps);
        let numbers: Vec<TicketNumber> = desk.tickets.keys().copied().collect();
        for number in numbers {
            for _ in 0..50 {
                let Some(at) = next_tick(desk.ticket(number), &desk.rules).unwrap() else { break };
                desk.now = desk.now.max(at);
                let told = desk.change(number, &Change::Tick);
                prop_assert!(told.is_ok(), "due at {at}, now {}, but nothing was told", desk.now);
            }
            prop_assert_eq!(next_tick(desk.ticket(number), &desk.rules).unwrap(), None);
        }
    }

    #[test]
    fn clocks_never_depend_on_when_timers_looked(steps in story()) {
        let desk = play(steps);
        for ticket in desk.tickets.values() {
            let quiet = ticket.sla.facts.iter().filter(|fact| {
                !matches!(fact.kind, crate::sla::FactKind::Warned { .. } | crate::sla::FactKind::Neglected)
            });
            let again = SlaState::from_facts(quiet.cloned().collect(), &desk.rules.policies).unwrap();
            prop_assert_eq!(again.first_response, ticket.sla.first_response);
            prop_assert_eq!(again.resolution, ticket.sla.resolution);
        }
    }
}
