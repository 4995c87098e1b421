//! What no sequence of keys, batches, gaps, late answers and resizes may break.

use std::collections::{BTreeSet, HashMap};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use opora_proto::error::ErrorReason;
use opora_proto::v1::{self, Priority, TicketState, Visibility, ticket_event::Change as Event};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::dialog::Dialog;
use crate::drafts::{Draft, DraftKey};
use crate::model::Model;
use crate::msg::{
    Batch, Board, Call, Completed, Done, Effect, Found, Msg, Net, Older, PathFault, Tagged, Trouble, What,
};
use crate::presence::Told;
use crate::testing::{NOW, agent, comment, happened, sample, ticket, time};
use crate::texts::Language;
use crate::theme::Theme;
use crate::update::{settle, update};
use crate::view::view;

/// Something that happens, before it is known to which request it belongs.
#[derive(Clone, Debug)]
enum Step {
    Key(KeyEvent),
    Click(u16, u16),
    Drag(u16, u16),
    Paste(String),
    Resize(u16, u16),
    Time(i64),
    Events(Vec<(u64, i64, u8)>),
    Set(Vec<(u64, i64)>, bool),
    Offline,
    /// Answers the n-th of the calls that wait, well or badly.
    Answer(usize, bool),
    /// Colleagues come, move, or all go.
    Others(Vec<(u8, u64, i32)>, bool),
    /// An answer to a request that was never made.
    Stray(u64, u64),
}

fn key() -> impl Strategy<Value = KeyEvent> {
    let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGIJKLMOPRSTUVX/:?!*+-^йцукенгшоладж.,№ #1  ";
    prop_oneof![
        8 => prop::sample::select(letters.chars().collect::<Vec<_>>()).prop_map(|c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)),
        2 => prop::sample::select("dfuecgnpвtw".chars().collect::<Vec<_>>()).prop_map(|c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)),
        2 => prop::sample::select("12345".chars().collect::<Vec<_>>()).prop_map(|c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)),
        4 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Up, KeyCode::Down, KeyCode::Left, KeyCode::Right,
            KeyCode::PageUp, KeyCode::PageDown, KeyCode::Home, KeyCode::End, KeyCode::Backspace, KeyCode::Delete, KeyCode::F(1),
        ]).prop_map(|code| KeyEvent::new(code, KeyModifiers::NONE)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let number = || 1_u64..12;
    prop_oneof![
        12 => key().prop_map(Step::Key),
        1 => (0_u16..200, 0_u16..60).prop_map(|(x, y)| Step::Click(x, y)),
        1 => (0_u16..200, 0_u16..60).prop_map(|(x, y)| Step::Drag(x, y)),
        1 => "\\PC{0,20}".prop_map(Step::Paste),
        1 => (1_u16..220, 1_u16..70).prop_map(|(w, h)| Step::Resize(w, h)),
        1 => (-10_000_i64..100_000_000).prop_map(Step::Time),
        4 => prop::collection::vec((number(), -50_i64..50, 0_u8..6), 0..6).prop_map(Step::Events),
        1 => (prop::collection::vec((number(), -50_i64..50), 0..8), any::<bool>()).prop_map(|(rows, synced)| Step::Set(rows, synced)),
        1 => Just(Step::Offline),
        4 => (0_usize..4, any::<bool>()).prop_map(|(at, well)| Step::Answer(at, well)),
        2 => (prop::collection::vec((0_u8..4, number(), 0_i32..4), 0..4), any::<bool>()).prop_map(|(all, whole)| Step::Others(all, whole)),
        1 => (number(), 0_u64..20).prop_map(|(number, generation)| Step::Stray(number, generation)),
    ]
}

fn ticket_due(number: u64, due: i64) -> v1::Ticket {
    let mut ticket = ticket(number, "Нет звука", Priority::High, if due % 2 == 0 { "" } else { "ivan" });
    let clock = v1::Clock {
        state: v1::ClockState::Running.into(),
        start_time: time(NOW - 3_600_000),
        due_time: time(NOW + due * 60_000),
        ..Default::default()
    };
    ticket.sla = Some(v1::TicketSla { resolution: Some(clock), ..Default::default() });
    if due % 3 == 0 {
        ticket.escalation = Some(v1::Escalation { rung: 1 + (due % 2).unsigned_abs() as u32, ..Default::default() });
    }
    if due % 5 == 0 {
        ticket.incident = "tickets/3".into();
    }
    ticket
}

