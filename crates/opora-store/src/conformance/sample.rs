//! Values that have everything a value can have.
//!
//! Longer than 400 lines: one value of everything, each written out.

use std::collections::BTreeMap;
use std::sync::Arc;

use opora_core::calendar::{CalendarDefinition, Hours, parse_date};
use opora_core::event::{Change, ClocksBefore, DirectoryPut, Edit, TicketEvent};
use opora_core::model::{
    Actor, ActorKind, Agent, AgentId, Attachment, Category, Channel, ChecklistItem, Comment, Contact, ContactId, Entry,
    Escalation, Facets, Impact, LastMessage, Link, LinkKind, LogKind, MissingFact, NearestLog, Organisation,
    OrganisationId, Origin, Part, Platform, PolicyId, Priority, Reporter, Revision, SavedView, SavedViewId, Snippet,
    SnippetId, Ticket, TicketNumber, TicketState, Uid, Visibility,
};
use opora_core::sla::{
    Breach, BreachCause, Cell, Clock, ClockKind, ClockState, Fact, FactKind, Length, PolicyDefinition, PolicyRef,
    RaiseFrom, SlaState, Target,
};
use opora_core::time::{Millis, Timestamp};

use crate::api::{AppendError, Commit, Record, RequestKey, RequestRecord, Store};
use crate::index::Index;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000 + ms)
}

/// A clock with little in it.
fn running(start: i64) -> Clock {
    Clock {
        state: ClockState::Running,
        start: at(start),
        due: None,
        target: None,
        remaining: None,
        met: None,
        breach: None,
    }
}

/// An id that is one.
fn agent(id: &str) -> AgentId {
    AgentId::new(id).expect("written here, and well formed")
}

fn policy_ref(version: u32) -> PolicyRef {
    PolicyRef { id: PolicyId::new("gold").expect("written here, and well formed"), version }
}

/// A ticket with little in it.
pub fn bare_ticket(number: u64, revision: u64) -> Ticket {
    let clock = running(0);
    Ticket {
        number: TicketNumber(number),
        uid: Uid::new(at(0), TicketNumber(number), number),
        revision: Revision(revision),
        etag_revision: Revision(revision),
        etag_random: 0,
        organisation: None,
        reporter: Reporter::default(),
        subject: format!("заявка {number}").into(),
        description_revision: Revision::ZERO,
        description_len: 0,
        category: None,
        channels: Vec::new(),
        impact: None,
        priority: Priority::Low,
        requested_priority: None,
        unassessed: true,
        platform: None,
        occur_time: None,
        workstations: Vec::new(),
        checklist: Vec::new(),
        missing_facts: Vec::new(),
        state: TicketState::New,
        state_before_merge: None,
        assignee: None,
        tags: Vec::new(),
        external_id: None,
        origin: Origin::Grpc,
        escalation: None,
        sla: SlaState {
            policy: policy_ref(1),
            facts: Vec::new(),
            first_response: clock,
            resolution: clock,
            continuous_since: None,
        },
        incident: None,
        merged_into: None,
        links: Vec::new(),
        create_time: at(0),
        update_time: at(revision.cast_signed()),
        resolve_time: None,
        parts: Vec::new(),
        comment_count: 0,
        attachment_count: 0,
        last_comment_revision: Revision::ZERO,
        last_public_message: None,
        logs: Vec::new(),
        facets: Facets::default(),
        importing: false,
    }
}

fn facts() -> Vec<Fact> {
    let kinds = [
        FactKind::Created { priority: Priority::Medium, policy: policy_ref(2) },
        FactKind::Priority(Priority::Critical),
        FactKind::Answered,
        FactKind::State(TicketState::WaitingForCustomer),
        FactKind::PolicyApplied(policy_ref(3)),
        FactKind::Breached {
            clock: ClockKind::Resolution,
            due: at(-5),
            at: at(3),
            cause: BreachCause::Policy,
            obligation: Some((Priority::Low, at(-9))),
            told: true,
        },
        FactKind::Breached {
            clock: ClockKind::FirstResponse,
            due: at(1),
            at: at(1),
            cause: BreachCause::Delay,
            obligation: None,
            told: false,
        },
        FactKind::Warned { clock: ClockKind::FirstResponse, priority: Priority::High, percent: 80, start: Some(at(2)) },
        FactKind::Warned { clock: ClockKind::FirstResponse, priority: Priority::High, percent: 50, start: None },
        FactKind::Assigned(true),
        FactKind::Assigned(false),
        FactKind::AgentWrote,
        FactKind::Neglected,
        FactKind::Undone { first_response: None, resolution: Some(BreachCause::Policy) },
    ];
    (0_u64..).zip(kinds).map(|(n, kind)| Fact { at: at(n.cast_signed()), revision: Revision(n), kind }).collect()
}

