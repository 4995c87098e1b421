//! Open files: the limit is raised, and a flood of connections takes none from the store.

use std::net::TcpStream;
use std::time::Duration;

use opora_tests::{Server, ServerOptions, create, get};
use std::io::Write as _;

/// A server under limits of open files, as `ulimit` sets them.
fn limited(ulimit: &str) -> Server {
    let script = format!("{ulimit} && exec \"$0\" \"$@\"");
    let wrapper = ["sh", "-c", &script].map(str::to_owned).to_vec();
    Server::with(ServerOptions { wrapper, ..ServerOptions::default() })
}

/// The soft and the hard limit of open files of a process.
fn limits(pid: u32) -> (u64, u64) {
    let text = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let line = text.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let mut numbers = line.split_whitespace().filter_map(|word| word.parse().ok());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

#[test]
fn the_soft_limit_of_open_files_is_raised_to_the_hard_one() {
    let server = limited("ulimit -Sn 256 && ulimit -Hn 2048");
    assert_eq!(limits(server.pid()), (2_048, 2_048));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_connections_takes_no_file_from_the_store() {
    let mut server = limited("ulimit -n 400");
    let desk = server.desk();
    create(&desk, "before").await.unwrap();
    let mut flood = Vec::new();
    for _ in 0..600 {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        // Whoever was sent away can't write.
        let _ = stream.write_all(b"P");
        flood.push(stream);
    }
    for n in 0..50 {
        let ticket = create(&desk, &format!("ticket {n}")).await.unwrap();
        get(&desk, &ticket.name).await.unwrap();
    }
    let open = std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count();
    assert!(open < 400 - 100, "{open} of 400 are open, and the store has too few left");
    drop(flood);
    assert!(server.ended().is_none());
    // There is room again for who comes.
    loop {
        match create(&server.desk(), "after").await {
            Ok(_) => break,
            Err(status) => eprintln!("{status}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
