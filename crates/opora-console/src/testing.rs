//! What the tests of this crate share: rows, tickets and a model with a queue, all invented.

use jiff::tz::TimeZone;
use opora_proto::v1::{self, Priority, TicketState};
use prost_types::Timestamp;

use crate::clock::{HOUR, MINUTE};
use crate::model::{Model, Start};
use crate::msg::{Agent, Batch, Happened, Loaded, Msg, Net};
use crate::queue::row::Row;
use crate::texts::{Language, Texts};
use crate::theme::Theme;
use crate::update::{settle, update};

/// 2026-03-02 11:02 UTC: 14:02 in Moscow.
pub(crate) const NOW: i64 = 1_772_449_320_000;

#[expect(clippy::unnecessary_wraps, reason = "fields of messages are optional")]
pub(crate) fn time(ms: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds: ms.div_euclid(1000), nanos: (ms.rem_euclid(1000) * 1_000_000) as i32 })
}

/// A row with a due time, milliseconds.
pub(crate) fn row_due(number: u64, due: i64) -> Row {
    let mut ticket = ticket(number, "Не входит оператор", Priority::Medium, "");
    let running = clock(v1::ClockState::Running, 0, Some(due));
    ticket.sla = Some(v1::TicketSla { resolution: Some(running), ..Default::default() });
    Row::of(&ticket, "Вектор")
}

pub(crate) fn row(number: u64, subject: &str, customer: &str, priority: Priority, owner: &str) -> Row {
    Row::of(&ticket(number, subject, priority, owner), customer)
}

/// A ticket without clocks.
pub(crate) fn ticket(number: u64, subject: &str, priority: Priority, owner: &str) -> v1::Ticket {
    v1::Ticket {
        name: format!("tickets/{number}"),
        number,
        revision: number,
        etag: format!("e{number}"),
        subject: subject.to_owned(),
        priority: priority.into(),
        state: if owner.is_empty() { TicketState::New } else { TicketState::InProgress }.into(),
        assignee: if owner.is_empty() { String::new() } else { format!("agents/{owner}") },
        create_time: time(NOW - 18 * MINUTE),
        ..Default::default()
    }
}

fn clock(state: v1::ClockState, start: i64, due: Option<i64>) -> v1::Clock {
    v1::Clock { state: state.into(), start_time: time(start), due_time: due.and_then(time), ..Default::default() }
}

#[expect(clippy::unnecessary_wraps, reason = "fields of messages are optional")]
fn sla(first: v1::Clock, resolution: v1::Clock) -> Option<v1::TicketSla> {
    Some(v1::TicketSla {
        policy: "policies/default@1".into(),
        first_response: Some(first),
        resolution: Some(resolution),
    })
}

/// The tickets of the samples, with clocks in all states.
pub(crate) fn sample_tickets() -> Vec<(v1::Ticket, &'static str)> {
    use v1::ClockState::{Continuous, Met, Paused, Running};
    let met =
        || v1::Clock { met_time: time(NOW - 11 * MINUTE), ..clock(Met, NOW - 18 * MINUTE, Some(NOW + 12 * MINUTE)) };
    let mut down = ticket(1042, "Нет входящих звонков на всех операторах", Priority::Critical, "olga");
    down.sla = sla(met(), clock(Continuous, NOW - 18 * MINUTE, None));
    down.platform = v1::Platform::V5.into();
    down.description = "С 13:40 не проходит ни один входящий звонок.\u{1b}[2J".into();
    down.reporter =
        Some(v1::Reporter { display_name: "Анна (Ромашка)".into(), email: "anna@example.com".into() });
    down.missing_facts = vec![v1::MissingFact::LogBrowserHost.into()];
    down.requested_priority = Priority::High.into();
    let mut cuts = ticket(1039, "Отключает раз в 10 минут", Priority::High, "");
    cuts.sla = sla(
        clock(Running, NOW - 33 * MINUTE, Some(NOW + 12 * MINUTE)),
        clock(Running, NOW - 33 * MINUTE, Some(NOW + 23 * HOUR)),
    );
    let mut late = ticket(1021, "Плохо слышно на линии 2", Priority::High, "olga");
    let breach = v1::Clock {
        breach_time: time(NOW - 130 * MINUTE),
        ..clock(Running, NOW - 26 * HOUR, Some(NOW - 130 * MINUTE))
    };
    late.sla = sla(met(), breach);
    let mut sign_in = ticket(1040, "Не входит оператор 14 \u{202e}на рабочее место", Priority::Medium, "ivan");
    sign_in.sla = sla(met(), clock(Running, NOW - 2 * HOUR, Some(NOW + 6 * HOUR)));
    let mut waiting = ticket(1007, "E-mail arrives an hour late", Priority::Low, "olga");
    let paused = v1::Clock {
        remaining: Some(prost_types::Duration { seconds: 3 * 86_400, nanos: 0 }),
        ..clock(Paused, NOW - 50 * HOUR, None)
    };
    waiting.sla = sla(met(), paused);
    waiting.state = TicketState::WaitingForCustomer.into();
    vec![
        (down, "Ромашка КЦ"),
        (cuts, "ТелеЛайн"),
        (late, "Аквамарин"),
        (sign_in, "Вектор+3"),
        (waiting, "Northern Lights"),
    ]
}

