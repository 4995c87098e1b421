//! An answer means durable: between a commit and its answer stands an fdatasync of the journal. Seen with `strace`.

use std::fmt::Write as _;

use opora_tests::{Server, ServerOptions, create};

#[tokio::test]
async fn the_journal_is_synced_before_the_answer_is_sent() {
    assert!(
        std::process::Command::new("strace").arg("-V").output().is_ok(),
        "strace is not installed: `cargo xtask test` installs it, or apt-get install strace"
    );
    let trace = tempfile::NamedTempFile::new().unwrap();
    let mut server = Server::with(ServerOptions {
        wrapper: [
            "strace",
            "-f",
            "-yy",
            "-s",
            "512",
            "-ttt",
            "-e",
            "trace=write,writev,pwrite64,sendto,sendmsg,fdatasync,fsync",
            "-o",
        ]
        .map(str::to_owned)
        .into_iter()
        .chain([trace.path().display().to_string()])
        .collect(),
        ..ServerOptions::default()
    });
    let desk = server.desk();
    create(&desk, "разогрев").await.unwrap();
    let before = std::fs::read_to_string(trace.path()).unwrap().lines().count();
    for n in 0..10 {
        create(&desk, &format!("ticket {n}")).await.unwrap();
    }
    server.terminate();
    let text = std::fs::read_to_string(trace.path()).unwrap();
    let mut story = String::new();
    let (mut written, mut unsynced, mut answers) = (0, false, 0);
    for line in text.lines().skip(before) {
        let journal = line.contains("/journal/");
        // `strace` tells of a call that another thread interrupts in two lines; its end is what counts for a sync.
        if journal && (line.contains("write") || line.contains("pwrite")) && !line.contains("resumed") {
            written += 1;
            unsynced = true;
            let _ = writeln!(story, "W {line}");
        } else if (line.contains("fdatasync(") && journal && line.contains(") = 0"))
            || (line.contains("fdatasync resumed") && line.contains(") = 0"))
        {
            unsynced = false;
            let _ = writeln!(story, "S {line}");
        } else if line.contains("TCP")
            && (line.contains("write") || line.contains("sendto"))
            && line.contains("tickets/")
        {
            answers += 1;
            let _ = writeln!(story, "A {line}");
            assert!(!unsynced, "an answer left before the sync:\n{story}");
        }
    }
    assert!(written >= 10, "the journal was hardly written to: {written}\n{text}");
    assert!(answers >= 10, "no answers were seen: {answers}\n{story}");
}
