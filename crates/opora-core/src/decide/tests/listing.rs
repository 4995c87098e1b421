//! Tickets made by the desk, as lists see them: filters judged, orders, suggestions.

use super::desk::{Desk, N1, N2, agent, new_ticket, says};
use crate::command::{Change, NewTicket, Reprioritise};
use crate::filter::{Filter, Judge, Key, folded};
use crate::model::{Category, Impact, LinkKind, OrganisationId, Priority, TicketNumber, TicketState, Visibility};
use crate::order::{OrderBy, OrderKey};
use crate::suggest::{Suggestion, SuggestionKind, Thresholds, suggestions};
use crate::time::Millis;

fn matches(desk: &Desk, number: TicketNumber, text: &str) -> bool {
    let full_text = |index: usize, ticket: TicketNumber| index == 0 && ticket == N1;
    let (filter, ticket) = (Filter::parse(text).unwrap(), desk.ticket(number));
    let matches = filter.matches(ticket, &Judge { now: desk.now, text: &full_text });
    if let Some(keys) = filter.keys().filter(|_| matches) {
        assert!(Key::of(ticket).any(|key| keys.contains(&key)), "{text} is not found by {keys:?}");
    }
    matches
}

fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.create(&NewTicket {
        impact: Some(Impact::ServiceIntermittent),
        category: Some(Category::AudioQuality),
        tags: vec!["vip".into()],
        external_id: Some("INC-1".into()),
        ..new_ticket()
    })
    .unwrap();
    desk.create(&NewTicket { reporter: crate::model::Reporter::default(), ..new_ticket() }).unwrap();
    desk
}

#[test]
fn a_text_is_folded_once_for_a_ticket_however_many_terms_ask_for_it() {
    let desk = desk();
    let folds = |text: &str| {
        let before = folded();
        (matches(&desk, N1, text), folded() - before)
    };
    let many = |term: &str| vec![term; 48].join(" OR ");
    assert_eq!(folds(&many("subject:видео")), (false, 1));
    assert_eq!(folds(&many("-subject:ЗВУКА")), (false, 1));
    assert_eq!(folds(&many("reporter:никто")), (false, 2));
    assert_eq!(folds(&many("external_id:inc-2 OR subject = видео")), (false, 1));
    assert_eq!(folds("state = NEW OR subject:видео"), (true, 0));
}

#[test]
fn names_are_found_in_any_spelling() {
    let mut desk = desk();
    desk.create(&NewTicket {
        tags: vec!["VIP".into(), "Срочный вызов".into(), "ёлка".into()],
        workstations: vec!["АРМ-14".into(), "Ресепшн  2".into()],
        channels: vec![crate::model::Channel::Calls],
        organisation: Some(OrganisationId::new("acme").unwrap()),
        assignee: Some(agent("ivan")),
        subject: "Ёлка не горит, №5".into(),
        ..new_ticket()
    })
    .unwrap();
    let n3 = TicketNumber(3);
    for text in [
        "tag = VIP",
        "tag = vip",
        "tag:ｖｉｐ",
        "tag = \"СРОЧНЫЙ  ВЫЗОВ\"",
        "tag = Елка",
        "tag = \"е\u{308}лка\"",
        "workstation = арм-14",
        "workstation:\"ресепшн 2\"",
        "workstation:*",
        "channel = calls",
        "state = in_progress",
        "organisation = ACME",
        "organisation = \"Organisations/Acme\"",
        "assignee = Ivan",
        "subject:елка",
        "subject:\"no5\"",
        "tag != vip2",
        "workstation != АРМ-15",
    ] {
        assert!(matches(&desk, n3, text), "{text}");
    }
    assert!(matches(&desk, N1, "tag = VIP"), "what was stored in lower case");
    for text in ["tag != Vip", "workstation = \"\"", "workstation != арм-14", "external_id = inc-1"] {
        assert!(!matches(&desk, n3, text), "{text}");
    }
    assert!(!matches(&desk, N1, "external_id = inc-1"), "the key of another system is its own to compare");
}