/// A model without anything.
pub(crate) fn empty(language: Language, theme: Theme, size: (u16, u16)) -> Model {
    let texts = Texts::new(language);
    let zone = TimeZone::get("Europe/Moscow").unwrap();
    let server = "127.0.0.1:7420".to_owned();
    Model::new(Start { texts, theme, me: "olga".into(), server, zone, now: NOW, size, seed: [7; 32] })
}

/// A model with the sample queue, live, the ticket under the cursor loaded.
pub(crate) fn sample(language: Language, theme: Theme, size: (u16, u16)) -> Model {
    let mut model = empty(language, theme, size);
    let rows = sample_tickets().iter().map(|(ticket, customer)| Row::of(ticket, *customer)).collect();
    let agents = [("olga", "Ольга"), ("ivan", "Иван")];
    let agents = agents.map(|(id, name)| Agent { id: id.into(), display_name: name.into() }).to_vec();
    let rungs = [(1, "почта поддержки"), (2, "линия поддержки"), (3, "технический директор")];
    let ladder = rungs.map(|(rung, whom)| v1::LadderRung { rung, whom: whom.into(), ..Default::default() }).to_vec();
    for net in [
        Net::Agents(agents),
        Net::Ladder(ladder),
        Net::Set,
        Net::Batch(Batch { revision: 48_211, rows, events: vec![], synced: true }),
    ] {
        update(&mut model, Msg::Net(net));
    }
    load(&mut model);
    model
}

/// Answers what the screen asks to be loaded.
pub(crate) fn load(model: &mut Model) {
    let asked = settle(model);
    answer(model, asked);
}

/// Answers what was asked to be loaded.
pub(crate) fn answer(model: &mut Model, asked: Vec<crate::msg::Effect>) {
    use crate::msg::{Call, Effect};
    for effect in asked {
        if let Effect::Call(Call::Detail { number, generation }) = effect {
            let result = Ok(Box::new(loaded(number)));
            update(model, Msg::Net(Net::Detail { number, generation, result }));
        }
    }
    settle(model);
}

/// The ticket of the samples as the server tells it.
pub(crate) fn loaded(number: u64) -> Loaded {
    let found = sample_tickets().into_iter().map(|(ticket, _)| ticket).find(|ticket| ticket.number == number);
    let ticket = found.unwrap_or_else(|| ticket(number, "?", Priority::Low, ""));
    let events = vec![
        v1::TicketEvent {
            revision: 48_000,
            event_time: time(NOW - 18 * MINUTE),
            actor: Some(v1::Actor {
                kind: v1::ActorKind::Contact.into(),
                name: "contacts/anna".into(),
                verified: false,
            }),
            change: Some(v1::ticket_event::Change::Created(v1::TicketCreated::default())),
            ..Default::default()
        },
        v1::TicketEvent {
            revision: 48_010,
            event_time: time(NOW - 12 * MINUTE),
            actor: Some(agent("olga")),
            reason: "сервис не работает совсем".into(),
            change: Some(v1::ticket_event::Change::Reprioritised(v1::TicketReprioritised {
                previous_priority: Priority::High.into(),
                priority: Priority::Critical.into(),
                ..Default::default()
            })),
            ..Default::default()
        },
    ];
    let comments = vec![
        comment(number, 48_020, agent("olga"), v1::Visibility::Public, "Видим, подключили дежурную смену."),
        comment(number, 48_030, agent("ivan"), v1::Visibility::Internal, "Похоже на SIP-транк, смотрю."),
    ];
    let zone = TimeZone::get("Asia/Yekaterinburg").ok();
    Loaded { ticket, comments, events, attachments: files(number), revision: 48_211, zone, ..Loaded::default() }
}