/// The world around the model: the calls that wait, and the drafts and changes on disk.
struct World {
    model: Model,
    calls: Vec<Call>,
    disk: HashMap<DraftKey, Draft>,
    queued: BTreeSet<String>,
    revision: u64,
}

impl World {
    fn messages(&mut self, step: Step) -> Vec<Msg> {
        match step {
            Step::Key(event) => vec![Msg::Key(event)],
            Step::Click(column, row) => vec![Msg::Mouse(MouseEvent {
                kind: MouseEventKind::Down(MouseButton::Left),
                column,
                row,
                modifiers: KeyModifiers::NONE,
            })],
            Step::Drag(column, row) => vec![Msg::Mouse(MouseEvent {
                kind: MouseEventKind::Drag(MouseButton::Left),
                column,
                row,
                modifiers: KeyModifiers::NONE,
            })],
            Step::Paste(text) => vec![Msg::Paste(text)],
            Step::Resize(width, height) => vec![Msg::Resize(width, height)],
            Step::Time(by) => vec![Msg::Now(self.model.now + by)],
            Step::Events(events) => vec![self.events(events)],
            Step::Set(rows, synced) => {
                let rows =
                    rows.iter().map(|(n, due)| crate::queue::row::Row::of(&ticket_due(*n, *due), "Вектор")).collect();
                vec![
                    Msg::Net(Net::Set),
                    Msg::Net(Net::Batch(Batch { revision: self.revision, rows, events: vec![], synced })),
                ]
            }
            Step::Offline => {
                vec![Msg::Net(Net::Offline { why: String::new(), retry_at: self.model.now + 250, foreign: false })]
            }
            Step::Others(all, whole) => {
                let here = all.into_iter().map(|(who, number, activity)| crate::presence::Here {
                    session: who.to_string(),
                    who: if who == 0 { "olga".into() } else { format!("agent-{who}") },
                    number: Some(number),
                    activity: v1::PresenceActivity::try_from(activity).unwrap_or_default(),
                });
                let here: Vec<_> = here.collect();
                let told = if whole { Told::Everybody(here) } else { Told::Moved(here, vec!["1".into()]) };
                vec![Msg::Net(Net::Presence(told))]
            }
            Step::Stray(number, generation) => {
                vec![Msg::Net(Net::Detail { number, generation, result: Err(Trouble::default()) })]
            }
            Step::Answer(at, well) => self.answer(at, well).into_iter().collect(),
        }
    }

    fn events(&mut self, events: Vec<(u64, i64, u8)>) -> Msg {
        self.revision += 1;
        let events = events.into_iter().map(|(number, due, kind)| {
            let mut ticket = ticket_due(number, due);
            let change = match kind {
                0 => Event::Created(v1::TicketCreated::default()),
                1 => Event::Commented(v1::CommentAdded {
                    comment: Some(comment(number, self.revision, agent("ivan"), Visibility::Public, "Да")),
                }),
                2 => Event::Assigned(v1::TicketAssigned::default()),
                _ => Event::Transitioned(v1::TicketTransitioned::default()),
            };
            let left = kind == 5;
            if left {
                ticket.state = TicketState::Resolved.into();
            }
            happened(ticket, "Вектор", self.revision, "ivan", change, left)
        });
        Msg::Net(Net::Batch(Batch { revision: self.revision, rows: vec![], events: events.collect(), synced: false }))
    }