#[test]
fn terms_are_judged_on_what_the_ticket_holds() {
    let mut desk = desk();
    for text in [
        "",
        "state = NEW",
        "priority >= HIGH",
        "priority > MEDIUM",
        "-priority = LOW",
        "requested_priority = \"\"",
        "impact = SERVICE_INTERMITTENT",
        "category = AUDIO_QUALITY",
        "category:*",
        "channel = \"\"",
        "platform = V5",
        "organisation = organisations/acme",
        "assignee = \"\"",
        "reporter = \"ANNA@example.com\"",
        "reporter:анн",
        "tag:vip",
        "tag = \"vip\"",
        "tag != low",
        "origin = GRPC",
        "external_id = INC-1",
        "number = 1",
        "number < 2",
        "subject:ЗВУК",
        "subject = \"нет звука\"",
        "incident = \"\"",
        "create_time = now",
        "update_time <= now",
        "resolve_time = \"\"",
        "occur_time != now",
        "due_time < now+45m OR due_time = now+45m",
        "breached = false",
        "unassessed = false",
        "importing != true",
        "open = true",
        "continuous = false",
        "rung < 1",
        "звук",
    ] {
        assert!(matches(&desk, N1, text), "{text}");
        assert!(text.is_empty() || !matches(&desk, N1, &format!("NOT ({text})")), "{text}");
    }
    for text in
        ["priority >= HIGH", "category:*", "occur_time < now", "external_id:*", "tag:vip", "звук", "reporter:анн"]
    {
        assert!(!matches(&desk, N2, text), "{text}");
    }
    desk.done(N1, &Change::Assign(Some(agent("olga"))));
    desk.done(N1, &Change::Link { target: N2, kind: LinkKind::ChildOfIncident });
    desk.pass(Millis::hours(1));
    desk.done(N1, &Change::Tick);
    for text in ["assignee = agents/olga", "assignee:*", "incident = #2", "breached = true", "due_time < now"] {
        assert!(matches(&desk, N1, text), "{text}");
    }
}

#[test]
fn no_closed_ticket_matches_what_only_open_ones_can() {
    let mut desk = desk();
    desk.done(N1, &says(Visibility::Public, None));
    for state in [TicketState::Resolved, TicketState::Closed] {
        desk.done(N1, &Change::Transition { state, reason: "".into() });
        for text in [
            "open = true",
            "due_time:*",
            "continuous = true",
            "due_time < now+999d",
            "state != CLOSED state != RESOLVED state != MERGED",
        ] {
            assert!(Filter::parse(text).unwrap().only_open() && !matches(&desk, N1, text), "{text}");
        }
    }
}

#[test]
fn orders_are_total_and_ties_go_by_number() {
    let desk = desk();
    for key in OrderKey::ALL {
        for descending in [false, true] {
            let order = OrderBy { key, descending };
            assert_eq!(order.to_string().parse(), Ok(order));
            assert_ne!(order.key_of(desk.ticket(N1)), order.key_of(desk.ticket(N2)));
        }
    }
    let first = |text: &str| {
        let order: OrderBy = text.parse().unwrap();
        if order.key_of(desk.ticket(N1)) < order.key_of(desk.ticket(N2)) { 1 } else { 2 }
    };
    let expected = [
        ("", 1),
        ("urgency desc", 2),
        ("create_time", 1),
        ("create_time desc", 1),
        ("number desc", 2),
        ("priority", 2),
        ("priority desc", 1),
    ];
    for (text, number) in expected {
        assert_eq!(first(text), number, "{text}");
    }
    for bad in ["name", "urgency asc", "urgency desc desc", "urgency,number", "Urgency"] {
        assert!(bad.parse::<OrderBy>().is_err(), "{bad}");
    }
}

fn reporting(desk: &mut Desk, organisation: &str, minutes: i64) {
    desk.create(&NewTicket {
        organisation: Some(OrganisationId::new(organisation).unwrap()),
        category: Some(Category::SignIn),
        ..new_ticket()
    })
    .unwrap();
    desk.pass(Millis::minutes(minutes));
}

fn suggested(desk: &Desk) -> Vec<Suggestion> {
    suggestions(desk.tickets.values().map(|t| &**t), &Thresholds::default())
}

/// A desk with three organisations.
fn three_organisations() -> Desk {
    let mut desk = Desk::new();
    let acme = desk.people.organisations[&OrganisationId::new("acme").unwrap()].clone();
    for id in ["beta", "gamma"] {
        desk.people.organisations.insert(OrganisationId::new(id).unwrap(), acme.clone());
    }
    desk
}

