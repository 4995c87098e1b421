//! Creating and triage (docs/domain.md §3, §4, §5).

use super::desk::{Desk, N1, agent, at, new_ticket};
use crate::command::{Change, NewTicket, Reprioritise};
use crate::decide::Refusal;
use crate::event::{self, Edit};
use crate::log_name::LogNames;
use crate::model::{
    Attachment, Category, Channel, Impact, MissingFact as F, OrganisationId, Origin, Platform, Priority, Reporter,
    TicketState,
};
use crate::sla::ClockState;

#[test]
fn impact_decides_the_priority_then_what_was_asked_for_then_medium_unassessed() {
    for (impact, requested, priority, unassessed) in [
        (Some(Impact::ServiceDown), Some(Priority::Low), Priority::Critical, false),
        (Some(Impact::ServiceIntermittent), None, Priority::High, false),
        (Some(Impact::SeveralWorkstations), None, Priority::Medium, false),
        (Some(Impact::OneWorkstation), Some(Priority::High), Priority::Low, false),
        (None, Some(Priority::High), Priority::High, false),
        (None, None, Priority::Medium, true),
    ] {
        let mut desk = Desk::new();
        desk.create(&NewTicket { impact, requested_priority: requested, ..new_ticket() }).unwrap();
        let ticket = desk.ticket(N1);
        assert_eq!((ticket.priority, ticket.unassessed, ticket.requested_priority), (priority, unassessed, requested));
    }
}

#[test]
fn a_known_contact_brings_the_organisation_and_it_the_platform() {
    let mut desk = Desk::new();
    desk.create(&new_ticket()).unwrap();
    let ticket = desk.ticket(N1);
    assert_eq!(ticket.organisation, Some(OrganisationId::new("acme").unwrap()));
    assert_eq!(&*ticket.reporter.display_name, "Анна");
    assert_eq!(ticket.platform, Some(Platform::V5));
    assert_eq!(ticket.create_time, desk.now);
}

#[test]
fn who_is_not_known_is_refused() {
    let mut desk = Desk::new();
    let new = NewTicket { organisation: Some(OrganisationId::new("nobody").unwrap()), ..new_ticket() };
    assert_eq!(desk.create(&new), Err(Refusal::NoResource("organisations/nobody".into())));
    let new = |id| NewTicket { assignee: Some(agent(id)), ..new_ticket() };
    assert_eq!(desk.create(&new("nobody")), Err(Refusal::NoResource("agents/nobody".into())));
    assert_eq!(desk.create(&new("max")), Err(Refusal::Archived("agents/max".into())));
    let events = desk.create(&new("ivan")).unwrap();
    assert_eq!((events.len(), events[0].ticket.state), (1, TicketState::InProgress));
}

#[test]
fn a_telephone_call_is_answered_when_it_is_created() {
    let mut desk = Desk::new();
    desk.create(&NewTicket { origin: Origin::Phone, ..new_ticket() }).unwrap();
    assert_eq!(desk.ticket(N1).sla.first_response.state, ClockState::Met);
}

#[test]
fn missing_facts_shrink_as_they_arrive() {
    let mut desk = Desk::new();
    desk.create(&NewTicket { reporter: Reporter::default(), ..new_ticket() }).unwrap();

    let expected = [F::OccurTime, F::Category, F::Workstations, F::RequestedPriority, F::Platform];
    assert_eq!(desk.ticket(N1).missing_facts, expected);
    let edit = Edit {
        category: Some(Some(Category::ChannelFailure)),
        workstations: Some(vec!["WS-7".into()]),
        requested_priority: Some(Some(Priority::High)),
        occur_time: Some(Some(at("2026-03-02T08:30:00Z"))),
        ..Edit::default()
    };
    let ticket = desk.done(N1, &Change::Update(Box::new(edit)));
    assert_eq!(ticket.missing_facts, [F::Channels, F::Platform]);
    assert!(!ticket.unassessed && ticket.priority == Priority::Medium, "fields have no effect on the clocks");
    let edit = Edit { channels: Some(vec![Channel::Calls, Channel::Calls]), ..Edit::default() };
    assert_eq!(desk.done(N1, &Change::Update(Box::new(edit))).channels, [Channel::Calls]);
    let ticket = desk.done(N1, &Change::Attach(file("agentdesktop_2026_03_02_08_00_00.log")));
    assert_eq!(ticket.platform, Some(Platform::V3), "a log's name tells the platform");
    assert_eq!(ticket.missing_facts, [F::LogSoftphoneLink]);
    assert_eq!(desk.done(N1, &Change::Attach(file("softphone-link.log"))).missing_facts, []);
}

