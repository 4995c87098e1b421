//! The desk through its public face, on a store in memory and with a clock in the test's hand.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::await_holding_lock,
    reason = "a test: it fails by panicking, its tasks end with it, and the lock is what keeps the writer waiting"
)]

mod clocks;
mod compose;
mod durable;
mod engine;
mod following;
mod memory;
mod merged;
mod queue;
mod recompute;
mod scans;
mod search;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use opora_core::command::{Change, NewTicket};
use opora_core::filter::Filter;
use opora_core::model::{Actor, AgentId, Impact, Origin, Reporter, Ticket, TicketNumber, TicketState, Visibility};
use opora_core::time::Timestamp;
use opora_server::call::Call;
use opora_server::desk::{Desk, DeskOptions};
use opora_server::engine::{
    Action, Answer, Clock, DirectoryCommand, DirectoryEdit, Done, Refused, Submission, TicketRef,
};
use opora_store::{RequestKey, Store};
use parking_lot::Mutex;

use memory::Memory;

/// 2026-03-02 09:00 UTC, where the examples of the domain begin.
pub(crate) const NINE: i64 = 1_772_442_000_000;

/// A clock in the test's hand: milliseconds of the wall and of the machine.
pub(crate) struct Hands(Mutex<(i64, u64)>);

impl Hands {
    /// Real time passes.
    pub(crate) fn pass(&self, minutes: i64) {
        let mut hands = self.0.lock();
        hands.0 += minutes * 60_000;
        hands.1 += minutes.unsigned_abs() * 60_000;
    }

    /// Somebody sets the wall clock.
    pub(crate) fn set_wall(&self, minutes: i64) {
        self.0.lock().0 += minutes * 60_000;
    }
}

impl Clock for Hands {
    fn wall(&self) -> Timestamp {
        Timestamp::from_millis(self.0.lock().0)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.lock().1)
    }
}

/// A desk with what it stands on.
pub(crate) struct Bench {
    pub(crate) desk: Desk,
    pub(crate) store: Arc<Memory>,
    pub(crate) hands: Arc<Hands>,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) search: bool,
    pub(crate) timers: bool,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(false, false, 4_096)
    }

    pub(crate) fn with(search: bool, timers: bool, max_waiting: usize) -> Self {
        let store = Arc::new(Memory::default());
        let hands = Arc::new(Hands(Mutex::new((NINE, 1_000_000))));
        let dir = tempfile::tempdir().unwrap();
        let options = DeskOptions {
            clock: hands.clone(),
            max_waiting,
            search,
            timers,
            watch_patience: Duration::from_millis(200),
            ..DeskOptions::new(dir.path().to_owned())
        };
        let desk = Desk::open(store.clone(), options).unwrap();
        Self { desk, store, hands, dir, search, timers }
    }

    /// Stops the desk and opens it again on the same store and directory.
    pub(crate) async fn restart(&mut self) {
        self.desk.stop().await.unwrap();
        self.open_again();
    }

    /// As after a crash: the old desk is left as it is.
    pub(crate) fn open_again(&mut self) {
        let options = DeskOptions {
            clock: self.hands.clone(),
            search: self.search,
            timers: self.timers,
            ..DeskOptions::new(self.dir.path().to_owned())
        };
        self.desk = Desk::open(self.store.clone() as Arc<dyn Store>, options).unwrap();
    }

    pub(crate) async fn create(&self, subject: &str) -> Arc<Ticket> {
        ticket(self.desk.submit(creating(subject, None)).await.unwrap())
    }

    pub(crate) async fn change(&self, number: TicketNumber, change: Change) -> Result<Done, Refused> {
        self.desk.submit(changing(number, change)).await
    }

    pub(crate) async fn transition(&self, number: TicketNumber, state: TicketState) -> Arc<Ticket> {
        ticket(self.change(number, Change::Transition { state, reason: "".into() }).await.unwrap())
    }

    pub(crate) async fn comment(&self, number: TicketNumber, body: &str) -> Arc<Ticket> {
        let visibility = Visibility::Internal;
        let comment = Change::Comment { body: body.into(), visibility, author: None, seen_through: None };
        ticket(self.change(number, comment).await.unwrap())
    }

    /// An agent that tickets can be given to.
    pub(crate) async fn agent(&self, id: &str) -> AgentId {
        let id = AgentId::new(id).unwrap();
        self.desk.submit(submission(Action::Directory(Box::new(new_agent(&id))))).await.unwrap();
        id
    }
}

pub(crate) fn new_agent(id: &AgentId) -> DirectoryCommand {
    let value = opora_core::model::Agent {
        display_name: id.as_str().into(),
        email: "".into(),
        time_zone: "UTC".into(),
        language: "en".into(),
        archived: false,
    };
    let put = DirectoryEdit::Agent(id.clone(), Arc::new(move |_| value.clone()));
    DirectoryCommand { create: true, etag: None, put }
}

pub(crate) fn olga() -> Actor {
    Actor::agent(AgentId::new("olga").unwrap())
}

pub(crate) fn new_ticket(subject: &str) -> NewTicket {
    NewTicket {
        organisation: None,
        reporter: Reporter { display_name: "Анна".into(), email: "anna@example.com".into() },
        subject: subject.into(),
        description: None,
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

pub(crate) fn felt(subject: &str, impact: Impact) -> Submission {
    submission(Action::Create(Box::new(NewTicket { impact: Some(impact), ..new_ticket(subject) })))
}

pub(crate) fn submission(action: Action) -> Submission {
    Submission { actor: olga(), request: None, import_time: None, action }
}

pub(crate) fn creating(subject: &str, request: Option<(u8, u8)>) -> Submission {
    let request = request.map(|(key, content)| (RequestKey([key; 16]), [content; 16]));
    Submission { request, ..submission(Action::Create(Box::new(new_ticket(subject)))) }
}

pub(crate) fn changing(number: TicketNumber, change: Change) -> Submission {
    submission(Action::Change { ticket: TicketRef::Number(number), etag: None, change })
}

pub(crate) fn ticket(done: Done) -> Arc<Ticket> {
    match done.answer {
        Answer::Ticket(ticket, _) => ticket,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn filter(text: &str) -> Arc<Filter> {
    Arc::new(Filter::parse(text).unwrap())
}

/// Waits for something that another thread does, as long as it takes; a test that waits in vain is ended by its runner.
pub(crate) async fn until(mut reached: impl FnMut() -> bool) {
    while !reached() {
        tokio::task::yield_now().await;
        std::thread::yield_now();
    }
}
