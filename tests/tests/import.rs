//! Importing: the real event log of another desk, through the real binary, into a real server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use opora_proto::v1;
use opora_tests::{Server, binary, list_all, shared_data};
use serde_json::Value;

fn mapping() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/import/incident_event_log.toml")
}

/// Runs an import with a replay; its report and exit code.
fn import(server: &Server, file: &Path, rejects: &Path, more: &[&str]) -> (Value, i32) {
    let output = Command::new(binary())
        .args(["--server", &server.url(), "--as", "olga", "--output", "json", "--timeout", "60s", "import"])
        .arg(file)
        .arg("--map")
        .arg(mapping())
        .arg("--rejects")
        .arg(rejects)
        .arg("--replay")
        .args(more)
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (report, output.status.code().unwrap_or(-1))
}

async fn states(server: &Server) -> BTreeMap<String, v1::TicketState> {
    let request = v1::ListTicketsRequest { page_size: 1000, order_by: "number".into(), ..Default::default() };
    let tickets = list_all(&server.desk(), request).await.unwrap();
    tickets.into_iter().map(|ticket| (ticket.external_id.clone(), ticket.state())).collect()
}

const HEAD: &str = "number,incident_state,sys_mod_count,caller_id,opened_at,sys_updated_at,contact_type,location,\
                    category,subcategory,u_symptom,impact,priority,assignment_group,assigned_to\n";

/// A row of the log, invented.
fn row(number: &str, state: &str, count: u32, at: &str, priority: &str, who: &str) -> String {
    format!(
        "{number},{state},{count},Caller 1,01-03-2016 08:00,{at},Phone,Location 1,Category 1,Subcategory 1,?,\
         2 - Medium,{priority},Group 1,{who}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_incident_ends_in_the_state_of_its_last_row_and_nothing_comes_twice() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("log.csv");
    let text = [
        HEAD.to_owned(),
        row("INC1", "New", 0, "01-03-2016 08:05", "3 - Moderate", "?"),
        row("INC1", "Active", 1, "01-03-2016 09:00", "2 - High", "Resolver 1"),
        row("INC1", "Awaiting User Info", 2, "01-03-2016 08:55", "2 - High", "Resolver 1"),
        row("INC1", "Resolved", 3, "01-03-2016 11:00", "2 - High", "Resolver 2"),
        row("INC1", "Active", 4, "02-03-2016 11:00", "2 - High", "Resolver 2"),
        row("INC1", "Closed", 5, "05-03-2016 11:00", "2 - High", "Resolver 2"),
        row("INC2", "New", 0, "01-03-2016 08:05", "4 - Low", "Resolver 1"),
        row("INC3", "Awaiting Vendor", 0, "01-03-2016 08:05", "1 - Critical", "Resolver 1"),
        row("INC4", "Floating", 0, "01-03-2016 08:05", "1 - Critical", "Resolver 1"),
    ];
    std::fs::write(&file, text.concat()).unwrap();
    let rejects = dir.path().join("rejects.csv");
    let (report, code) = import(&server, &file, &rejects, &[]);
    assert_eq!(code, 1, "a refused row is told: {report}");
    assert!(std::fs::read_to_string(&rejects).unwrap().contains("10,INC4"), "{report}");
    let stand = states(&server).await;
    assert_eq!(stand["INC1"], v1::TicketState::Closed);
    assert_eq!(stand["INC2"], v1::TicketState::New);
    assert_eq!(stand["INC3"], v1::TicketState::InProgress);
    let revision = server.desk().admin().get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner();
    let (again, _) = import(&server, &file, &rejects, &[]);
    assert_eq!(again["created"], 0, "{again}");
    assert_eq!(again["changed"], 0, "{again}");
    let after = server.desk().admin().get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner();
    assert_eq!(after.ticket_count, revision.ticket_count);
    let (resumed, _) = import(&server, &file, &rejects, &["--resume"]);
    assert_eq!(resumed["created"], 0, "{resumed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_log_of_another_desk_is_played_whole() {
    let Some(file) = shared_data().map(|folder| folder.join("incident_event_log.csv")).filter(|file| file.exists())
    else {
        eprintln!("NOT RUN: the shared incident_event_log.csv is absent; only the invented samples were imported");
        return;
    };
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let (report, code) = import(&server, &file, &dir.path().join("rejects.csv"), &[]);
    assert_eq!(code, 0, "{report}");
    let stand = states(&server).await;
    let mut last: BTreeMap<String, (u32, String)> = BTreeMap::new();
    // The file quotes nothing: a comma is always between two values.
    for line in std::fs::read_to_string(&file).unwrap().lines().skip(1) {
        let values: Vec<&str> = line.split(',').collect();
        let (number, state, count) = (values[0], values[1], values[5].parse().unwrap());
        let entry = last.entry(number.to_owned()).or_default();
        if count >= entry.0 {
            *entry = (count, state.to_owned());
        }
    }
    assert_eq!(stand.len(), last.len());
    for (number, (_, state)) in &last {
        let wanted = match state.as_str() {
            "New" => v1::TicketState::New,
            "Awaiting User Info" => v1::TicketState::WaitingForCustomer,
            "Resolved" => v1::TicketState::Resolved,
            "Closed" => v1::TicketState::Closed,
            _ => v1::TicketState::InProgress,
        };
        assert_eq!(stand[number], wanted, "{number}");
    }
    for number in [1, stand.len() as u64 / 2, stand.len() as u64] {
        let request = v1::ExplainTicketRequest { name: format!("tickets/{number}") };
        let explained = server.desk().sla().explain_ticket(request).await.unwrap().into_inner();
        assert!(!explained.resolution.unwrap().stretches.is_empty(), "tickets/{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_of_another_import_is_not_said_to_be_there_already_and_nothing_is_played_on_it() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let run = |name: &str, time: &str, state: &str, more: &[&str]| -> Value {
        let map = format!(
            "name = \"{name}\"\nid = \"id\"\n[columns]\ncreate_time = \"at\"\nstate = \"state\"\n[constants]\nsubject = \
             \"No sound\"\n"
        );
        std::fs::write(at.join("rows.toml"), map).unwrap();
        let row = format!("{{\"id\":\"7\",\"at\":\"{time}\",\"state\":\"{state}\"}}\n");
        std::fs::write(at.join("rows.ndjson"), row).unwrap();
        let mut command = Command::new(binary());
        command.current_dir(at).args(["--server", &server.url(), "--as", "olga", "--lang", "en", "--output", "json"]);
        let output = command.args(["import", "rows.ndjson", "--keep-open"]).args(more).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    };
    let (first, second) = ("2026-03-02T10:00:00Z", "2026-03-03T11:00:00Z");
    assert_eq!(run("crm", first, "NEW", &[])["created"], 1);
    for more in [&[][..], &["--resume"]] {
        let other = run("erp", second, "RESOLVED", more);
        assert_eq!((&other["created"], &other["skipped"], &other["changed"]), (&0.into(), &0.into(), &0.into()));
        let reason = other["refused"][0]["reason"].as_str().unwrap();
        assert!(reason.starts_with("another ticket, #1, has the external id `7`"), "{reason}");
        // The same row by another name of its import is the same.
        let same = run("crm-2", first, "NEW", more);
        assert_eq!((&same["skipped"], &same["refused"]), (&1.into(), &serde_json::json!([])), "{same}");
    }
    assert_eq!(states(&server).await["7"], v1::TicketState::New);
}
