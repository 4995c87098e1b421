//! The command line against a real server: what a person or a script does in a day.

use std::process::{Command, Output};

use opora_tests::{Server, agent, binary, create};
use serde_json::Value;

/// Runs the binary as olga, in English unless the arguments say otherwise.
fn opora(server: &Server, args: &[&str]) -> Output {
    let mut command = Command::new(binary());
    for name in ["OPORA_SERVER", "OPORA_ACTOR", "LC_ALL", "LC_MESSAGES", "NO_COLOR"] {
        command.env_remove(name);
    }
    command.env("LANG", "C").args(["--server", &server.url(), "--as", "olga"]).args(args).output().unwrap()
}

/// What a command that has to succeed printed.
fn said(server: &Server, args: &[&str]) -> String {
    let output = opora(server, args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The same as JSON.
fn json(server: &Server, args: &[&str]) -> Value {
    let mut all = vec!["--output", "json"];
    all.extend(args);
    serde_json::from_str(&said(server, &all)).unwrap()
}

/// A command that has to fail: its exit code and what it said.
fn refused(server: &Server, args: &[&str]) -> (i32, String) {
    let output = opora(server, args);
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_ticket_lives_its_life_on_the_command_line() {
    let server = Server::start();
    said(&server, &["agent", "add", "olga", "--name", "Ольга Т."]);
    said(&server, &["org", "add", "acme", "--name", "Acme", "--time-zone", "Europe/Moscow", "--platform", "v5"]);
    let created = json(
        &server,
        &[
            "ticket",
            "create",
            "Нет входящих звонков",
            "--org",
            "acme",
            "--impact",
            "service-down",
            "--channel",
            "calls",
        ],
    );
    assert_eq!(created["ticket"]["name"], "tickets/1");
    assert_eq!(created["ticket"]["priority"], "PRIORITY_CRITICAL");
    let listed = json(&server, &["ticket", "list", "state = NEW AND priority >= HIGH", "--total"]);
    assert_eq!(listed["totalSize"], "1");
    assert!(said(&server, &["ticket", "show", "#1"]).contains("Нет входящих звонков"));
    said(&server, &["ticket", "comment", "1", "--public", "Видим, разбираемся."]);
    said(&server, &["ticket", "assign", "1", "--me"]);
    said(&server, &["ticket", "reprioritise", "1", "high", "--reason", "Связь восстановлена"]);
    said(&server, &["ticket", "escalate", "1", "--reason", "Просят ускорить"]);
    said(&server, &["ticket", "transition", "1", "waiting-for-customer"]);
    let ticket = json(&server, &["ticket", "transition", "tickets/1", "RESOLVED", "--reason", "Готово"]);
    assert_eq!(ticket["ticket"]["state"], "TICKET_STATE_RESOLVED");
    assert_eq!(ticket["ticket"]["assignee"], "agents/olga");
    let history = json(&server, &["ticket", "history", "1"]);
    let kinds = ["created", "commented", "assigned", "reprioritised", "escalated", "transitioned"];
    for kind in kinds {
        let events = history["events"].as_array().unwrap();
        assert!(events.iter().any(|event| event.get(kind).is_some()), "{kind}: {history}");
    }
    let explained = json(&server, &["ticket", "explain", "1"]);
    assert!(!explained["resolution"]["stretches"].as_array().unwrap().is_empty());
    assert!(said(&server, &["ticket", "explain", "1"]).contains("resolution of #1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_gives_each_event_once_and_goes_on_from_a_revision() {
    let server = Server::start();
    for subject in ["первый", "второй", "третий"] {
        create(&server.desk(), subject).await.unwrap();
    }
    let lines = said(&server, &["--output", "ndjson", "ticket", "watch", "--from-revision", "1", "--count", "3"]);
    let subjects: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .flat_map(|message| message["events"].as_array().cloned().unwrap_or_default())
        .map(|event| event["ticket"]["subject"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(subjects, ["первый", "второй", "третий"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_in_the_language_that_was_asked_for() {
    let server = Server::start();
    agent(&server.desk(), "olga").await;
    create(&server.desk(), "Нет звука").await.unwrap();
    let shown = said(&server, &["--lang", "ru", "ticket", "show", "1"]);
    assert!(shown.contains("Состояние") && shown.contains("новый"), "{shown}");
    let (code, text) = refused(&server, &["--lang", "ru", "ticket", "show", "99"]);
    assert_eq!(code, 1);
    assert!(text.contains("opora ticket list") && text.chars().any(|c| ('а'..='я').contains(&c)), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_step_names_those_that_are_allowed() {
    let server = Server::start();
    create(&server.desk(), "закрыть рано").await.unwrap();
    let (code, text) = refused(&server, &["ticket", "transition", "1", "closed"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("RESOLVED"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_text_never_draws_on_the_terminal() {
    let server = Server::start();
    let mut request = opora_tests::new_ticket("с управляющими знаками");
    let ticket = request.ticket.as_mut().unwrap();
    ticket.description = "до\u{1b}[2Jпосле\u{202e}конец".to_owned();
    // A server may refuse such text, but for no other reason may there be nothing to see here.
    if let Err(status) = server.desk().tickets().create_ticket(request).await {
        assert_eq!(status.code(), tonic::Code::InvalidArgument, "{status:?}");
        return;
    }
    let shown = String::from_utf8_lossy(&opora(&server, &["ticket", "show", "1"]).stdout).into_owned();
    assert!(shown.contains("до") && !shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_up_comes_back_the_same_and_is_not_sent_twice() {
    let server = Server::start();
    create(&server.desk(), "с логом").await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("bpclient_2026_03_02_09_00_00.log");
    std::fs::write(&log, vec![b'x'; 700_000]).unwrap();
    said(&server, &["attach", "1", log.to_str().unwrap()]);
    said(&server, &["attach", "1", log.to_str().unwrap()]);
    let listed = json(&server, &["attach", "1", "--list"]);
    let files = listed["attachments"].as_array().unwrap();
    assert_eq!(files.len(), 1, "{listed}");
    assert_eq!(files[0]["logKind"], "LOG_KIND_BPCLIENT");
    let back = dir.path().join("back.log");
    said(&server, &["attach", "--download", files[0]["name"].as_str().unwrap(), "--to", back.to_str().unwrap()]);
    assert_eq!(std::fs::read(&log).unwrap(), std::fs::read(&back).unwrap());
}

#[test]
fn help_and_what_is_wrong_are_told_in_the_language_of_the_environment() {
    let run = |lang: &str, args: &[&str]| {
        let mut command = Command::new(binary());
        for name in ["LC_ALL", "LC_MESSAGES", "OPORA_CONFIG"] {
            command.env_remove(name);
        }
        let output = command.env("LANG", lang).args(args).output().unwrap();
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    for (args, code, english, russian) in [
        (&["--help"][..], 0, "Usage: opora [OPTIONS] <COMMAND>", "Использование: opora [ПАРАМЕТРЫ] <КОМАНДА>"),
        (&[], 2, "Exit codes:", "Коды завершения:"),
        (&["help", "ticket", "create"], 0, "Create a ticket", "Создать запрос"),
        (&["tikcet"], 2, "unrecognized subcommand 'tikcet'", "нет команды `tikcet`"),
        (&["ticket", "show"], 2, "<TICKET>", "не указано обязательное:\n  <TICKET>"),
        (&["ticket", "list", "--limit", "0"], 2, "0 is not in 1..", "`0` вне пределов 1.."),
        (&["serve", "--set", "serch=true"], 78, "did you mean `search`?", "похоже на `search`"),
    ] {
        for (lang, said) in [("C", english), ("ru_RU.UTF-8", russian)] {
            let (exit, told) = run(lang, args);
            assert!(exit == Some(code) && told.contains(said), "{lang} {args:?}: {exit:?}\n{told}");
        }
    }
    let (_, told) = run("ru_RU.UTF-8", &["--lang", "en", "ticket", "--help"]);
    assert!(told.contains("Work with tickets"), "{told}");
}

#[test]
fn wrong_arguments_are_told_with_exit_code_2() {
    let server = Server::start();
    for args in [
        ["ticket", "comment", "1", "без видимости"].as_slice(),
        &["ticket", "assign", "1"],
        &["ticket", "transition", "1", "flying"],
        &["ticket", "update", "1"],
        &["--output", "xml", "ticket", "list"],
    ] {
        assert_eq!(refused(&server, args).0, 2, "{args:?}");
    }
}

#[test]
fn a_request_id_makes_a_repeated_command_harmless() {
    let server = Server::start();
    let id = "0e4d1f5c-4f9a-4a7e-9a57-0f6f0d1a2b3c";
    let create = ["ticket", "create", "дважды", "--request-id", id];
    assert_eq!(json(&server, &create), json(&server, &create));
    let listed: Value = json(&server, &["ticket", "list", "--all"]);
    assert_eq!(listed["tickets"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_message_on_a_ticket_that_came_to_its_end_says_where_it_went_and_why() {
    let server = Server::start();
    for subject in ["часть", "целое", "закрытый"] {
        create(&server.desk(), subject).await.unwrap();
    }
    said(&server, &["ticket", "merge", "1", "2"]);
    said(&server, &["ticket", "comment", "3", "--public", "Готово"]);
    said(&server, &["ticket", "transition", "3", "resolved", "--reason", "Готово"]);
    said(&server, &["ticket", "transition", "3", "closed", "--reason", "Готово"]);
    for (language, ticket, words) in [
        ("en", "1", "#1 is part of #2: the message went there"),
        ("ru", "1", "#1 объединён с #2: сообщение ушло туда"),
        ("en", "3", "The ticket was closed: the message began #4"),
        ("ru", "3", "Запрос был закрыт: сообщение начало #5"),
    ] {
        let anna = ["--public", "--author", "anna@example.com"];
        let told = said(&server, &[&["--lang", language, "ticket", "comment", ticket, "Ещё раз"], &anna[..]].concat());
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_escalates_is_told_whom_to_reach_and_where_since_nobody_is_told_by_itself() {
    let server = Server::start();
    create(&server.desk(), "Нет звука").await.unwrap();
    let told = said(&server, &["ticket", "escalate", "1", "--reason", "Ждут"]);
    assert!(told.contains("Opora tells nobody") && told.contains("@example.com"), "{told}");
    create(&server.desk(), "Нет звука").await.unwrap();
    let told = said(&server, &["--lang", "ru", "ticket", "escalate", "2", "--rung", "3", "--reason", "Ждут"]);
    assert!(told.contains("Opora никому не сообщает") && told.contains("@example.com"), "{told}");
}
