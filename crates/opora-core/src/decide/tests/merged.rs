//! What is shown at the target of a merge, where messages go, and what unmerging takes back (docs/domain.md §6
//! "Merged").

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::desk::{Desk, N1, N2, agent, new_ticket, says};
use super::properties::file;
use crate::command::{Change, NewTicket};
use crate::decide::Refusal;
use crate::event::{self, Edit, TicketEvent};
use crate::filter::{Filter, Judge};
use crate::model::{
    Actor, ActorKind, Attachment, ContactId, Link, LinkKind, LogKind, MAX_PARTS, MAX_PARTS_BYTES, MissingFact,
    OrganisationId, Part, Revision, Ticket, TicketNumber, TicketState, Visibility,
};
use crate::sla::ClockState;
use crate::time::Millis;

const N3: TicketNumber = TicketNumber(3);
const ANNA: &str = "anna@example.com";

fn desk_with(tickets: usize) -> Desk {
    let mut desk = Desk::new();
    for _ in 0..tickets {
        desk.create(&new_ticket()).unwrap();
    }
    desk
}

fn merge(target: TicketNumber) -> Change {
    Change::Merge { target, target_etag: None, reason: "одно и то же".into() }
}

fn unmerge() -> Change {
    Change::Unmerge { reason: "".into() }
}

fn tags(tags: &[&str]) -> Change {
    Change::Update(Box::new(Edit { tags: Some(tags.iter().map(|t| (*t).into()).collect()), ..Edit::default() }))
}

fn matches(desk: &Desk, number: TicketNumber, filter: &str) -> bool {
    let judge = Judge { now: desk.now, text: &|_, _| false };
    Filter::parse(filter).unwrap().matches(desk.ticket(number), &judge)
}

/// The same change, asked for by the customer's Anna.
fn by_anna(desk: &mut Desk, number: TicketNumber, change: &Change) -> Vec<TicketEvent> {
    let olga = std::mem::replace(
        &mut desk.actor,
        Actor { kind: ActorKind::Contact(ContactId::new("anna").unwrap()), verified: false },
    );
    let events = desk.change(number, change).unwrap();
    desk.actor = olga;
    events
}

#[test]
fn the_workstations_of_a_merged_ticket_stay_its_own() {
    let mut desk = desk_with(2);
    let at = |name: &str| {
        Change::Update(Box::new(Edit { workstations: Some([name.into()].into_iter().collect()), ..Edit::default() }))
    };
    desk.done(N1, &at("АРМ-14"));
    desk.done(N1, &merge(N2));
    let target = desk.ticket(N2);
    assert!(target.workstations.is_empty(), "messages, files, tags and ties are shown at the target, and no more");
    assert!(target.missing_facts.contains(&MissingFact::Workstations));
    desk.done(N2, &at("АРМ-7"));
    desk.done(N1, &unmerge());
    assert_eq!(&*desk.ticket(N1).workstations[0], "АРМ-14");
    assert_eq!(&*desk.ticket(N2).workstations[0], "АРМ-7");
}

#[test]
fn a_target_counts_and_is_found_by_what_was_merged_into_it_until_it_is_unmerged() {
    let mut desk = desk_with(3);
    desk.done(N1, &says(Visibility::Public, Some(ANNA)));
    desk.done(N1, &Change::Attach(file(LogKind::BpClient)));
    desk.done(N1, &tags(&["vip"]));
    desk.done(N1, &Change::Link { target: N3, kind: LinkKind::ChildOfIncident });
    desk.done(N2, &says(Visibility::Internal, None));
    let before = desk.ticket(N2).clone();
    desk.done(N1, &merge(N2));
    let shown = desk.ticket(N2);
    assert_eq!((shown.comment_count, shown.attachment_count), (2, 1));
    assert_eq!((shown.own_comments(), shown.own_attachments(), shown.tags.len()), (1, 0, 0));
    assert_eq!(shown.etag(), before.etag(), "what can be set on it stays");
    for filter in ["tag = vip", "tag:vip", "tag:*", "incident = #3"] {
        assert!(matches(&desk, N2, filter), "{filter}");
    }
    assert!(!matches(&desk, N2, "tag != vip") && !matches(&desk, N2, "incident = \"\""));
    desk.done(N1, &unmerge());
    let after = desk.ticket(N2);
    assert_eq!((after.comment_count, after.attachment_count, after.parts.len()), (1, 0, 0));
    assert!(!matches(&desk, N2, "tag:*") && matches(&desk, N2, "incident = \"\""));
    assert_eq!((desk.ticket(N1).comment_count, desk.ticket(N1).attachment_count), (1, 1));
}