/// A ticket with everything in it.
pub fn full_ticket(number: u64, revision: u64) -> Ticket {
    let clock = Clock {
        state: ClockState::Paused,
        start: at(1),
        due: Some(at(2)),
        target: Some(Millis::hours(2)),
        remaining: Some(Millis(-3)),
        met: Some(at(4)),
        breach: Some(Breach { at: at(5), cause: BreachCause::Reclassification }),
    };
    Ticket {
        etag_revision: Revision(revision.saturating_sub(1)),
        etag_random: u32::MAX,
        organisation: Some(OrganisationId::new("acme").expect("written here, and well formed")),
        reporter: Reporter { display_name: "Анна".into(), email: "anna@example.com".into() },
        description_revision: Revision(7),
        description_len: 600,
        category: Some(Category::AudioQuality),
        channels: Channel::ALL.to_vec(),
        impact: Some(Impact::SeveralWorkstations),
        priority: Priority::High,
        requested_priority: Some(Priority::Critical),
        unassessed: false,
        platform: Some(Platform::V5),
        occur_time: Some(Timestamp::MIN),
        workstations: vec!["АРМ-1".into(), "ws-2".into()],
        checklist: vec![
            ChecklistItem { step: "restart".into(), done: true, note: "не помогло".into() },
            ChecklistItem { step: "cable".into(), done: false, note: "".into() },
        ],
        missing_facts: MissingFact::ALL.to_vec(),
        state: TicketState::Merged,
        state_before_merge: Some(TicketState::InProgress),
        assignee: Some(agent("olga")),
        tags: vec!["vip".into(), "звук".into()],
        external_id: Some(format!("INC{number:07}").into()),
        origin: Origin::Import,
        escalation: Some(Escalation { rung: 2, since: at(6), reason: "срочно".into() }),
        sla: SlaState {
            policy: policy_ref(4),
            facts: facts(),
            first_response: Clock { state: ClockState::Met, ..clock },
            resolution: clock,
            continuous_since: Some(at(8)),
        },
        incident: Some(TicketNumber(1)),
        merged_into: Some(TicketNumber(2)),
        links: LinkKind::ALL.iter().map(|kind| Link { ticket: TicketNumber(3), kind: *kind }).collect(),
        resolve_time: Some(Timestamp::MAX),
        parts: vec![Part {
            ticket: TicketNumber(20),
            since: Revision(21),
            tags: vec!["vip".into()],
            links: vec![Link { ticket: TicketNumber(22), kind: LinkKind::Related }],
            logs: vec![NearestLog { kind: LogKind::BpClient, attachment: Revision(23), at: None }],
            comments: 24,
            attachments: 25,
            last_public_message: None,
        }],
        comment_count: 9,
        attachment_count: 10,
        last_comment_revision: Revision(11),
        last_public_message: Some(LastMessage {
            revision: Revision(12),
            author: "anna@example.com".into(),
            by_customer: true,
        }),
        logs: LogKind::ALL
            .iter()
            .map(|kind| NearestLog { kind: *kind, attachment: Revision(13), at: Some(at(14)) })
            .chain([NearestLog { kind: LogKind::Other, attachment: Revision(1), at: None }])
            .collect(),
        facets: Facets {
            assignee: Revision(15),
            priority: Revision(16),
            state: Revision(17),
            links: Revision(18),
            tags: Revision(19),
        },
        importing: true,
        ..bare_ticket(number, revision)
    }
}

fn full_edit() -> Edit {
    let ticket = full_ticket(1, 1);
    Edit {
        subject: Some("было".into()),
        description: Some("раньше".into()),
        category: Some(ticket.category),
        channels: Some(ticket.channels),
        platform: Some(ticket.platform),
        requested_priority: Some(ticket.requested_priority),
        occur_time: Some(ticket.occur_time),
        workstations: Some(ticket.workstations),
        checklist: Some(ticket.checklist),
        tags: Some(ticket.tags),
        reporter: Some(ticket.reporter),
        organisation: Some(ticket.organisation),
    }
}

/// Edits that set fields to nothing.
fn empty_edit() -> Edit {
    Edit {
        subject: Some("".into()),
        description: Some("".into()),
        category: Some(None),
        channels: Some(Vec::new()),
        platform: Some(None),
        requested_priority: Some(None),
        occur_time: Some(None),
        workstations: Some(Vec::new()),
        checklist: Some(Vec::new()),
        tags: Some(Vec::new()),
        reporter: Some(Reporter::default()),
        organisation: Some(None),
    }
}

