//! Whatever is asked for in whatever order: nothing panics, every event is consistent (see [`Desk`]), and an undo puts
//! its facet back.

use proptest::prelude::*;

use super::desk::{Desk, agent, new_ticket, says};
use crate::command::{Change, Facet, NewTicket, Reprioritise};
use crate::decide::next_tick;
use crate::event::{self, Edit, TicketEvent};
use crate::model::{
    Attachment, Category, Impact, LinkKind, LogKind, Platform, Priority, Revision, Ticket, TicketNumber, TicketState,
    Visibility,
};
use crate::sla::{ClockKind, SlaState};
use crate::time::{Millis, Timestamp};

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
        1 => number.clone().prop_map(|target| Change::Merge { target, target_etag: None, reason: "".into() }),
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

/// The same story as it happens, with timers at every due time, or as an import that is finished at its end.
fn told_as(steps: &[(u64, i64, Change)], importing: bool) -> Desk {
    let mut desk = Desk::new();
    desk.importing = importing;
    for impact in [None, Some(Impact::ServiceDown), Some(Impact::ServiceIntermittent)] {
        desk.create(&NewTicket { impact, ..new_ticket() }).unwrap();
    }
    for (number, after, change) in steps {
        let now = desk.now + Millis(*after);
        if !importing {
            // What is due at this very instant may just be met.
            catch_up(&mut desk, now - Millis(1));
        }
        desk.now = now;
        let number = TicketNumber(*number);
        let change = match (change, desk.tickets.get(&number)) {
            (Change::Tick, _) | (_, None) => continue,
            // Timers make revisions of their own: the last change of the facet is meant.
            (Change::Undo { facet, .. }, Some(ticket)) => {
                let facets = ticket.facets;
                let revision = match facet {
                    Facet::Assignee => facets.assignee,
                    Facet::Priority => facets.priority,
                    Facet::State => facets.state,
                    Facet::Links => facets.links,
                    Facet::Tags => facets.tags,
                };
                Change::Undo { revision, facet: *facet }
            }
            (change, _) => change.clone(),
        };
        let _ = desk.change(number, &change);
    }
    desk.importing = false;
    for number in desk.tickets.keys().copied().collect::<Vec<_>>() {
        if importing {
            desk.change(number, &Change::FinishImport).unwrap();
        }
    }
    let now = desk.now;
    catch_up(&mut desk, now);
    desk
}

/// Lets timers tell what falls due before or at an instant.
fn catch_up(desk: &mut Desk, until: Timestamp) {
    for number in desk.tickets.keys().copied().collect::<Vec<_>>() {
        while let Some(at) = next_tick(desk.ticket(number), &desk.rules).unwrap().filter(|at| *at <= until) {
            let now = desk.now;
            desk.now = now.max(at);
            desk.change(number, &Change::Tick).unwrap();
            desk.now = now;
        }
    }
}

/// How often each clock of a ticket was told to be breached.
fn told(desk: &Desk, number: TicketNumber, kind: ClockKind) -> usize {
    let breach = |event: &TicketEvent| {
        event.ticket.number == number
            && matches!(event.change, event::Change::SlaBreached { clock, .. } if clock == kind)
    };
    desk.log.iter().filter(|(_, event)| breach(event)).count()
}

proptest! {
    #[test]
    fn imported_and_live_stories_give_the_same_clocks_and_each_breach_one_event(
        // Less than the seven days after which timers close a ticket.
        steps in prop::collection::vec((1_u64..4, prop_oneof![Just(0_i64), 0_i64..3_600_000, 0_i64..(12 * 3_600_000)], change()), 0..13),
    ) {
        let (live, imported) = (told_as(&steps, false), told_as(&steps, true));
        prop_assert_eq!(live.tickets.len(), imported.tickets.len());
        for (number, ticket) in &live.tickets {
            let other = &imported.tickets[number];
            prop_assert_eq!(ticket.sla.first_response, other.sla.first_response);
            prop_assert_eq!(ticket.sla.resolution, other.sla.resolution);
            prop_assert_eq!(ticket.sla.continuous_since, other.sla.continuous_since);
            for kind in [ClockKind::FirstResponse, ClockKind::Resolution] {
                let breached = usize::from(ticket.sla.clock(kind).breach.is_some());
                prop_assert_eq!((told(&live, *number, kind), told(&imported, *number, kind)), (breached, breached));
            }
        }
    }

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