#[test]
fn a_customers_message_to_a_merged_ticket_goes_to_the_end_of_the_chain_and_stays_there() {
    let mut desk = desk_with(3);
    desk.done(N1, &merge(N2));
    desk.done(N2, &merge(N3));
    desk.done(N3, &Change::Transition { state: TicketState::WaitingForCustomer, reason: "".into() });
    let written = desk.change(N1, &says(Visibility::Public, Some(ANNA))).unwrap();
    let sent = by_anna(&mut desk, N2, &Change::Attach(file(LogKind::Other)));
    assert!(written.iter().chain(&sent).all(|event| event.ticket.number == N3));
    let event::Change::Commented(comment) = &written[0].change else { panic!("{:?}", written[0].change) };
    assert_eq!(comment.from, Some(N1));
    let event::Change::Attached(sent) = &sent[0].change else { panic!("{:?}", sent[0].change) };
    assert_eq!(sent.from, Some(N2));
    assert_eq!(desk.ticket(N3).state, TicketState::InProgress, "it acts as the customer's on the target");
    desk.done(N2, &unmerge());
    let (target, part) = (desk.ticket(N3), desk.ticket(N2));
    assert_eq!((target.comment_count, target.attachment_count), (1, 1), "what arrived since stays");
    assert_eq!((part.comment_count, part.attachment_count), (0, 0));
    assert_eq!(part.parts.iter().map(|part| part.ticket).collect::<Vec<_>>(), [N1], "its own part stays its part");
}

#[test]
fn a_customers_message_to_a_part_of_a_closed_ticket_makes_a_new_one() {
    let mut desk = desk_with(2);
    desk.done(N1, &merge(N2));
    for state in [TicketState::Resolved, TicketState::Closed] {
        desk.done(N2, &Change::Transition { state, reason: "".into() });
    }
    let events = desk.change(N1, &says(Visibility::Public, Some(ANNA))).unwrap();
    assert_eq!(events[0].change, event::Change::Created { description: None, follows: Some(N2) });
    let event::Change::Commented(comment) = &events[1].change else { panic!("{:?}", events[1].change) };
    assert_eq!((events[1].ticket.number, comment.from), (N3, Some(N1)));
}

#[test]
fn agents_changes_of_a_merged_ticket_are_refused_with_the_last_of_its_targets() {
    let mut desk = desk_with(3);
    desk.done(N1, &Change::Link { target: N3, kind: LinkKind::Related });
    desk.done(N1, &merge(N2));
    let refusal = Refusal::Merged { ticket: N1, into: N3 };
    desk.done(N2, &merge(N3));
    for change in [
        says(Visibility::Public, None),
        says(Visibility::Internal, None),
        Change::Attach(file(LogKind::Other)),
        Change::Assign(Some(agent("olga"))),
        Change::Transition { state: TicketState::Resolved, reason: "".into() },
        Change::Escalate { rung: None, reason: "".into() },
        tags(&["vip"]),
        merge(N3),
        Change::Link { target: N2, kind: LinkKind::Related },
        Change::Unlink { target: N3 },
    ] {
        assert_eq!(desk.change(N1, &change), Err(refusal.clone()), "{change:?}");
    }
    assert_eq!(desk.change(N3, &Change::Unlink { target: N1 }), Err(refusal.clone()), "nor from the other end");
    assert_eq!(desk.change(N3, &merge(N1)), Err(refusal), "nor as the target");
}

#[test]
fn only_a_message_on_the_ticket_itself_is_its_first_response() {
    let mut desk = desk_with(2);
    desk.done(N1, &says(Visibility::Public, None));
    desk.done(N1, &merge(N2));
    assert_eq!(desk.ticket(N2).sla.first_response.state, ClockState::Running);
}

#[test]
fn a_log_that_came_with_a_merged_ticket_is_no_longer_missing() {
    let mut desk = Desk::new();
    for _ in 0..2 {
        let organisation = Some(OrganisationId::new("acme").unwrap());
        desk.create(&NewTicket { organisation, ..new_ticket() }).unwrap();
    }
    let missing = |desk: &Desk| desk.ticket(N2).missing_facts.contains(&MissingFact::LogBpClient);
    let sent = desk.done(N1, &Change::Attach(file(LogKind::BpClient))).revision;
    assert!(missing(&desk));
    desk.done(N1, &merge(N2));
    assert!(!missing(&desk) && desk.ticket(N2).is_nearest(&file(LogKind::BpClient), sent));
    desk.done(N1, &unmerge());
    assert!(missing(&desk) && !desk.ticket(N2).is_nearest(&file(LogKind::BpClient), sent));
}

