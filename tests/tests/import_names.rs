//! Names that an import brings: kept as they are written, told apart, and known again whoever wrote them first.

use std::process::Command;

use opora_proto::v1;
use opora_tests::{Server, binary, list_all};

const MAP: &str = "\
name = 'old-desk'
id = 'key'
time_formats = ['%d.%m.%Y %H:%M']
register_missing = true
[columns]
subject = 'subject'
organisation = 'customer'
assignee = 'owner'
workstation = 'place'
create_time = 'at'
[values.state]
'x' = 'IN_PROGRESS'
[constants]
state = 'x'
";

/// Imports rows of key, subject, customer, owner and workstation.
fn import(server: &Server, rows: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let (file, map) = (dir.path().join("old.csv"), dir.path().join("old.toml"));
    std::fs::write(&file, format!("key,subject,customer,owner,place,at\n{rows}")).unwrap();
    std::fs::write(&map, MAP).unwrap();
    let output = Command::new(binary())
        .args(["--server", &server.url(), "--as", "olga", "--lang", "en", "import"])
        .arg(&file)
        .arg("--rejects")
        .arg(dir.path().join("rejects.csv"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    said
}

async fn organisations(server: &Server) -> Vec<v1::Organisation> {
    let request = v1::ListOrganisationsRequest { page_size: 1000, ..Default::default() };
    server.desk().directory().list_organisations(request).await.unwrap().into_inner().organisations
}

async fn tickets(server: &Server) -> Vec<v1::Ticket> {
    let request = v1::ListTicketsRequest { page_size: 1000, order_by: "number".into(), ..Default::default() };
    list_all(&server.desk(), request).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_and_owners_of_any_names_stay_apart_and_keep_their_names() {
    let server = Server::start();
    import(
        &server,
        "1,a,ООО «Ромашка»,Иван Петров,АРМ-14,01.03.2026 10:00\n\
         2,b,ООО «Вектор»,Ольга Сидорова,АРМ-15,01.03.2026 10:00\n\
         3,c,ооо «ромашка»,Иван  ПЕТРОВ,АРМ-14,01.03.2026 10:00\n",
    );
    let names: Vec<String> = organisations(&server).await.into_iter().map(|one| one.display_name).collect();
    assert_eq!(names, ["ООО «Ромашка»", "ООО «Вектор»"]);
    let mut tickets = tickets(&server).await;
    // Several are sent at a time.
    tickets.sort_by(|a, b| a.subject.cmp(&b.subject));
    assert_eq!(tickets[0].organisation, tickets[2].organisation);
    assert_ne!(tickets[0].organisation, tickets[1].organisation);
    assert_eq!(tickets[0].assignee, tickets[2].assignee);
    assert_ne!(tickets[0].assignee, tickets[1].assignee);
    assert_eq!(tickets[0].workstations, ["АРМ-14"], "kept as it was written");
    let request = v1::GetAgentRequest { name: tickets[1].assignee.clone() };
    let agent = server.desk().directory().get_agent(request).await.unwrap().into_inner().agent.unwrap();
    assert_eq!(agent.display_name, "Ольга Сидорова");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_that_the_desk_has_by_that_name_is_taken() {
    let server = Server::start();
    let request = v1::CreateOrganisationRequest {
        organisation_id: "acme".into(),
        organisation: Some(v1::Organisation { display_name: "Семёнов и Ко".into(), ..Default::default() }),
        request_id: opora_proto::client::request_id(),
    };
    server.desk().directory().create_organisation(request).await.unwrap();
    let rows = "1,a,СЕМЕНОВ И КО,Ann B,x,01.03.2026 10:00\n";
    import(&server, rows);
    import(&server, rows);
    let all = organisations(&server).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(tickets(&server).await.iter().map(|one| &*one.organisation).collect::<Vec<_>>(), ["organisations/acme"]);
}
