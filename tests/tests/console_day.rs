//! The day of an engineer: the built console in a real terminal against a built server. After each part the terminal is
//! as it was, every draft is on disk, and nothing was told that was not expected.

use opora_proto::v1;
use opora_tests::day::{Console, EDIT, ESC, SEND, bodies, desk, editor, ivan_answers};
use opora_tests::{create, get, new_ticket};

/// A server with a ticket of HIGH.
async fn high() -> (opora_tests::Server, v1::Ticket) {
    let server = desk().await;
    let mut request = new_ticket("Отключает раз в 10 минут");
    request.ticket.as_mut().unwrap().impact = v1::Impact::ServiceIntermittent.into();
    let ticket = server.desk().tickets().create_ticket(request).await.unwrap().into_inner().ticket.unwrap();
    assert_eq!(ticket.priority(), v1::Priority::High);
    (server, ticket)
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_morning_a_ticket_is_taken_and_answered() {
    let (server, ticket) = high().await;
    let mut console = Console::open(&server, 120, 40);
    console.see("Отключает раз");
    console.take(1);
    let taken = get(&server.desk(), &ticket.name).await.unwrap();
    assert_eq!((taken.assignee.as_str(), taken.state()), ("agents/olga", v1::TicketState::InProgress));
    console.write("Видим, смотрим линию.");
    console.sent(1);
    console.see("olga → public");
    assert_eq!(bodies(&server, &ticket.name).await, ["Видим, смотрим линию."]);
    assert_eq!(console.drafts(), Vec::<String>::new());
    console.leave();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleagues_newer_answer_holds_the_reply_back_until_it_was_seen() {
    let (server, ticket) = high().await;
    let mut console = Console::open(&server, 120, 40);
    console.see("С 13:40");
    console.write("Мы уже смотрим.");
    ivan_answers(&server, &ticket.name, "Починили в 14:05").await;
    console.see("Починили в 14:05");
    console.keys(SEND);
    console.told("a newer message stands on the ticket, read it first");
    console.see("Held back");
    assert_eq!(bodies(&server, &ticket.name).await, ["Починили в 14:05"]);
    console.kept("Мы уже смотрим.");
    console.sent(1);
    assert_eq!(bodies(&server, &ticket.name).await, ["Починили в 14:05", "Мы уже смотрим."]);
    console.leave();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_customer_wrote_last_is_marked_in_a_console_that_is_opened_after_it() {
    let (server, ticket) = high().await;
    let request = v1::AddCommentRequest {
        name: ticket.name.clone(),
        body: "Всё ещё не работает".into(),
        visibility: v1::Visibility::Public.into(),
        author: "anna@example.org".into(),
        request_id: opora_proto::client::request_id(),
        ..Default::default()
    };
    server.desk().tickets().add_comment(request).await.unwrap();
    let console = Console::open(&server, 120, 40);
    console.see("▌«");
    ivan_answers(&server, &ticket.name, "Починили").await;
    console.see("olga");
    console.see("▌ ");
    assert!(!get(&server.desk(), &ticket.name).await.unwrap().customer_wrote_last);
    console.leave();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_priority_is_lowered_after_seeing_what_it_means_and_undone() {
    let (server, ticket) = high().await;
    let mut console = Console::open(&server, 120, 40);
    console.see("Отключает раз");
    console.priority(1, "j", "6d 23h", "MEDIUM");
    let lowered = get(&server.desk(), &ticket.name).await.unwrap();
    assert_eq!(lowered.priority(), v1::Priority::Medium);
    console.undo(1);
    let back = get(&server.desk(), &ticket.name).await.unwrap();
    assert_eq!((back.priority(), back.sla), (v1::Priority::High, ticket.sla));
    console.leave();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_escalated_moved_on_and_moved_back() {
    let (server, ticket) = high().await;
    let mut console = Console::open(&server, 120, 40);
    console.see("Отключает раз");
    console.escalate(1, "support mailbox");
    assert_eq!(get(&server.desk(), &ticket.name).await.unwrap().escalation.unwrap().rung, 1);
    console.take(1);
    console.first_state(1, "waiting for the customer");
    assert_eq!(get(&server.desk(), &ticket.name).await.unwrap().state(), v1::TicketState::WaitingForCustomer);
    console.undo(1);
    assert_eq!(get(&server.desk(), &ticket.name).await.unwrap().state(), v1::TicketState::InProgress);
    console.leave();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_goes_and_comes_back_and_a_text_begun_before_goes_out_after() {
    let (mut server, ticket) = high().await;
    let mut console = Console::open(&server, 120, 40);
    console.see("С 13:40");
    server.kill();
    console.see("offline since");
    console.see("Отключает раз");
    console.write("Написано без сервера.");
    console.keys(ESC);
    console.terminal.see_gone("PUBLIC");
    console.kept("Написано без сервера.");
    server.restart_same_port();
    console.see("● live");
    create(&server.desk(), "Плохо слышно").await.unwrap();
    console.see("Плохо слышно");
    console.keys("r");
    console.see("Написано без сервера.");
    console.sent(1);
    assert_eq!(bodies(&server, &ticket.name).await, ["Написано без сервера."]);
    console.leave();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_changes_under_a_text_that_is_being_written() {
    let (server, _) = high().await;
    let mut console = Console::open(&server, 120, 40);
    console.see("Отключает раз");
    console.write("Half a sentence and the rest");
    console.terminal.resize(80, 24);
    console.see("Half a sentence");
    console.terminal.resize(30, 8);
    console.see("too small");
    console.terminal.resize(200, 60);
    console.see("Half a sentence");
    // What is typed right after it is taken at once, and not with the next key.
    console.keys(", and more");
    console.kept("Half a sentence and the rest, and more");
    console.terminal.stop();
    opora_tests::day::is_as_it_was(&console.terminal);
    console.nothing_else_was_told();
    let home = console.into_home();
    // The draft outlives the console.
    let mut console = Console::with(&server, 120, 40, &[], home);
    console.see("Отключает раз");
    console.keys("r");
    console.see("Half a sentence and the rest, and more");
    console.keys(ESC);
    console.terminal.see_gone("PUBLIC");
    console.leave();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_russian_layout_means_the_same_keys_and_writes_its_own_letters() {
    let (server, ticket) = high().await;
    let mut request = new_ticket("Плохо слышно");
    request.ticket.as_mut().unwrap().impact = v1::Impact::OneWorkstation.into();
    server.desk().tickets().create_ticket(request).await.unwrap();
    let mut console = Console::open(&server, 120, 40);
    console.see("Плохо слышно");
    // `о` is `j`, `л` is `k`, `е` is `t`, `к` is `r`.
    console.keys("о");
    console.see("2/2");
    console.keys("л");
    console.see("1/2");
    console.keys("е");
    console.told("#1 is assigned to olga");
    console.keys("к");
    console.see("PUBLIC");
    console.keys("йцукен, ё");
    console.kept("йцукен, ё");
    console.sent(1);
    assert_eq!(bodies(&server, &ticket.name).await, ["йцукен, ё"]);
    // `г` is `u`, `й` is `q`.
    console.keys("й");
    assert!(console.terminal.wait().success());
    opora_tests::day::is_as_it_was(&console.terminal);
    console.nothing_else_was_told();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_text_is_written_in_the_editor_and_the_terminal_is_the_consoles_again() {
    let (server, ticket) = high().await;
    let home = tempfile::tempdir().unwrap();
    let script = editor(home.path(), "Written in the editor.");
    let environment = [("EDITOR", script.to_str().unwrap())];
    let mut console = Console::with(&server, 120, 40, &environment, home);
    console.see("Отключает раз");
    console.write("Begun here. ");
    console.keys(EDIT);
    console.see("Written in the editor.");
    console.kept("Begun here. Written in the editor.");
    console.sent(1);
    assert_eq!(bodies(&server, &ticket.name).await, ["Begun here. Written in the editor."]);
    console.leave();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paste_is_text_where_one_writes_and_nothing_where_one_commands() {
    let (server, ticket) = high().await;
    let mut console = Console::open(&server, 120, 40);
    console.see("Отключает раз");
    // Keys of commands, an escape sequence and a line end: none of it may be obeyed.
    console.keys("\u{1b}[200~tq\rE\u{1b}[201~");
    console.keys("r");
    console.see("PUBLIC");
    console.keys("\u{1b}[200~first line\nsecond line\u{1b}[201~");
    console.see("second line");
    console.kept("first line\nsecond line");
    console.sent(1);
    assert_eq!(bodies(&server, &ticket.name).await, ["first line\nsecond line"]);
    // The public answer of an agent takes NEW to IN_PROGRESS; nobody was given the ticket.
    assert_eq!(get(&server.desk(), &ticket.name).await.unwrap().assignee, "");
    console.leave();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_closed_at_once_and_what_a_colleague_did_meanwhile_is_shown_first() {
    let (server, _) = high().await;
    let mut requests = Vec::new();
    for subject in ["Плохо слышно", "Нет звука"] {
        let mut request = new_ticket(subject);
        request.ticket.as_mut().unwrap().impact = v1::Impact::OneWorkstation.into();
        requests.push(server.desk().tickets().create_ticket(request).await.unwrap().into_inner().ticket.unwrap());
    }
    let mut console = Console::open(&server, 120, 40);
    console.see("1/3");
    console.keys("*");
    console.see("◆ 3 marked");
    console.keys("s");
    console.see("State of 3 tickets");
    console.keys("jj\r");
    console.see("new → resolved");
    // A colleague is faster with one of them.
    let take = v1::TransitionTicketRequest {
        name: requests[1].name.clone(),
        state: v1::TicketState::InProgress.into(),
        request_id: opora_proto::client::request_id(),
        ..Default::default()
    };
    server.desk_as("agents/ivan").tickets().transition_ticket(take).await.unwrap();
    // What he did is on the screen before anything is sent, and has to be looked at.
    console.see("in progress → resolved");
    console.keys("\r");
    console.see("It changed while this was open");
    console.keys("\r");
    console.told("status → resolved — 3 done, 0 refused");
    console.see("What became of each");
    console.keys(ESC);
    console.terminal.see_gone("What became of each");
    for number in 1..=3 {
        let ticket = get(&server.desk(), &format!("tickets/{number}")).await.unwrap();
        assert_eq!(ticket.state(), v1::TicketState::Resolved, "#{number}");
    }
    console.leave();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_without_the_server_outlives_a_killed_console_and_is_sent_once() {
    let (mut server, ticket) = high().await;
    let mut console = Console::open(&server, 120, 40);
    console.see("Отключает раз");
    server.kill();
    console.see("offline since");
    console.keys("t");
    console.told("kept on disk, sent when it is back");
    console.see("1 waiting");
    console.waits_on_disk(1);
    console.terminal.kill();
    console.nothing_else_was_told();
    let home = console.into_home();
    server.restart_same_port();
    let mut console = Console::with(&server, 120, 40, &[], home);
    console.told("1 change");
    console.told("#1 is assigned to olga");
    console.waits_on_disk(0);
    let taken = get(&server.desk(), &ticket.name).await.unwrap();
    assert_eq!(taken.assignee, "agents/olga");
    console.leave();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_tagged_at_once_and_the_tags_are_taken_back() {
    let (server, ticket) = high().await;
    let other = create(&server.desk(), "Плохо слышно").await.unwrap();
    let mut console = Console::open(&server, 120, 40);
    console.see("1/2");
    console.keys("*T");
    console.see("add tags");
    console.keys("\r");
    console.see("None of them has a tag.");
    console.keys("VIP\r");
    console.see("— → VIP");
    console.keys("\r");
    console.told("fields: Tags — 2 done, 0 refused");
    console.see("What became of each");
    for name in [&ticket.name, &other.name] {
        assert_eq!(get(&server.desk(), name).await.unwrap().tags, ["VIP"]);
    }
    console.keys(ESC);
    console.terminal.see_gone("What became of each");
    console.keys("u");
    console.told("undo → Tags — 2 done, 0 refused");
    console.see("What became of each");
    for name in [&ticket.name, &other.name] {
        assert_eq!(get(&server.desk(), name).await.unwrap().tags, Vec::<String>::new());
    }
    console.keys(ESC);
    console.terminal.see_gone("What became of each");
    console.leave();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_all_of_an_incident_waits_for_the_server_and_goes_out_once() {
    let (mut server, ticket) = high().await;
    let child = create(&server.desk(), "Плохо слышно").await.unwrap();
    let link = v1::LinkTicketsRequest {
        name: child.name.clone(),
        target: ticket.name.clone(),
        kind: v1::LinkKind::ChildOfIncident.into(),
        request_id: opora_proto::client::request_id(),
        ..Default::default()
    };
    server.desk_as("agents/ivan").tickets().link_tickets(link).await.unwrap();
    let mut console = Console::open(&server, 120, 40);
    console.see("1/2");
    console.keys("2");
    console.see("1 child");
    server.kill();
    console.see("offline since");
    console.keys("R");
    console.see("Tickets: 2");
    console.keys("Причина найдена.");
    console.kept("Причина найдена.");
    console.keys(SEND);
    console.told("kept on disk, sent when it is back");
    console.waits_on_disk(1);
    server.restart_same_port();
    console.told("The reply went out to all: 2 of 2");
    console.waits_on_disk(0);
    for name in [&ticket.name, &child.name] {
        assert_eq!(bodies(&server, name).await, ["Причина найдена."]);
    }
    assert_eq!(console.drafts(), Vec::<String>::new());
    console.keys("1");
    console.see("1/2");
    console.leave();
}