#[test]
fn of_logs_that_came_at_once_one_is_the_nearest() {
    let mut desk = desk_with(1);
    let at = |minutes| {
        let started = desk.ticket(N1).create_time - Millis::minutes(minutes);
        Attachment { log_start_time: Some(started), ..file(LogKind::BpClient) }
    };
    let files = [at(30), at(10), at(20)];
    let sent = desk.together(N1, &files.clone().map(Change::Attach));
    assert_eq!(files.map(|file| desk.ticket(N1).is_nearest(&file, sent)), [false, true, false]);
}

#[test]
fn a_message_that_came_with_a_merge_has_to_be_seen_before_an_answer() {
    let mut desk = desk_with(2);
    desk.done(N1, &says(Visibility::Public, Some(ANNA)));
    let seen = desk.done(N2, &says(Visibility::Internal, None)).revision;
    let answer = |seen: Revision| Change::Comment {
        body: "Готово".into(),
        visibility: Visibility::Public,
        author: None,
        seen_through: Some(seen),
    };
    let merged = desk.done(N1, &merge(N2)).revision;
    let refused = desk.change(N2, &answer(seen));
    assert!(matches!(refused, Err(Refusal::Unseen { ticket, .. }) if ticket == N1), "{refused:?}");
    desk.done(N2, &answer(merged));
}

#[test]
fn as_many_tickets_can_be_merged_into_one_as_the_bound_says_chains_included() {
    let mut desk = desk_with(MAX_PARTS + 2);
    let target = TicketNumber(MAX_PARTS as u64 + 2);
    for number in 2..MAX_PARTS as u64 {
        desk.done(TicketNumber(number), &merge(target));
    }
    desk.done(TicketNumber(MAX_PARTS as u64), &merge(N1));
    assert_eq!(desk.ticket(target).parts.len(), MAX_PARTS - 2);
    desk.done(N1, &merge(target));
    assert_eq!(desk.ticket(target).parts.len(), MAX_PARTS);
    assert_eq!(desk.change(TicketNumber(MAX_PARTS as u64 + 1), &merge(target)), Err(Refusal::Parts));
}

#[test]
fn what_the_parts_of_a_ticket_bring_takes_at_most_so_many_bytes_chains_included() {
    let mut desk = desk_with(5);
    let (whole, last, small, chain, middle) = (N1, N2, N3, TicketNumber(4), TicketNumber(5));
    let bytes = |ticket: &Ticket| ticket.brought(Revision(1)).iter().map(Part::bytes).sum::<usize>();
    // Ties to tickets that are not there: what is judged is how much they are.
    let tied = |desk: &mut Desk, number: TicketNumber, count: usize| {
        let tie = |n| Link { ticket: TicketNumber(1_000 + n as u64), kind: LinkKind::Related };
        let ticket = Arc::make_mut(desk.tickets.get_mut(&number).unwrap());
        ticket.links = (0..count).map(tie).collect();
        bytes(ticket)
    };
    let none = tied(&mut desk, small, 0);
    let each = tied(&mut desk, small, 1) - none;
    // Half of it comes by a chain.
    let half = tied(&mut desk, chain, MAX_PARTS_BYTES / 2 / each);
    desk.done(chain, &merge(middle));
    desk.done(middle, &merge(whole));
    let left = MAX_PARTS_BYTES - half - none;
    // A tag takes its length and three more.
    let taken = tied(&mut desk, last, (left - none) / each - 1);
    let tag = |bytes: usize| tags(&["x".repeat(bytes).as_str()]);
    desk.done(last, &tag(left - taken - 2));
    let before = desk.ticket(whole).clone();
    assert_eq!(desk.change(last, &merge(whole)), Err(Refusal::PartsBytes), "by one byte");
    assert_eq!(desk.ticket(whole), &before);
    desk.done(last, &tag(left - taken - 3));
    desk.done(last, &merge(whole));
    assert_eq!(desk.ticket(whole).parts.iter().map(Part::bytes).sum::<usize>(), MAX_PARTS_BYTES);
    assert_eq!(desk.change(small, &merge(whole)), Err(Refusal::PartsBytes), "nothing more");
    desk.done(last, &unmerge());
    desk.done(small, &merge(whole));
}

