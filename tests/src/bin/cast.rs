//! Records the README's day of an engineer from a real run: an asciinema cast of the console on a server, and the
//! screen of a telling moment as a picture.
//!
//! `cast CAST SVG` (`just record`). The pauses are those of somebody who reads; nothing else is
//! arranged.

use std::fmt::Write as _;
use std::time::Duration;

use opora_proto::client::{Desk, request_id};
use opora_proto::v1;
use opora_tests::day::{Console, ESC, SEND, desk, ivan_answers};
use opora_tests::{Server, agent, new_ticket};

const COLUMNS: u16 = 120;
const ROWS: u16 = 34;
/// The ticket of the day: the last one that comes in.
const HOT: u64 = 12;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [cast, picture] = arguments.as_slice() else {
        eprintln!("cast CAST SVG");
        std::process::exit(2);
    };
    let mut server = desk().await;
    fill(&server.desk()).await;
    let environment = [("COLORTERM", "truecolor"), ("TZ", "Europe/Moscow")];
    let mut console = Console::with(&server, COLUMNS, ROWS, &environment, tempfile::tempdir().expect("a directory"));
    let svg = play(&mut console, &mut server).await;
    console.keys("q");
    console.terminal.wait();
    std::fs::write(cast, recording(&console)).expect("the cast can be written");
    std::fs::write(picture, svg).expect("the picture can be written");
}

/// A small desk in the morning.
async fn fill(desk: &Desk) {
    use v1::Impact::{OneWorkstation, ServiceDown, ServiceIntermittent, SeveralWorkstations};
    let organisations = [("romashka", "Ромашка КЦ"), ("teleline", "ТелеЛайн"), ("northern", "Northern Lights")];
    for (id, name) in organisations {
        let request = v1::CreateOrganisationRequest {
            organisation_id: id.into(),
            organisation: Some(v1::Organisation { display_name: name.into(), ..Default::default() }),
            request_id: request_id(),
        };
        desk.directory().create_organisation(request).await.expect("an organisation is created");
    }
    for id in ["ivan", "marta"] {
        agent(desk, id).await;
    }
    // Subject, how widely it is felt, whose, who has it, and whether it waits for the customer.
    let tickets = [
        ("Не входит оператор 14", OneWorkstation, 0, "", false),
        ("E-mail arrives an hour late", SeveralWorkstations, 2, "ivan", false),
        ("Плохо слышно на линии 2", SeveralWorkstations, 1, "", false),
        ("Chat window stays empty on two desks", SeveralWorkstations, 2, "marta", true),
        ("Не сохраняется запись разговора", OneWorkstation, 0, "ivan", false),
        ("Отключает раз в 10 минут на всех линиях", ServiceIntermittent, 1, "", false),
        ("The wallboard shows yesterday's figures", OneWorkstation, 2, "", false),
        ("Эхо в гарнитуре после обновления", OneWorkstation, 1, "olga", false),
        ("Перевод звонка обрывается", SeveralWorkstations, 0, "olga", true),
        ("Cannot add a new operator", OneWorkstation, 2, "marta", false),
        ("Отчёт по сменам пуст с понедельника", SeveralWorkstations, 1, "", false),
        ("Нет входящих звонков на всех операторах", ServiceDown, 0, "", false),
    ];
    for (subject, impact, organisation, assignee, answered) in tickets {
        let mut request = new_ticket(subject);
        let ticket = request.ticket.as_mut().expect("it holds a ticket");
        ticket.impact = impact.into();
        ticket.organisation = format!("organisations/{}", organisations[organisation].0);
        let made = desk.tickets().create_ticket(request).await.expect("a ticket is created").into_inner();
        let name = made.ticket.expect("it is in the answer").name;
        if !assignee.is_empty() {
            let assignee = format!("agents/{assignee}");
            let request = v1::AssignTicketRequest {
                name: name.clone(),
                assignee,
                request_id: request_id(),
                ..Default::default()
            };
            desk.tickets().assign_ticket(request).await.expect("a ticket is assigned");
        }
        if answered {
            let request = v1::TransitionTicketRequest {
                name,
                state: v1::TicketState::WaitingForCustomer.into(),
                request_id: request_id(),
                ..Default::default()
            };
            desk.tickets().transition_ticket(request).await.expect("a ticket changes its state");
        }
    }
}

/// The day; the picture of its middle.
async fn play(console: &mut Console, server: &mut Server) -> String {
    console.see("Нет входящих звонков");
    read(3.0);
    console.take(HOT);
    read(2.0);
    console.keys("r");
    console.see("PUBLIC");
    typed(console, "Видим, что звонки не проходят. Смотрим линию, напишем через 15 минут.");
    read(1.0);
    ivan_answers(server, &format!("tickets/{HOT}"), "Причина найдена: перезапускаем узел, 5 минут.").await;
    console.see("Причина найдена");
    read(1.5);
    console.keys(SEND);
    console.told("a newer message stands on the ticket");
    console.see("Held back");
    read(3.5);
    let svg = console.terminal.svg();
    console.sent(HOT);
    read(2.0);
    console.keys("p");
    console.see("continuous, at once");
    read(3.0);
    console.keys("j");
    read(1.0);
    console.keys("\r");
    console.see("Reason:");
    typed(console, "calls come in again\r");
    console.told(&format!("#{HOT} has priority HIGH"));
    read(2.5);
    console.undo(HOT);
    read(2.5);
    server.kill();
    console.see("offline since");
    read(2.0);
    console.keys("s");
    console.see(&format!("State of #{HOT}"));
    read(1.5);
    console.keys("\r");
    console.told("kept on disk, sent when it is back");
    read(2.5);
    server.restart_same_port();
    console.see("● live");
    console.told(&format!("#{HOT} is now: waiting for the customer"));
    read(2.5);
    console.escalate(HOT, "support mailbox");
    read(2.5);
    console.keys("?");
    read(3.5);
    console.keys(ESC);
    console.terminal.see_gone("type to search");
    console.keys("4");
    console.see("Due next");
    read(3.0);
    console.keys("1");
    console.see("Queue");
    read(1.0);
    svg
}

/// Types as people do.
fn typed(console: &mut Console, text: &str) {
    for letter in text.chars() {
        console.keys(&letter.to_string());
        std::thread::sleep(Duration::from_millis(45));
    }
}

/// Somebody reads.
fn read(seconds: f64) {
    std::thread::sleep(Duration::from_secs_f64(seconds));
}

/// The recording in the form of asciinema, version 2.
fn recording(console: &Console) -> String {
    let mut cast =
        format!("{{\"version\": 2, \"width\": {COLUMNS}, \"height\": {ROWS}, \"title\": \"opora console\"}}\n");
    for (at, part) in console.terminal.parts() {
        let text = serde_json::Value::String(part);
        let _ = writeln!(cast, "[{:.3}, \"o\", {text}]", at.as_secs_f64());
    }
    cast
}
