//! Names and times from outside: kept as they are written, found in any spelling, put right by a command; no instant
//! outside the years 2000 to 2099.

use std::process::{Command, Output};

use opora_proto::client::request_id;
use opora_proto::v1::{self, TicketState};
use opora_tests::{Server, binary, create, get, list_all, new_ticket, transition, violated};
use prost_types::{FieldMask, Timestamp};
use tonic::Code;

fn run(server: &Server, arguments: &[&str]) -> Output {
    let client = ["--server", &server.url(), "--as", "olga", "--lang", "en"];
    Command::new(binary()).args(client).args(arguments).output().unwrap()
}

#[track_caller]
fn said(server: &Server, arguments: &[&str]) -> String {
    let output = run(server, arguments);
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

async fn found(server: &Server, filter: &str) -> Vec<String> {
    let request = v1::ListTicketsRequest { filter: filter.into(), order_by: "number".into(), ..Default::default() };
    list_all(&server.desk(), request).await.unwrap().into_iter().map(|ticket| ticket.name).collect()
}

async fn made(server: &Server, change: impl FnOnce(&mut v1::Ticket)) -> v1::Ticket {
    let mut request = new_ticket("Нет звука");
    change(request.ticket.as_mut().unwrap());
    server.desk().tickets().create_ticket(request).await.unwrap().into_inner().ticket.unwrap()
}

fn tags(tags: &[&str]) -> Vec<String> {
    tags.iter().map(|tag| (*tag).to_owned()).collect()
}

async fn organisation(server: &Server, id: &str, name: &str) {
    let request = v1::CreateOrganisationRequest {
        organisation_id: id.into(),
        organisation: Some(v1::Organisation { display_name: name.into(), ..Default::default() }),
        request_id: request_id(),
    };
    server.desk().directory().create_organisation(request).await.unwrap();
}

async fn closed(server: &Server, name: &str) {
    for state in [TicketState::Resolved, TicketState::Closed] {
        transition(&server.desk(), name, state).await.unwrap();
    }
}

async fn merged(server: &Server, name: &str, target: &str) {
    let request = v1::MergeTicketsRequest {
        name: name.into(),
        target: target.into(),
        request_id: request_id(),
        ..Default::default()
    };
    server.desk().tickets().merge_tickets(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_is_kept_as_written_and_found_in_any_spelling_by_lists_counts_and_full_text() {
    let server = Server::start();
    let one = made(&server, |ticket| {
        ticket.tags = tags(&[" VIP ", "vip", "Ёлка"]);
        ticket.workstations = tags(&["АРМ-14"]);
    })
    .await;
    made(&server, |ticket| ticket.tags = tags(&["sip"])).await;
    assert_eq!(one.tags, ["VIP", "Ёлка"]);
    for filter in ["tag = VIP", "tag = vip", "tag:ｖｉｐ", "tag = елка", "workstation = арм-14", "tag != SIP"]
    {
        assert_eq!(found(&server, filter).await, [one.name.as_str()], "{filter}");
        let request = v1::GetQueueSummaryRequest { filter: filter.into(), ..Default::default() };
        let summary = server.desk().reports().get_queue_summary(request).await.unwrap().into_inner();
        assert_eq!(summary.open_count, 1, "{filter}");
    }
    // Full text may be a moment behind.
    for text in ["vip", "Vip", "ёЛКА", "елка", "арм-14", "ＶＩＰ"] {
        while found(&server, text).await != [one.name.as_str()] {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instant_is_taken_in_the_years_2000_to_2099_and_else_refused_with_its_path() {
    let server = Server::start();
    let desk = server.desk();
    let (first, past) = (946_684_800, 4_102_444_800);
    let at = |seconds, nanos| Some(Timestamp { seconds, nanos });
    for good in [at(first, 0), at(past - 1, 999_999_999)] {
        assert_eq!(
            made(&server, |ticket| ticket.occur_time = good).await.occur_time.unwrap().seconds,
            good.unwrap().seconds
        );
    }
    let ticket = create(&desk, "Нет звука").await.unwrap();
    for bad in [at(first - 1, 999_999_999), at(past, 0), at(0, 0), at(-62_135_596_800, 0)] {
        let mut request = new_ticket("x");
        request.ticket.as_mut().unwrap().occur_time = bad;
        let status = desk.tickets().create_ticket(request).await.unwrap_err();
        assert_eq!((status.code(), violated(&status)), (Code::InvalidArgument, vec!["ticket.occur_time".to_owned()]));
        let request = v1::CreateTicketRequest { import_time: bad, ..new_ticket("x") };
        let status = desk.tickets().create_ticket(request).await.unwrap_err();
        assert_eq!((status.code(), violated(&status)), (Code::InvalidArgument, vec!["import_time".to_owned()]));
        let update = v1::UpdateTicketRequest {
            ticket: Some(v1::Ticket { occur_time: bad, ..Default::default() }),
            update_mask: Some(FieldMask { paths: vec!["occur_time".into()] }),
            import_time: bad,
            ..Default::default()
        };
        let request = v1::BatchChangeRequest {
            names: vec![ticket.name.clone()],
            change: Some(v1::batch_change_request::Change::Update(update)),
            request_id: request_id(),
            ..Default::default()
        };
        let status = desk.tickets().batch_change(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        let paths = violated(&status);
        assert!(paths.len() == 2 && paths.contains(&"update.import_time".to_owned()), "{paths:?}");
        let request = v1::PreviewPriorityRequest { create_time: bad, ..Default::default() };
        let status = desk.sla().preview_priority(request).await.unwrap_err();
        assert_eq!((status.code(), violated(&status)), (Code::InvalidArgument, vec!["create_time".to_owned()]));
    }
    assert_eq!(found(&server, "occur_time > 1970-01-01T00:00:00Z occur_time < 2500-01-01T00:00:00Z").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_another_time_is_sent_without_it() {
    let server = Server::start();
    let ticket = create(&server.desk(), "Нет звука").await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("old.log");
    std::fs::write(&path, "x").unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    said(&server, &["attach", &ticket.name, path.to_str().unwrap()]);
    let request = v1::ListAttachmentsRequest { name: ticket.name, ..Default::default() };
    let files = server.desk().attachments().list_attachments(request).await.unwrap().into_inner().attachments;
    assert_eq!((files.len(), files[0].modify_time), (1, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_filter_of_a_renaming_is_told_of_what_was_typed() {
    let server = Server::start();
    made(&server, |ticket| ticket.tags = tags(&["vip"])).await;
    for filter in ["priority >= HIGH)", "state = NEW) OR (state = NEW", "(state = NEW", "priority = SOON"] {
        let run = |arguments: &[&str]| {
            let mut command = std::process::Command::new(opora_tests::binary());
            command.args(["--server", &server.url(), "--as", "olga", "--lang", "en"]);
            let output = command.args(arguments).output().unwrap();
            (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        let (code, said) = run(&["rename", "tag", "vip", "VIP", "--filter", filter]);
        assert_eq!((code, &said), (Some(1), &run(&["ticket", "list", filter]).1), "{filter}");
        let (code, of_org) = run(&["rename", "org", "acme", "--to", "vektor", "--filter", filter]);
        assert_eq!((code, of_org), (Some(1), said), "{filter}");
    }
    assert_eq!(found(&server, "tag = vip").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_and_a_workstation_are_respelt_everywhere_and_a_second_run_changes_nothing() {
    let server = Server::start();
    let mut names = Vec::new();
    for old in [&["vip"][..], &["vip", "sip"], &["Vip"], &["important", "VIP"], &["vip2"], &["vip"]] {
        let made = made(&server, |ticket| {
            ticket.tags = tags(old);
            ticket.workstations = tags(&["арм-14", "арм-15"]);
        });
        names.push(made.await.name);
    }
    closed(&server, &names[2]).await;
    merged(&server, &names[5], &names[4]).await;
    let before = get(&server.desk(), &names[0]).await.unwrap();
    let dry = said(&server, &["rename", "tag", "VIP", "VIP", "--dry-run"]);
    assert!(dry.contains("Tickets: 3") && dry.contains("nothing was changed"), "{dry}");
    assert_eq!(get(&server.desk(), &names[0]).await.unwrap(), before);
    let told = said(&server, &["rename", "tag", "vip", "VIP"]);
    assert!(told.contains("Tickets: 3") && told.contains("merged into others (opora ticket unmerge): 1"), "{told}");
    said(&server, &["rename", "tag", "important", "VIP"]);
    let wanted = [&["VIP"][..], &["sip", "VIP"], &["VIP"], &["VIP"], &["vip2"], &["vip"]];
    for (name, wanted) in names.iter().zip(wanted) {
        assert_eq!(get(&server.desk(), name).await.unwrap().tags, wanted, "{name}");
    }
    let revision = get(&server.desk(), &names[0]).await.unwrap().revision;
    let again = said(&server, &["--output", "json", "rename", "tag", "vip", "VIP"]);
    let again: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!((again["tickets"].as_u64(), again["merged"].as_u64()), (Some(0), Some(1)));
    assert_eq!(get(&server.desk(), &names[0]).await.unwrap().revision, revision);
    let some = format!("number = {}", names[0].trim_start_matches("tickets/"));
    said(&server, &["rename", "workstation", "АРМ-14", "АРМ-14", "--filter", &some]);
    assert_eq!(get(&server.desk(), &names[0]).await.unwrap().workstations, ["АРМ-14", "арм-15"]);
    assert_eq!(get(&server.desk(), &names[1]).await.unwrap().workstations, ["арм-14", "арм-15"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_tickets_than_fit_into_one_change_are_respelt() {
    let server = Server::start();
    let desk = server.desk();
    let all = (0..520).map(|_| {
        let mut request = new_ticket("Нет звука");
        request.ticket.as_mut().unwrap().tags = tags(&["vip"]);
        let desk = desk.clone();
        async move { desk.tickets().create_ticket(request).await.map(drop) }
    });
    for made in all.collect::<Vec<_>>() {
        made.await.unwrap();
    }
    assert!(said(&server, &["rename", "tag", "vip", "VIP"]).contains("Tickets: 520"));
    let all = list_all(&desk, v1::ListTicketsRequest { page_size: 1000, ..Default::default() }).await.unwrap();
    assert!(all.len() == 520 && all.iter().all(|ticket| ticket.tags == ["VIP"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_given_its_name_and_one_that_was_several_is_split() {
    let server = Server::start();
    organisation(&server, "unnamed", "unnamed").await;
    let reported = |email: &'static str| {
        let reporter = v1::Reporter { display_name: "Анна".into(), email: email.into() };
        made(&server, move |ticket| {
            ticket.organisation = "organisations/unnamed".into();
            ticket.reporter = Some(reporter);
        })
    };
    let romashka = reported("anna@romashka.example.com").await.name;
    let old = reported("oleg@romashka.example.com").await.name;
    let vektor = reported("ivan@vektor.example.com").await.name;
    let rest = reported("x@example.com").await.name;
    closed(&server, &old).await;
    for (id, email) in [("ivan", "ivan@vektor.example.com"), ("x", "x@example.com")] {
        let contact = v1::Contact {
            display_name: id.into(),
            email: email.into(),
            organisation: "organisations/unnamed".into(),
            ..Default::default()
        };
        let request =
            v1::CreateContactRequest { contact_id: id.into(), contact: Some(contact), request_id: request_id() };
        server.desk().directory().create_contact(request).await.unwrap();
    }
    let split = ["rename", "org", "unnamed", "--to", "romashka", "--filter", "reporter:romashka.example.com"];
    let unknown = run(&server, &split);
    let told = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(unknown.status.code() == Some(1) && told.contains("--name"), "{told}");
    let named = [&split[..], &["--name", "ООО «Ромашка»"]].concat();
    said(&server, &[&named[..], &["--dry-run"]].concat());
    assert_eq!(get(&server.desk(), &romashka).await.unwrap().organisation, "organisations/unnamed");
    assert!(said(&server, &named).contains("Tickets: 2"));
    assert!(said(&server, &named).contains("Tickets: 0"), "what is done is not done twice");
    for name in [&romashka, &old] {
        assert_eq!(get(&server.desk(), name).await.unwrap().organisation, "organisations/romashka");
    }
    organisation(&server, "vektor", "ООО «Вектор»").await;
    let told = said(&server, &["rename", "org", "unnamed", "--to", "vektor", "--contact", "ivan"]);
    assert!(told.contains("Tickets: 1") && told.contains("People: 1"), "{told}");
    assert_eq!(get(&server.desk(), &vektor).await.unwrap().organisation, "organisations/vektor");
    assert_eq!(get(&server.desk(), &rest).await.unwrap().organisation, "organisations/unnamed");
    said(&server, &["rename", "org", "unnamed", "--name", "Рога и копыта"]);
    let listed = said(&server, &["org", "list", "--output", "json"]);
    for name in ["ООО «Ромашка»", "ООО «Вектор»", "Рога и копыта"] {
        assert!(listed.contains(name), "{listed}");
    }
    let told = said(&server, &["rename", "org", "unnamed", "--to", "vektor"]);
    assert!(told.contains("Tickets: 1") && told.contains("People: 1"), "{told}");
    assert!(found(&server, "organisation = unnamed").await.is_empty());
}