/// What a plain reading of the rules shows at each ticket.
#[derive(Default)]
struct Plain {
    into: BTreeMap<u64, u64>,
    comments: BTreeMap<u64, u32>,
    files: BTreeMap<u64, u32>,
    tags: BTreeMap<u64, BTreeSet<&'static str>>,
}

impl Plain {
    fn end(&self, number: u64) -> u64 {
        self.into.get(&number).map_or(number, |into| self.end(*into))
    }

    /// The ticket, what was merged into it, what was merged into that.
    fn all(&self, number: u64) -> Vec<u64> {
        let direct = self.into.iter().filter(|(_, into)| **into == number).map(|(part, _)| *part);
        std::iter::once(number).chain(direct.flat_map(|part| self.all(part)).collect::<Vec<_>>()).collect()
    }

    fn check(&self, desk: &Desk) {
        for ticket in desk.tickets.values() {
            let all = self.all(ticket.number.0);
            let sum = |counts: &BTreeMap<u64, u32>| all.iter().filter_map(|n| counts.get(n)).sum::<u32>();
            assert_eq!(ticket.comment_count, sum(&self.comments), "{} shows {all:?}", ticket.number);
            assert_eq!(ticket.attachment_count, sum(&self.files), "{} shows {all:?}", ticket.number);
            let tags: BTreeSet<&str> = all.iter().filter_map(|n| self.tags.get(n)).flatten().copied().collect();
            assert_eq!(ticket.shown_tags().map(|tag| &**tag).collect::<BTreeSet<&str>>(), tags);
            let mut parts: Vec<u64> = all.into_iter().skip(1).collect();
            parts.sort_unstable();
            assert_eq!(ticket.parts.iter().map(|part| part.ticket.0).collect::<Vec<_>>(), parts);
            assert_eq!(ticket.merged_into.map(|into| into.0), self.into.get(&ticket.number.0).copied());
        }
    }

    /// What the change does; `false`: it is refused.
    fn play(&mut self, number: u64, step: &Step) -> bool {
        let merged = self.into.contains_key(&number);
        let end = self.end(number);
        match step {
            Step::CustomerWrites => *self.comments.entry(end).or_default() += 1,
            Step::CustomerSends => *self.files.entry(end).or_default() += 1,
            Step::Unmerge if merged => drop(self.into.remove(&number)),
            _ if merged => return false,
            Step::AgentWrites => *self.comments.entry(number).or_default() += 1,
            Step::Tag(tag) => return self.tags.insert(number, [*tag].into()) != Some([*tag].into()),
            Step::Merge(target) => {
                if *target == number || self.into.contains_key(target) {
                    return false;
                }
                self.into.insert(number, *target);
            }
            Step::Unmerge => return false,
        }
        true
    }
}

#[derive(Clone, Debug)]
enum Step {
    CustomerWrites,
    CustomerSends,
    AgentWrites,
    Tag(&'static str),
    Merge(u64),
    Unmerge,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::CustomerWrites),
        1 => Just(Step::CustomerSends),
        2 => Just(Step::AgentWrites),
        1 => prop::sample::select(vec!["vip", "sip", "late"]).prop_map(Step::Tag),
        3 => (1_u64..7).prop_map(Step::Merge),
        2 => Just(Step::Unmerge),
    ]
}

proptest! {
    #[test]
    fn each_target_shows_what_a_plain_reading_says(steps in prop::collection::vec((1_u64..7, step()), 0..60)) {
        let (mut desk, mut plain) = (desk_with(6), Plain::default());
        for (number, step) in steps {
            desk.pass(Millis::minutes(1));
            let (ticket, expected) = (TicketNumber(number), plain.play(number, &step));
            let done = match &step {
                Step::CustomerWrites => desk.change(ticket, &says(Visibility::Public, Some(ANNA))),
                Step::CustomerSends => Ok(by_anna(&mut desk, ticket, &Change::Attach(file(LogKind::Other)))),
                Step::AgentWrites => desk.change(ticket, &says(Visibility::Internal, None)),
                Step::Tag(tag) => desk.change(ticket, &tags(&[tag])),
                Step::Merge(target) => desk.change(ticket, &merge(TicketNumber(*target))),
                Step::Unmerge => desk.change(ticket, &unmerge()),
            };
            prop_assert_eq!(done.is_ok(), expected, "{:?} on #{}: {:?}", step, number, done);
            plain.check(&desk);
        }
    }
}