/// A change of each kind, with and without what may be missing.
pub fn changes() -> Vec<Change> {
    let link = Link { ticket: TicketNumber(4), kind: LinkKind::ChildOfIncident };
    let attachment = Attachment {
        file_name: "bpclient.log".into(),
        content_type: "text/plain".into(),
        size: u64::MAX,
        hash: [7; 32],
        log_kind: LogKind::BpClient,
        platform: Some(Platform::V5),
        log_start_time: Some(at(1)),
        modify_time: Some(at(2)),
        from: Some(TicketNumber(5)),
    };
    let bare = Attachment { platform: None, log_start_time: None, modify_time: None, from: None, ..attachment.clone() };
    vec![
        Change::Created { description: Some("не слышно".into()), follows: Some(TicketNumber(5)) },
        Change::Created { description: None, follows: None },
        Change::Updated { previous: Box::new(full_edit()), description: Some("стало".into()) },
        Change::Updated { previous: Box::new(empty_edit()), description: None },
        Change::Updated { previous: Box::default(), description: None },
        Change::Assigned { previous: Some(agent("ivan")) },
        Change::Assigned { previous: None },
        Change::Reprioritised { previous_priority: Priority::Low, previous_impact: Some(Impact::OneWorkstation) },
        Change::Reprioritised { previous_priority: Priority::Critical, previous_impact: None },
        Change::Escalated {
            previous_rung: 1, whom: "директор".into(), reachable: Some(at(3)), automatic: true
        },
        Change::Escalated { previous_rung: 0, whom: "".into(), reachable: None, automatic: false },
        Change::Deescalated { previous_rung: 3 },
        Change::Transitioned { previous: TicketState::Resolved },
        Change::Commented(Comment {
            author: Actor::agent(agent("olga")),
            author_email: Some("anna@example.com".into()),
            visibility: Visibility::Internal,
            body: "ж".repeat(300).into(),
            from: Some(TicketNumber(6)),
        }),
        Change::Commented(Comment {
            author: Actor::SYSTEM,
            author_email: None,
            visibility: Visibility::Public,
            body: "".into(),
            from: None,
        }),
        Change::Merged { source: TicketNumber(6), target: TicketNumber(7) },
        Change::Unmerged { source: TicketNumber(8), target: TicketNumber(9) },
        Change::Linked(link),
        Change::Unlinked(link),
        Change::Attached(attachment),
        Change::Attached(bare),
        Change::SlaWarned { clock: ClockKind::FirstResponse, percent: 50, due: at(4) },
        Change::SlaBreached { clock: ClockKind::Resolution, due: at(5), cause: BreachCause::Delay },
        Change::SlaNeglected { since: at(6) },
        Change::PolicyApplied { previous: policy_ref(5) },
        Change::Undone { revision: Revision(10) },
        Change::ImportFinished,
        Change::ClocksRecomputed {
            previous: Box::new(ClocksBefore {
                policy: policy_ref(6),
                first_response: running(7),
                resolution: running(8),
            }),
        },
    ]
}

/// An actor of each kind.
pub fn actors() -> Vec<Actor> {
    let kinds = [
        ActorKind::Agent(agent("olga")),
        ActorKind::Contact(ContactId::new("anna").expect("written here, and well formed")),
        ActorKind::Address("anna@example.com".into()),
        ActorKind::Integration("crm".into()),
        ActorKind::System,
        ActorKind::Importer("csv".into()),
    ];
    kinds.into_iter().flat_map(|kind| [true, false].map(|verified| Actor { kind: kind.clone(), verified })).collect()
}

fn entry<T>(value: T, revision: u64) -> Entry<T> {
    Entry { value, revision: Revision(revision), create_time: at(1), update_time: at(2) }
}

/// An entry of the directory of each kind, with and without what may be missing.
pub fn directory(revision: u64) -> Vec<DirectoryPut> {
    let organisation = Organisation {
        display_name: "Акме".into(),
        time_zone: "Europe/Moscow".into(),
        platform: Some(Platform::V3),
        policy: Some(policy_ref(1).id),
        language: "ru".into(),
        archived: true,
    };
    let acme = OrganisationId::new("acme").expect("written here, and well formed");
    let bare = OrganisationId::new("bare").expect("written here, and well formed");
    let contact = Contact {
        display_name: "Анна".into(),
        email: "anna@example.com".into(),
        organisation: Some(acme.clone()),
        phone: "+7 000".into(),
        language: "ru".into(),
        archived: false,
    };
    let engineer = Agent {
        display_name: "Ольга".into(),
        email: "olga@example.com".into(),
        time_zone: "Europe/Moscow".into(),
        language: "ru".into(),
        archived: true,
    };
    let view = SavedView {
        display_name: "Горит".into(),
        filter: "priority >= HIGH".into(),
        order_by: "urgency".into(),
        owner: Some(agent("olga")),
        archived: true,
    };
    let snippet = Snippet {
        display_name: "Привет".into(),
        body: "Здравствуйте, {name}".into(),
        language: "ru".into(),
        visibility: Visibility::Public,
        owner: None,
        archived: false,
    };
    let nothing = Organisation { platform: None, policy: None, archived: false, ..organisation.clone() };
    vec![
        DirectoryPut::Organisation(acme, entry(organisation, revision)),
        DirectoryPut::Organisation(bare, entry(nothing, revision)),
        DirectoryPut::Contact(ContactId::new("anna").expect("well formed"), entry(contact, revision)),
        DirectoryPut::Agent(agent("olga"), entry(engineer, revision)),
        DirectoryPut::SavedView(SavedViewId::new("burning").expect("well formed"), entry(view, revision)),
        DirectoryPut::Snippet(SnippetId::new("hello").expect("well formed"), entry(snippet, revision)),
    ]
}