#[test]
fn of_each_kind_the_log_that_was_written_at_the_problem_counts() {
    let mut desk = Desk::new();
    desk.create(&NewTicket { occur_time: Some(at("2026-03-02T08:30:00Z")), ..new_ticket() }).unwrap();
    // Named in Moscow time, three hours ahead.
    let names = [
        "bpclient_2026_03_02_12_00_00.log",
        "bpclient_2026_03_02_10_00_00.log",
        "bpclient_2026_03_02_11_00_00.log",
        "bpclient_2026_03_02_09_00_00.log",
        "notes.txt",
    ];
    let nearest = names.map(|name| {
        let ticket = desk.done(N1, &Change::Attach(file(name)));
        ticket.logs.first().map(|log| log.attachment.0)
    });
    assert_eq!(nearest, [Some(2), Some(3), Some(4), Some(4), Some(4)]);
    assert_eq!(desk.ticket(N1).attachment_count, 5);
}

fn file(name: &str) -> Attachment {
    let told = LogNames::default().read(name, &jiff::tz::TimeZone::get("Europe/Moscow").unwrap());
    Attachment {
        file_name: name.into(),
        content_type: "text/plain".into(),
        size: 1,
        hash: [0; 32],
        log_kind: told.kind,
        platform: told.platform,
        log_start_time: told.start,
        modify_time: None,
        from: None,
    }
}

#[test]
fn reprioritising_goes_by_priority_or_by_impact_and_never_to_the_same() {
    let mut desk = Desk::new();
    desk.create(&new_ticket()).unwrap();
    let to = |to| Change::Reprioritise { to, reason: "оценили".into() };
    let same = desk.change(N1, &to(Reprioritise::Priority(Priority::Medium)));
    assert_eq!(same, Err(Refusal::SamePriority(Priority::Medium)));
    let etag = desk.ticket(N1).etag();
    let ticket = desk.done(N1, &to(Reprioritise::Impact(Impact::SeveralWorkstations)));
    assert_eq!((ticket.priority, ticket.unassessed), (Priority::Medium, false));
    assert_ne!(ticket.etag(), etag);
    let same = desk.change(N1, &to(Reprioritise::Impact(Impact::SeveralWorkstations)));
    assert_eq!(same, Err(Refusal::SamePriority(Priority::Medium)));
    let events = desk.change(N1, &to(Reprioritise::Impact(Impact::ServiceDown))).unwrap();
    let before = (Priority::Medium, Some(Impact::SeveralWorkstations));
    assert!(
        matches!(events[0].change, event::Change::Reprioritised { previous_priority, previous_impact } if (previous_priority, previous_impact) == before)
    );
    assert_eq!(desk.ticket(N1).sla.resolution.state, ClockState::Continuous);
}

fn tagged(desk: &mut Desk, tags: &[&str]) -> Vec<String> {
    let edit = Edit { tags: Some(tags.iter().map(|tag| (*tag).into()).collect()), ..Edit::default() };
    let _ = desk.change(N1, &Change::Update(Box::new(edit)));
    desk.ticket(N1).tags.iter().map(ToString::to_string).collect()
}

#[test]
fn tags_are_kept_as_written_and_of_two_spellings_the_one_that_stands_wins() {
    let mut desk = Desk::new();
    desk.create(&NewTicket { tags: vec!["VIP".into(), "Ёлка".into(), "vip".into()], ..new_ticket() }).unwrap();
    assert_eq!(tagged(&mut desk, &[]), Vec::<String>::new());
    assert_eq!(tagged(&mut desk, &["VIP", "vip", "Ёлка"]), ["VIP", "Ёлка"], "the first of a request");
    assert_eq!(tagged(&mut desk, &["vip", "VIP", "елка", "Ёлка", "new"]), ["new", "VIP", "Ёлка"], "added beside it");
    assert_eq!(tagged(&mut desk, &["vip", "Ёлка"]), ["vip", "Ёлка"], "respelt when it is asked for alone");
    let edit = Edit { tags: Some(vec!["Ёлка".into(), "vip".into(), "VIP".into()]), ..Edit::default() };
    assert_eq!(desk.change(N1, &Change::Update(Box::new(edit))), Err(Refusal::NoChange));
}

#[test]
fn an_update_that_changes_nothing_is_refused_and_one_that_does_tells_what_was_there() {
    let mut desk = Desk::new();
    desk.create(&NewTicket { tags: vec!["b".into(), "a".into(), "b".into()], ..new_ticket() }).unwrap();
    let edit =
        Edit { tags: Some(vec!["a".into(), "b".into()]), subject: Some("Нет звука".into()), ..Edit::default() };
    assert_eq!(desk.change(N1, &Change::Update(Box::new(edit))), Err(Refusal::NoChange));
    let edit = Edit { subject: Some("Тихо".into()), description: Some("".into()), ..Edit::default() };
    let events = desk.change(N1, &Change::Update(Box::new(edit))).unwrap();
    let event::Change::Updated { previous, description } = &events[0].change else { panic!() };
    assert_eq!((previous.subject.as_deref(), description.as_deref()), (Some("Нет звука"), Some("")));
    assert_eq!((desk.ticket(N1).description_len, desk.ticket(N1).description_revision.0), (0, 0));
}