/// Kind, organisations and tickets of suggestions.
fn brief(found: &[Suggestion]) -> Vec<(SuggestionKind, Vec<&str>, Vec<u64>)> {
    let brief = |s: &Suggestion| -> (SuggestionKind, Vec<u64>) { (s.kind, s.tickets.iter().map(|n| n.0).collect()) };
    found
        .iter()
        .map(|s| (brief(s).0, s.organisations.iter().map(OrganisationId::as_str).collect(), brief(s).1))
        .collect()
}

#[test]
fn many_reports_of_one_kind_suggest_more_than_each_alone() {
    let mut desk = three_organisations();
    let start = desk.now;
    reporting(&mut desk, "acme", 16);
    reporting(&mut desk, "acme", 15);
    reporting(&mut desk, "acme", 15);
    assert_eq!(suggested(&desk), [], "31 minutes are too many");
    reporting(&mut desk, "acme", 1);
    let acme = OrganisationId::new("acme").unwrap();
    let several = Suggestion {
        kind: SuggestionKind::SeveralWorkstations,
        category: Category::SignIn,
        organisations: vec![acme],
        tickets: [2, 3, 4].map(TicketNumber).to_vec(),
        since: start + Millis::minutes(16),
    };
    assert_eq!(suggested(&desk).as_slice(), std::slice::from_ref(&several));
    reporting(&mut desk, "beta", 1);
    reporting(&mut desk, "gamma", 1);
    let incident = Suggestion {
        kind: SuggestionKind::Incident,
        category: Category::SignIn,
        organisations: ["acme", "beta", "gamma"].map(|id| OrganisationId::new(id).unwrap()).to_vec(),
        tickets: [3, 4, 5, 6].map(TicketNumber).to_vec(),
        since: start + Millis::minutes(31),
    };
    assert_eq!(suggested(&desk), [incident, several]);
}

#[test]
fn two_crowds_of_one_kind_that_share_no_half_hour_are_two_suggestions_the_newest_first() {
    let mut desk = three_organisations();
    for _ in 0..2 {
        for organisation in ["acme", "beta", "gamma"] {
            reporting(&mut desk, organisation, 10);
        }
        desk.pass(Millis::hours(24));
    }
    let all = vec!["acme", "beta", "gamma"];
    let found = suggested(&desk);
    let incident = SuggestionKind::Incident;
    assert_eq!(brief(&found), [(incident, all.clone(), vec![4, 5, 6]), (incident, all, vec![1, 2, 3])]);
}

#[test]
fn what_was_decided_is_not_suggested_any_more() {
    let mut desk = three_organisations();
    for organisation in ["acme", "acme", "acme", "beta", "gamma"] {
        reporting(&mut desk, organisation, 1);
    }
    assert_eq!(suggested(&desk).len(), 2);
    for number in [1, 2, 3].map(TicketNumber) {
        let to = Reprioritise::Impact(Impact::SeveralWorkstations);
        desk.done(number, &Change::Reprioritise { to, reason: "three of them".into() });
    }
    assert_eq!(brief(&suggested(&desk)).iter().map(|s| s.0).collect::<Vec<_>>(), [SuggestionKind::Incident]);
    for number in [1, 2, 3, 4].map(TicketNumber) {
        desk.done(number, &Change::Link { target: TicketNumber(5), kind: LinkKind::ChildOfIncident });
    }
    assert_eq!(suggested(&desk), []);
}

#[test]
fn a_wider_impact_is_suggested_of_those_that_it_raises() {
    let mut desk = three_organisations();
    for _ in 0..4 {
        reporting(&mut desk, "acme", 1);
    }
    let several = SuggestionKind::SeveralWorkstations;
    let reprioritise = |desk: &mut Desk, number: u64, to| {
        let reason = "they called".into();
        desk.done(TicketNumber(number), &Change::Reprioritise { to, reason });
    };
    reprioritise(&mut desk, 1, Reprioritise::Impact(Impact::ServiceDown));
    assert_eq!(brief(&suggested(&desk)), [(several, vec!["acme"], vec![2, 3, 4])]);
    reprioritise(&mut desk, 2, Reprioritise::Impact(Impact::SeveralWorkstations));
    reprioritise(&mut desk, 3, Reprioritise::Priority(Priority::High));
    let found = suggested(&desk);
    assert_eq!(brief(&found), [(several, vec!["acme"], vec![4])], "four tell it, one does not say so yet");
    assert_eq!(found[0].since, desk.ticket(TicketNumber(4)).create_time, "of the oldest that it names");
    reprioritise(&mut desk, 4, Reprioritise::Priority(Priority::Critical));
    assert_eq!(suggested(&desk), []);
}