/// A version of a policy with everything in it; as many holidays as asked for.
pub fn policy(version: u32, holidays: usize) -> PolicyDefinition {
    let date = |text: &str| parse_date(text).expect("written here, and well formed");
    let hours = vec![Hours { from: 540, to: 780 }, Hours { from: 840, to: 1440 }];
    let mut calendar = CalendarDefinition::working_days("office", "Europe/Moscow", &hours);
    calendar.version = 3;
    calendar.holidays = vec![date("2026-03-09"); holidays];
    calendar.moved_days = BTreeMap::from([(date("2026-03-07"), 6)]);
    calendar.short_days = BTreeMap::from([(date("2026-03-06"), vec![hours[0]]), (date("2026-12-31"), Vec::new())]);
    let cell = |first_response, resolution| Cell {
        first_response,
        resolution,
        first_response_calendar: "24x7".into(),
        resolution_calendar: "office".into(),
    };
    PolicyDefinition {
        policy: policy_ref(version),
        cells: [
            cell(Target::Open(Length::Days(1)), Target::Open(Length::Days(5))),
            cell(Target::Open(Length::Hours(4)), Target::Open(Length::Hours(16))),
            cell(Target::Open(Length::Minutes(30)), Target::Open(Length::Hours(8))),
            cell(Target::Open(Length::Minutes(15)), Target::Continuous),
        ],
        raise_from: RaiseFrom::Creation,
        update_every: Millis::minutes(60),
        escalate_on_breach: true,
        calendars: vec![calendar, CalendarDefinition::always()],
    }
}

/// An event on a ticket as it stands after.
pub fn event(ticket: Ticket, change: Change) -> Record {
    Record::Ticket(ticket_event(ticket, change))
}

fn ticket_event(ticket: Ticket, change: Change) -> TicketEvent {
    TicketEvent::new(ticket.update_time, Actor::agent(agent("olga")), "".into(), change, Arc::new(ticket))
}

/// A commit that creates a ticket with keys.
pub fn keyed(revision: u64, number: u64, keys: &[(Index, &str)]) -> Arc<Commit> {
    let mut event = ticket_event(bare_ticket(number, revision), Change::Created { description: None, follows: None });
    for (index, key) in keys {
        index.put(&mut event, key);
    }
    commit(revision, vec![Record::Ticket(event)])
}

/// A commit of these records, with a request of its own.
pub fn commit(revision: u64, records: Vec<Record>) -> Arc<Commit> {
    let request = RequestRecord { key: request_key(revision), content: [revision as u8; 16], answer: vec![1, 2, 3] };
    Arc::new(Commit { revision: Revision(revision), at: at(revision.cast_signed()), records, request: Some(request) })
}

/// The request of the commit with that revision.
pub fn request_key(revision: u64) -> RequestKey {
    let mut key = [0; 16];
    key.copy_from_slice(&blake3::hash(&revision.to_le_bytes()).as_bytes()[..16]);
    RequestKey(key)
}

/// A commit that creates a ticket.
pub fn create(revision: u64, number: u64) -> Arc<Commit> {
    let change = Change::Created { description: Some("описание".into()), follows: None };
    commit(revision, vec![event(full_ticket(number, revision), change)])
}

/// A commit that changes a ticket.
pub fn change(revision: u64, number: u64) -> Arc<Commit> {
    let mut ticket = full_ticket(number, revision);
    ticket.subject = format!("заявка {number} в ревизии {revision}").into();
    commit(revision, vec![event(ticket, Change::Deescalated { previous_rung: 1 })])
}

/// Appends where a store stands, in its epoch.
///
/// # Errors
/// Those of [`Store::append`].
pub fn append(store: &impl Store, commits: &[Arc<Commit>]) -> Result<(), AppendError> {
    store.append(store.epoch(), store.position().newest, commits)
}
