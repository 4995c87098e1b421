//! A desk in memory for tests: keeps tickets and events, finds what a change needs, checks every event.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::command::{Change, NewTicket};
use crate::decide::{self, Context, Directory, Needs, Other, Others, Refusal, Rules};
use crate::event::{self, TicketEvent};
use crate::model::{
    Actor, Agent, AgentId, Contact, ContactId, Entry, Organisation, OrganisationId, Origin, Platform, Reporter,
    Revision, Ticket, TicketNumber, Visibility,
};
use crate::time::{Millis, Timestamp};

/// Who is known: agents olga and ivan (max is archived), the organisation acme on 5.x, its contact anna.
#[derive(Default)]
pub(super) struct People {
    pub(super) organisations: HashMap<OrganisationId, Organisation>,
}

fn entry<T>(value: T) -> Arc<Entry<T>> {
    let at = Timestamp::from_millis(0);
    Arc::new(Entry { value, revision: Revision(1), create_time: at, update_time: at })
}

impl Directory for People {
    fn organisation(&self, id: &OrganisationId) -> Option<Arc<Entry<Organisation>>> {
        self.organisations.get(id).cloned().map(entry)
    }

    fn agent(&self, id: &AgentId) -> Option<Arc<Entry<Agent>>> {
        ["olga", "ivan", "max"].contains(&id.as_str()).then(|| {
            entry(Agent {
                display_name: id.as_str().into(),
                email: "agent@example.com".into(),
                time_zone: "Europe/Moscow".into(),
                language: "ru".into(),
                archived: id.as_str() == "max",
            })
        })
    }

    fn contact_by_email(&self, email: &str) -> Option<(ContactId, Arc<Entry<Contact>>)> {
        email.eq_ignore_ascii_case("anna@example.com").then(|| {
            let contact = Contact {
                display_name: "Анна".into(),
                email: "anna@example.com".into(),
                organisation: Some(OrganisationId::new("acme").unwrap()),
                phone: "".into(),
                language: "ru".into(),
                archived: false,
            };
            (ContactId::new("anna").unwrap(), entry(contact))
        })
    }
}

pub(super) struct Desk {
    pub(super) rules: Rules,
    pub(super) people: People,
    pub(super) now: Timestamp,
    pub(super) actor: Actor,
    pub(super) importing: bool,
    pub(super) tickets: BTreeMap<TicketNumber, Arc<Ticket>>,
    pub(super) log: Vec<(Revision, TicketEvent)>,
    revision: Revision,
}

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

pub(super) fn agent(id: &str) -> AgentId {
    AgentId::new(id).unwrap()
}

pub(super) fn new_ticket() -> NewTicket {
    NewTicket {
        organisation: None,
        reporter: Reporter { display_name: "".into(), email: "anna@example.com".into() },
        subject: "Нет звука".into(),
        description: Some("Не слышно собеседника".into()),
        category: None,
        channels: Vec::new(),
        impact: None,
        requested_priority: None,
        platform: None,
        occur_time: None,
        workstations: Vec::new(),
        checklist: Vec::new(),
        assignee: None,
        tags: Vec::new(),
        external_id: None,
        origin: Origin::Grpc,
    }
}

pub(super) fn says(visibility: Visibility, author: Option<&str>) -> Change {
    Change::Comment {
        body: "Здравствуйте".into(), visibility, author: author.map(Into::into), seen_through: None
    }
}

pub(super) const N1: TicketNumber = TicketNumber(1);
pub(super) const N2: TicketNumber = TicketNumber(2);

impl Desk {
    pub(super) fn new() -> Self {
        let acme = Organisation {
            display_name: "Ромашка".into(),
            time_zone: "Europe/Moscow".into(),
            platform: Some(Platform::V5),
            policy: None,
            language: "ru".into(),
            archived: false,
        };
        Self {
            rules: Rules::builtin(),
            people: People { organisations: [(OrganisationId::new("acme").unwrap(), acme)].into() },
            now: at("2026-03-02T09:00:00Z"),
            actor: Actor::agent(agent("olga")),
            importing: false,
            tickets: BTreeMap::new(),
            log: Vec::new(),
            revision: Revision::ZERO,
        }
    }

    pub(super) fn pass(&mut self, length: Millis) {
        self.now = self.now + length;
    }

    pub(super) fn ticket(&self, number: TicketNumber) -> &Ticket {
        &self.tickets[&number]
    }

