//! Directories that earlier versions wrote are opened and answer as they did. `fixtures/first_format` is one of version
//! 0.1 at format 1, with what its own command line answered, as JSON: customers, people, five tickets, of which one was
//! merged, one closed and one escalated, messages and a file.

use std::path::{Path, PathBuf};
use std::process::Command;

use opora_tests::{Server, ServerOptions, binary, wall};
use serde_json::Value;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/first_format")
}

fn unpacked(into: &Path) -> PathBuf {
    let archive = fixture().join("data.tar.gz");
    let done = Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(into).status().unwrap();
    assert!(done.success());
    into.join("data")
}

fn asked(server: &Server, args: &[&str]) -> Vec<u8> {
    let output =
        Command::new(binary()).args(args).args(["--lang", "en", "--server"]).arg(server.url()).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A second after the last answer was kept. A desk's clocks run on: hours later it would have warned of more, and days
/// later have closed what was solved.
const KEPT: &str = "2026-11-30 13:23:10";

/// What moves on all the same in the time that a test takes. (Etags also say since then which copy of a desk they are of.)
const MOVES: [&str; 4] = ["sla", "revision", "etag", "updateTime"];

/// Everything that was answered is answered still; more may be.
fn holds(was: &Value, is: &Value, skipped: &[&str], at: &str) {
    match (was, is) {
        (Value::Object(was), Value::Object(is)) => {
            for (key, was) in was.iter().filter(|(key, _)| !skipped.contains(&key.as_str())) {
                holds(was, is.get(key).unwrap_or(&Value::Null), skipped, &format!("{at}.{key}"));
            }
        }
        (Value::Array(was), Value::Array(is)) => {
            assert!(is.len() >= was.len(), "{at}: {} of {}", is.len(), was.len());
            for (place, (was, is)) in was.iter().zip(is).enumerate() {
                holds(was, is, skipped, &format!("{at}[{place}]"));
            }
        }
        _ => assert_eq!(was, is, "{at}"),
    }
}

#[test]
fn a_directory_of_the_first_format_is_opened_and_answers_as_it_did() {
    let dir = tempfile::tempdir().unwrap();
    let data = unpacked(dir.path());
    // Whatever is derived from the journal is kept, or made anew.
    for made_anew in [false, true] {
        if made_anew {
            std::fs::remove_dir_all(data.join("view")).unwrap();
            std::fs::remove_dir_all(data.join("followers")).unwrap();
        }
        let env = wall::from(KEPT);
        let mut server = Server::with(ServerOptions { data: Some(data.clone()), env, ..ServerOptions::default() });
        let mut compared = 0;
        for entry in std::fs::read_dir(fixture().join("answers")).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let (args, skipped): (Vec<&str>, &[&str]) = match stem.split_once('-') {
                Some(("show", ticket)) => (vec!["ticket", "show", ticket], &MOVES),
                // What happened is what it was, clocks and all.
                Some(("history", ticket)) => (vec!["ticket", "history", ticket], &["etag"]),
                Some(("attachments", ticket)) => (vec!["attach", ticket, "--list"], &["revision"]),
                _ => (vec![stem, "list"], &["revision", "etag"]),
            };
            let args = [args.as_slice(), &["--output", "json"]].concat();
            let is: Value = serde_json::from_slice(&asked(&server, &args)).unwrap();
            let was: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            holds(&was, &is, skipped, stem);
            compared += 1;
        }
        assert_eq!(compared, 14);
        let file = asked(&server, &["attach", "1", "--download", "bpclient_2026-11-30.log", "--to", "-"]);
        assert_eq!(file, b"10:05:01 INVITE\n10:05:02 408\n");
        // Full text follows a little later (`docs/contract.md` "Promises").
        while asked(&server, &["ticket", "list", "\"дозвонится\"", "--output", "ndjson"]).is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert!(server.terminate().success());
    }
}
