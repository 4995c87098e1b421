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
    let (ended_well, said) = run(server, rows, MAP, &[]);
    assert!(ended_well, "{said}");
    said
}

/// The same with a mapping, which may refuse some.
fn run(server: &Server, rows: &str, mapping: &str, more: &[&str]) -> (bool, String) {
    let dir = tempfile::tempdir().unwrap();
    let (file, map) = (dir.path().join("old.csv"), dir.path().join("old.toml"));
    std::fs::write(&file, format!("key,subject,customer,owner,place,at\n{rows}")).unwrap();
    std::fs::write(&map, mapping).unwrap();
    let output = Command::new(binary())
        .args(["--server", &server.url(), "--as", "olga", "--lang", "en", "import"])
        .arg(&file)
        .args(more)
        .arg("--rejects")
        .arg(dir.path().join("rejects.csv"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said)
}

async fn register(server: &Server, id: &str, name: &str) {
    let request = v1::CreateOrganisationRequest {
        organisation_id: id.into(),
        organisation: Some(v1::Organisation { display_name: name.into(), ..Default::default() }),
        request_id: opora_proto::client::request_id(),
    };
    server.desk().directory().create_organisation(request).await.unwrap();
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
    register(&server, "acme", "Семёнов и Ко").await;
    let rows = "1,a,СЕМЕНОВ И КО,Ann B,x,01.03.2026 10:00\n";
    import(&server, rows);
    import(&server, rows);
    let all = organisations(&server).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(tickets(&server).await.iter().map(|one| &*one.organisation).collect::<Vec<_>>(), ["organisations/acme"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_can_not_be_registered_is_refused_with_its_row_and_a_dry_run_says_so() {
    let server = Server::start();
    let long = "я".repeat(201);
    let rows = format!(
        "1,a,{long},Иван Петров,x,01.03.2026 10:00\n\
         2,b,ООО «Вектор»,Иван\tПетров,x,01.03.2026 10:00\n\
         3,c,ООО\t«Ромашка»,Иван Петров,x,01.03.2026 10:00\n\
         4,d,ООО «Вектор»,{long},x,01.03.2026 10:00\n\
         5,e,ООО «Вектор»,Иван Петров,x,01.03.2026 10:00\n"
    );
    for more in [&["--dry-run"][..], &[]] {
        let (ended_well, said) = run(&server, &rows, MAP, more);
        assert!(!ended_well);
        for told in [
            "line 2: `organisation` is longer than 200 characters",
            "line 3: `assignee` has a control character or a line break",
            "line 4: `organisation` has a control character or a line break",
            "line 5: `assignee` is longer than 200 characters",
        ] {
            assert!(said.contains(told), "{told}: {said}");
        }
        assert!(!said.contains("line 6"), "{said}");
        assert_eq!(organisations(&server).await.is_empty(), !more.is_empty());
    }
    let names: Vec<String> = organisations(&server).await.into_iter().map(|one| one.display_name).collect();
    assert_eq!(names, ["ООО «Вектор»"]);
    assert!(tickets(&server).await.iter().any(|one| one.subject == "e" && !one.assignee.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_desk_refuses_to_register_is_refused_with_the_rows_that_name_it() {
    let server = Server::start();
    // The import registered a customer of that name once, who is called otherwise now.
    import(&server, "1,a,Вектор,Иван,x,01.03.2026 10:00\n");
    let request = v1::UpdateOrganisationRequest {
        organisation: Some(v1::Organisation {
            name: "organisations/vektor".into(),
            display_name: "Вектор-Юг".into(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["display_name".into()] }),
        request_id: opora_proto::client::request_id(),
        ..Default::default()
    };
    server.desk().directory().update_organisation(request).await.unwrap();
    let rows = "2,b,Вектор,Иван,x,01.03.2026 10:00\n3,c,Заря,Иван,x,01.03.2026 10:00\n";
    let (ended_well, said) = run(&server, rows, MAP, &[]);
    assert!(!ended_well && said.contains("line 2: "), "{said}");
    assert_eq!(tickets(&server).await.iter().filter(|one| one.subject == "c").count(), 1, "{said}");
    assert_eq!(tickets(&server).await.iter().filter(|one| one.subject == "b").count(), 0, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_whose_name_is_like_anothers_id_is_not_that_one() {
    let server = Server::start();
    register(&server, "romashka", "Цветы").await;
    register(&server, "unnamed", "Без имени").await;
    let rows = "1,a,romashka,Ann B,x,01.03.2026 10:00\n\
                2,b,unnamed,Ann B,x,01.03.2026 10:00\n\
                3,c,organisations/romashka,Ann B,x,01.03.2026 10:00\n\
                4,d,цветы,Ann B,x,01.03.2026 10:00\n\
                5,e,!!!,Ann B,x,01.03.2026 10:00\n";
    let unregistered = MAP.replace("register_missing = true\n", "").replace("assignee = 'owner'\n", "");
    let (ended_well, said) = run(&server, rows, &unregistered, &[]);
    assert!(!ended_well, "{said}");
    for (line, name) in [(2, "romashka"), (3, "unnamed"), (6, "!!!")] {
        let told = format!("line {line}: nothing in `organisations` is called `{name}`");
        assert!(said.contains(&told), "{told}: {said}");
    }
    let placed = async || {
        let tickets = tickets(&server).await;
        let mut placed: Vec<_> = tickets.into_iter().map(|one| (one.subject, one.organisation)).collect();
        placed.sort();
        placed
    };
    let of = |subject: &str, id: &str| (subject.to_owned(), format!("organisations/{id}"));
    assert_eq!(placed().await, [of("c", "romashka"), of("d", "romashka")]);
    // Those that were refused, with leave to register.
    let refused: Vec<&str> = rows.split_inclusive('\n').filter(|row| row.starts_with(['1', '2', '5'])).collect();
    import(&server, &refused.concat());
    let wanted =
        [of("a", "romashka-2"), of("b", "unnamed-2"), of("c", "romashka"), of("d", "romashka"), of("e", "unnamed-3")];
    assert_eq!(placed().await, wanted);
}