    fn answer(&mut self, at: usize, well: bool) -> Option<Msg> {
        if at >= self.calls.len() {
            return None;
        }
        let reason = [ErrorReason::UnseenMessage, ErrorReason::EtagMismatch, ErrorReason::TicketState].get(at).copied();
        let bad = || Trouble { reason, unreachable: reason.is_none(), ..Trouble::default() };
        Some(Msg::Net(match self.calls.remove(at) {
            Call::Detail { number, generation } => {
                Net::Detail { number, generation, result: if well { Ok(Box::default()) } else { Err(bad()) } }
            }
            Call::Preview { number, generation } => {
                Net::Preview { number, generation, result: if well { Ok(vec![]) } else { Err(bad()) } }
            }
            Call::Explain { number, generation } => {
                Net::Explained { number, generation, result: if well { Ok(Box::default()) } else { Err(bad()) } }
            }
            Call::Snippets => Net::Snippets(if well { Ok(vec![]) } else { Err(bad()) }),
            Call::Organisations => Net::Organisations(if well { Ok(vec![]) } else { Err(bad()) }),
            Call::Presence(_) => return None,
            Call::Search { generation, .. } => {
                let rows = (1..6).map(|n| crate::queue::row::Row::of(&ticket_due(n * 3, 1), "Вектор")).collect();
                let found = Found { rows, next: if at == 0 { "next".into() } else { String::new() } };
                Net::Found { generation, result: if well { Ok(found) } else { Err(bad()) } }
            }
            Call::Incident { number, generation } => {
                let row = |n, due| crate::queue::row::Row::of(&ticket_due(n, due), "Вектор");
                let board =
                    Board { parent: row(number, 1), children: (1..4).map(|n| row(n, 5)).collect(), more: false };
                Net::Incident { generation, result: if well { Ok(Box::new(board)) } else { Err(bad()) } }
            }
            Call::Ended { generation } => {
                let rows = (1..6).map(|n| crate::queue::row::Row::of(&ticket_due(n, 1), "Вектор")).collect();
                Net::Ended { generation, result: if well { Ok(rows) } else { Err(bad()) } }
            }
            Call::Older { number, generation, .. } => {
                let older = Older::Events(vec![v1::TicketEvent::default()], String::new());
                Net::Older { number, generation, result: if well { Ok(Box::new(older)) } else { Err(bad()) } }
            }
            Call::Files { number, generation } => {
                Net::Files { number, generation, result: if well { Ok(vec![]) } else { Err(bad()) } }
            }
            Call::Tags { numbers, generation } => {
                let tagged = |number| Tagged { number, etag: "e".into(), tags: vec!["sip".into()] };
                let result = if well { Ok(numbers.into_iter().map(tagged).collect()) } else { Err(bad()) };
                Net::Tags { generation, result }
            }
            Call::Look { typed, generation, .. } => {
                Net::Looked { generation, result: if well { Ok(typed) } else { Err(PathFault::Missing) } }
            }
            Call::Complete { typed, generation } => {
                let completed = Completed { line: format!("{typed}x"), names: vec!["x1".into(), "x2".into()] };
                Net::Completed { generation, completed }
            }
            Call::Ladder => {
                Net::Ladder(if well { vec![v1::LadderRung { rung: 9, ..Default::default() }] } else { vec![] })
            }
            Call::Suggestions => {
                let kind = v1::SuggestionKind::Incident.into();
                let one = v1::Suggestion {
                    kind,
                    tickets: vec!["tickets/1".into(), "tickets/2".into()],
                    ..Default::default()
                };
                Net::Suggested(if well { Ok(vec![one]) } else { Err(bad()) })
            }
            Call::Fetch { to, .. } => Net::Fetched(if well { Ok(to) } else { Err(bad()) }),
            Call::Change(change) => {
                let fate = |n: u64| (n, if n.is_multiple_of(3) { Err(bad()) } else { Ok("e".to_owned()) });
                let each = match &change.what {
                    What::Many(targets, _) => targets.iter().map(|target| fate(target.number)).collect(),
                    _ => Vec::new(),
                };
                let done = Done { number: change.number, revision: self.revision + 1, each, ..Done::default() };
                Net::Done { request_id: change.request_id, result: if well { Ok(done) } else { Err(bad()) } }
            }
        }))
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Call(call) => self.calls.push(call),
                Effect::SaveDraft(key, draft) => drop(self.disk.insert(key, draft)),
                Effect::DeleteDraft(key) => drop(self.disk.remove(&key)),
                Effect::Queue(queued) => drop(self.queued.insert(queued.file_name())),
                Effect::Unqueue(name) => drop(self.queued.remove(&name)),
                _ => {}
            }
        }
    }
}