fn files(number: u64) -> Vec<v1::Attachment> {
    let file = |file_name: &str, size, kind: v1::LogKind, nearest| v1::Attachment {
        name: format!("tickets/{number}/attachments/48015"),
        file_name: file_name.into(),
        size,
        log_kind: kind.into(),
        nearest,
        create_time: time(NOW - 16 * MINUTE),
        author: Some(v1::Actor { kind: v1::ActorKind::Contact.into(), name: "contacts/anna".into(), verified: false }),
        ..Default::default()
    };
    vec![
        file("снимок экрана.png", 183_000, v1::LogKind::Other, false),
        v1::Attachment {
            log_start_time: time(NOW - 26 * MINUTE),
            ..file("bpclient_2026_03_02_13_36_00.log", 2_400_000, v1::LogKind::Bpclient, true)
        },
    ]
}

/// The sample queue with an incident: the ticket under the cursor is one, others are its children; two are escalated.
pub(crate) fn with_incident(model: &mut Model) {
    let mut tickets = sample_tickets();
    for (ticket, _) in &mut tickets {
        match ticket.number {
            1042 => {
                ticket.category = v1::Category::ChannelFailure.into();
                escalated(ticket, 3, NOW - 10 * MINUTE);
            }
            1039 => {
                ticket.category = v1::Category::Disconnects.into();
                ticket.incident = "tickets/1042".into();
            }
            1040 => {
                ticket.category = v1::Category::ChannelFailure.into();
                ticket.incident = "tickets/1042".into();
            }
            1021 => escalated(ticket, 1, NOW - 2 * HOUR),
            _ => {}
        }
    }
    let events = tickets.into_iter().map(|(ticket, customer)| {
        let change = v1::ticket_event::Change::Updated(v1::TicketUpdated::default());
        happened(ticket, customer, 48_212, "olga", change, false)
    });
    let batch = Batch { revision: 48_212, events: events.collect(), ..Batch::default() };
    update(model, Msg::Net(Net::Batch(batch)));
    settle(model);
}

fn escalated(ticket: &mut v1::Ticket, rung: u32, since: i64) {
    ticket.escalation = Some(v1::Escalation { rung, since: time(since), reason: "клиент ждёт".into() });
}

/// The incident of [`with_incident`] as the server tells it, with a child that was resolved.
pub(crate) fn board(model: &Model) -> crate::msg::Board {
    let mut resolved = ticket(1001, "Звонки не доходят до операторов", Priority::High, "ivan");
    resolved.state = TicketState::Resolved.into();
    resolved.incident = "tickets/1042".into();
    resolved.category = v1::Category::ChannelFailure.into();
    let child = |number: u64| model.queue.rows.get(number).cloned();
    let children = child(1039).into_iter().chain(child(1040)).chain([Row::of(&resolved, "Ромашка КЦ")]);
    let parent = child(1042).unwrap_or_else(|| Row::of(&resolved, "Ромашка КЦ"));
    crate::msg::Board { parent, children: children.collect(), more: false }
}

pub(crate) fn agent(id: &str) -> v1::Actor {
    v1::Actor { kind: v1::ActorKind::Agent.into(), name: format!("agents/{id}"), verified: false }
}

pub(crate) fn comment(
    number: u64,
    revision: u64,
    author: v1::Actor,
    visibility: v1::Visibility,
    body: &str,
) -> v1::Comment {
    v1::Comment {
        name: format!("tickets/{number}/comments/{revision}"),
        revision,
        create_time: time(NOW - 11 * MINUTE),
        author: Some(author),
        visibility: visibility.into(),
        body: body.into(),
        ..Default::default()
    }
}

/// An event on a ticket, by somebody.
pub(crate) fn happened(
    ticket: v1::Ticket,
    customer: &str,
    revision: u64,
    who: &str,
    change: v1::ticket_event::Change,
    left_view: bool,
) -> Happened {
    let event = v1::TicketEvent {
        revision,
        event_time: time(NOW),
        actor: Some(agent(who)),
        change: Some(change),
        left_view,
        ..Default::default()
    };
    Happened { row: Row::of(&ticket, customer), left_view, event, ticket: Box::new(ticket) }
}