    fn context(&self) -> Context<'_> {
        Context {
            now: self.now,
            revision: self.revision.next(),
            actor: &self.actor,
            next_number: TicketNumber(self.tickets.len() as u64 + 1),
            random: 7,
            rules: &self.rules,
            directory: &self.people,
            importing: self.importing,
        }
    }

    pub(super) fn create(&mut self, new: &NewTicket) -> Result<Vec<TicketEvent>, Refusal> {
        let events = decide::create(new, &self.context())?;
        Ok(self.commit(events))
    }

    pub(super) fn change(&mut self, number: TicketNumber, change: &Change) -> Result<Vec<TicketEvent>, Refusal> {
        let events = self.decide(number, change)?;
        Ok(self.commit(events))
    }

    /// Changes of one ticket under one revision.
    #[track_caller]
    pub(super) fn together(&mut self, number: TicketNumber, changes: &[Change]) -> Revision {
        let (before, at) = (self.revision, self.revision.next());
        for change in changes {
            self.revision = before;
            let events = self.decide(number, change).unwrap();
            self.commit(events);
        }
        at
    }

    fn decide(&self, number: TicketNumber, change: &Change) -> Result<Vec<TicketEvent>, Refusal> {
        let ticket = self.tickets.get(&number).cloned().ok_or(Refusal::NoTicket(number))?;
        let mut others = Others::default();
        let needed = match decide::needs(&ticket, change) {
            Needs::Nothing => Vec::new(),
            Needs::Ticket(other) => vec![other],
            Needs::Undone(revision, facet) => {
                let on_it = self.log.iter().filter(|(r, event)| *r == revision && event.ticket.number == number);
                others.undone = on_it.map(|(_, event)| event.clone()).collect();
                decide::undo_needs(&others.undone, facet)
            }
        };
        let find = |number| Ok::<_, Refusal>(self.tickets.get(&number).cloned());
        others.above = decide::above(&ticket, find).unwrap();
        let found = needed.iter().filter_map(|number| self.tickets.get(number).cloned());
        let other = |ticket: Arc<Ticket>| Other { above: decide::above(&ticket, find).unwrap(), ticket };
        others.tickets = found.map(other).collect();
        decide::change(&ticket, change, &others, &self.context())
    }

    #[track_caller]
    pub(super) fn done(&mut self, number: TicketNumber, change: &Change) -> Arc<Ticket> {
        let events = self.change(number, change).unwrap();
        events.into_iter().rev().find(|event| event.ticket.number == number).unwrap().ticket
    }

    fn commit(&mut self, events: Vec<TicketEvent>) -> Vec<TicketEvent> {
        assert!(!events.is_empty());
        self.revision = self.revision.next();
        for event in &events {
            self.check(event);
            self.tickets.insert(event.ticket.number, Arc::clone(&event.ticket));
            self.log.push((self.revision, event.clone()));
        }
        events
    }

    /// What holds for every event.
    fn check(&self, event: &TicketEvent) {
        let ticket = &event.ticket;
        assert_eq!(ticket.revision, self.revision);
        assert_eq!(ticket.update_time, event.at);
        assert_eq!(ticket.state == crate::model::TicketState::Merged, ticket.merged_into.is_some());
        assert_eq!(ticket.missing_facts, decide::missing_facts(ticket));
        let again = crate::sla::SlaState::from_facts(ticket.sla.facts.clone(), &self.rules.policies).unwrap();
        assert_eq!(again, ticket.sla, "the clocks are what their facts give");
        let parent = ticket.links.iter().find(|l| l.kind == crate::model::LinkKind::ChildOfIncident);
        assert_eq!(parent.map(|l| l.ticket), ticket.incident);
        let Some(before) = self.tickets.get(&ticket.number) else {
            assert!(matches!(event.change, event::Change::Created { .. }));
            return;
        };
        assert!(event.at >= before.update_time);
        for kind in [crate::sla::ClockKind::FirstResponse, crate::sla::ClockKind::Resolution] {
            let breach = before.sla.clock(kind).breach;
            assert!(breach.is_none() || breach == ticket.sla.clock(kind).breach, "a breach is never erased");
        }
        let commented = matches!(event.change, event::Change::Commented(_));
        assert_eq!(ticket.own_comments(), before.own_comments() + u32::from(commented));
        let attached = matches!(event.change, event::Change::Attached(_));
        assert_eq!(ticket.own_attachments(), before.own_attachments() + u32::from(attached));
        if settable(before) == settable(ticket) {
            let stays = ticket.etag() == before.etag();
            let told = !matches!(
                event.change,
                event::Change::Commented(_)
                    | event::Change::SlaWarned { .. }
                    | event::Change::SlaBreached { .. }
                    | event::Change::SlaNeglected { .. }
                    | event::Change::ImportFinished
            );
            assert!(stays || told, "{:?}", event.change);
        } else {
            assert_eq!(ticket.etag_revision, self.revision, "{:?}", event.change);
        }
    }
}

/// The ticket with nothing but what a caller can set.
fn settable(ticket: &Ticket) -> impl PartialEq + use<> {
    let t = ticket.clone();
    (
        (t.organisation, t.reporter, t.subject, t.description_revision, t.category, t.channels, t.impact, t.priority),
        (t.requested_priority, t.platform, t.occur_time, t.workstations, t.checklist, t.state, t.assignee, t.tags),
        (t.escalation, t.incident, t.merged_into, t.links),
    )
}