/// What stands in the open text field, where it is more than blanks.
fn typed(model: &Model) -> Option<(DraftKey, String)> {
    match &model.dialog {
        Some(Dialog::ReplyToAll(reply)) if !reply.area.is_blank() => {
            Some((DraftKey::All(reply.parent), reply.area.text()))
        }
        Some(Dialog::Write(write)) if !write.area.is_blank() => Some((write.draft(), write.area.text())),
        _ => None,
    }
}

proptest! {
    #[test]
    fn nothing_that_happens_breaks_the_console(steps in prop::collection::vec(step(), 0..80)) {
        let model = sample(Language::En, Theme::Dark, (120, 24));
        let mut world = World { model, calls: vec![], disk: HashMap::new(), queued: BTreeSet::new(), revision: 48_211 };
        for step in steps {
            for msg in world.messages(step) {
                let network = matches!(msg, Msg::Net(_));
                let cursor = world.model.queue.cursor();
                let subject = world.model.subject().map(|row| row.number);
                let before = world.model.drafts.clone();
                let done = matches!(&msg, Msg::Net(Net::Done { result: Ok(_), .. }) | Msg::Key(_) | Msg::Paste(_));
                let may_end = matches!(&msg, Msg::Net(Net::Done { .. }) | Msg::Key(_));
                let kept = world.queued.clone();
                let mut effects = update(&mut world.model, msg);
                effects.extend(settle(&mut world.model));
                world.perform(effects);
                let model = &world.model;
                let waiting: BTreeSet<String> = model.outbox.entries().iter().map(|entry| entry.queued.file_name()).collect();
                prop_assert_eq!(&waiting, &world.queued, "what waits for an answer is not what is on disk");
                prop_assert!(may_end || kept.is_subset(&waiting), "a change was lost");
                prop_assert!(model.queue.marks.iter().all(|number| model.queue.rows.get(number).is_some()), "a mark is on no ticket");
                if network && cursor.is_some() {
                    prop_assert_eq!(model.queue.cursor(), cursor, "the network moved the cursor");
                }
                if network && subject.is_some() {
                    prop_assert_eq!(model.subject().map(|row| row.number), subject, "the network changed the ticket that is acted on");
                }
                prop_assert!(model.queue.is_as_filtered(), "the rows shown are not those that match");
                if let Some(number) = model.queue.cursor() {
                    prop_assert!(model.queue.position(number).is_some(), "the cursor's ticket is not shown");
                    prop_assert!(model.queue.row(number).is_some(), "the cursor is neither on a row nor on a ghost");
                }
                if let Some((key, text)) = typed(model) {
                    prop_assert_eq!(model.drafts.get(key).map(|d| d.text.clone()), Some(text.clone()), "a typed text is no draft");
                    prop_assert_eq!(world.disk.get(&key).map(|d| d.text.clone()), Some(text), "a typed text is not on disk");
                }
                if !done {
                    for key in (1..12).flat_map(|n| [DraftKey::Reply(n), DraftKey::Note(n), DraftKey::All(n), DraftKey::Description(n)]).chain([DraftKey::Create]) {
                        let kept = |d: &crate::drafts::Drafts| d.get(key).map(|d| d.text.clone());
                        prop_assert_eq!(kept(&before), kept(&model.drafts), "a draft was lost");
                    }
                }
                let mut order: Vec<u64> = (0..model.queue.len()).filter_map(|at| model.queue.at(at)).collect();
                prop_assert_eq!(order.len(), model.queue.len());
                order.sort_unstable();
                order.dedup();
                prop_assert_eq!(order.len(), model.queue.len(), "a ticket is shown twice");
                let (width, height) = model.size;
                let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
                terminal.draw(|frame| view(model, frame)).unwrap();
            }
        }
    }
}
