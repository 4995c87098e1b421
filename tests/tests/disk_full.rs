//! A full disk: writes are refused, reads go on, nothing acknowledged is lost, writing resumes when there is room.
//! Runs on a small tmpfs of its own in a mount namespace; needs to be root.

use std::path::Path;

use opora_proto::v1;
use opora_tests::tmpfs::Tmpfs;
use opora_tests::{Server, ServerOptions, create, get, list_all, new_ticket};
use tonic::Code;

#[tokio::test]
async fn a_full_disk_refuses_writes_serves_reads_and_recovers() {
    let volume = Tmpfs::mount(320);
    let mut server = Server::with(ServerOptions {
        data: Some(volume.path().join("data")),
        env: vec![("OPORA_DISK_RESERVE".into(), "8MiB".into())],
        ..ServerOptions::default()
    });
    let desk = server.desk();
    create(&desk, "первый").await.unwrap();
    // The disk fills up with something else.
    let ballast = volume.path().join("ballast");
    fill(&ballast);
    let mut acknowledged = vec![1];
    let mut refused = 0;
    for n in 0..2_000 {
        let mut request = new_ticket(&format!("ticket {n}"));
        request.ticket.as_mut().unwrap().description = "ж".repeat(60_000);
        match desk.tickets().create_ticket(request).await {
            Ok(response) => acknowledged.push(response.into_inner().ticket.unwrap().number),
            Err(status) => {
                assert!(matches!(status.code(), Code::ResourceExhausted | Code::Unavailable), "{status:?}");
                refused += 1;
                if refused == 5 {
                    break;
                }
            }
        }
    }
    assert_eq!(refused, 5, "the disk never ran full");
    assert_eq!(get(&desk, "tickets/1").await.unwrap().subject, "первый", "reads go on");
    std::fs::remove_file(&ballast).unwrap();
    let after = create(&desk, "снова есть место").await.unwrap();
    acknowledged.push(after.number);
    server.kill();
    server.restart();
    let listed =
        list_all(&server.desk(), v1::ListTicketsRequest { page_size: 1000, ..Default::default() }).await.unwrap();
    for number in acknowledged {
        assert!(listed.iter().any(|t| t.number == number), "#{number} was acknowledged and is gone");
    }
}

fn fill(path: &Path) {
    use std::io::Write as _;
    let mut file = std::fs::File::create(path).unwrap();
    let block = vec![7_u8; 256 * 1024];
    while file.write_all(&block).is_ok() {}
}
