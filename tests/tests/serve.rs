//! Starting and stopping: what an operator meets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use opora_proto::v1;
use opora_tests::{Server, ServerOptions, binary, create, get};

fn opora(args: &[&str]) -> (i32, String) {
    let output =
        Command::new(binary()).args(args).env_remove("OPORA_DATA").env_remove("OPORA_LISTEN").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), text)
}

#[tokio::test]
async fn a_stopped_server_exits_with_zero_and_starts_again_with_everything() {
    let mut server = Server::start();
    let ticket = create(&server.desk(), "останется").await.unwrap();
    assert!(server.terminate().success());
    server.restart();
    assert_eq!(get(&server.desk(), &ticket.name).await.unwrap(), ticket);
}

#[test]
fn a_server_begins_with_the_allocator_told_to_give_memory_back_unless_it_was_told_something() {
    let told = |env: &[(&str, &str)]| {
        let env = env.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
        let server = Server::with(ServerOptions { env, ..ServerOptions::default() });
        let environment = std::fs::read(format!("/proc/{}/environ", server.pid())).unwrap();
        let environment = String::from_utf8(environment).unwrap();
        let told: Vec<_> =
            environment.split('\0').filter_map(|set| set.strip_prefix("MIMALLOC_PURGE_DELAY=")).collect();
        assert_eq!(told.len(), 1, "{environment}");
        told.concat()
    };
    assert_eq!(told(&[]), "300");
    assert_eq!(told(&[("MIMALLOC_PURGE_DELAY", "5000")]), "5000");
}

#[tokio::test]
async fn a_directory_in_use_is_refused_with_the_holder() {
    let server = Server::start();
    let second = ServerOptions { data: Some(server.data().to_owned()), ..ServerOptions::default() };
    let Err(said) = Server::try_with(second) else { panic!("two servers on one directory") };
    assert!(said.contains(&server.pid().to_string()), "{said}");
    create(&server.desk(), "первый сервер жив").await.unwrap();
}

#[test]
fn an_address_in_use_is_told_and_nothing_is_made() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (dir, address) = (tempfile::tempdir().unwrap(), taken.local_addr().unwrap().to_string());
    let data = dir.path().join("data");
    for (language, told) in [("en", "can't listen on"), ("ru", "нельзя принимать соединения: адрес уже занят")]
    {
        let arguments = ["--lang", language, "serve", "--data", data.to_str().unwrap(), "--listen", &address];
        let (code, text) = opora(&arguments);
        assert_eq!(code, 74, "{text}");
        assert!(text.contains(told) && text.contains(&address), "{text}");
        assert!(!text.contains("WARN") && !data.exists(), "{text}");
    }
}

/// All that is in a directory, with what it holds.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(contents(&entry));
            found.insert(entry, None);
        } else {
            let bytes = std::fs::read(&entry).unwrap();
            found.insert(entry, Some(bytes));
        }
    }
    found
}

#[test]
fn a_refused_start_makes_nothing() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (home, address) = (tempfile::tempdir().unwrap(), taken.local_addr().unwrap().to_string());
    let at = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("file"), "no directory").unwrap();
    std::fs::create_dir_all(at("headless/journal")).unwrap();
    std::fs::write(at("headless/journal/00000000000000000001.journal"), "").unwrap();
    for (name, format) in [("newer", "opora-store\nformat = 99\nview = 1\n"), ("other", "something else")] {
        std::fs::create_dir(at(name)).unwrap();
        std::fs::write(at(name) + "/format", format).unwrap();
    }
    // A desk of which the journal is gone: it was acknowledged that there is one.
    std::fs::create_dir(at("bereft")).unwrap();
    let format = format!("opora-store\nformat = 1\nview = 2\nuid = {}\n", uuid::Uuid::from_u128(7));
    std::fs::write(at("bereft/format"), format).unwrap();
    std::fs::write(at("bereft/state"), "clean 7\n").unwrap();
    let missing = at("not/there/yet");
    let too_long = at(&format!("short/{}", "long".repeat(100)));
    let below_a_file = at("file/desk");
    let before = contents(home.path());
    for (why, data, more, code) in [
        ("the address is in use", &*missing, &["--listen", &*address][..], 74),
        ("the address is none of this machine's", &missing, &["--listen", "192.0.2.1:0"], 74),
        ("a setting is wrong", &missing, &["--set", "drain_timeout=soon"], 78),
        ("the log's filter is wrong", &missing, &["--set", "log=a=b=c"], 78),
        ("no desk is accepted as a copy", &missing, &["--accept-restored"], 74),
        ("no desk is damaged", &missing, &["--degraded"], 74),
        ("a name is too long", &too_long, &[], 74),
        ("a parent is a file", &below_a_file, &[], 74),
        ("it is a file", &at("file"), &[], 74),
        ("the file `format` is gone", &at("headless"), &[], 74),
        ("a newer version wrote it", &at("newer"), &[], 74),
        ("it is something else", &at("other"), &[], 74),
        ("its journal is gone", &at("bereft"), &[], 74),
    ] {
        let listen = if more.contains(&"--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] };
        let (ended, said) = opora(&[&["serve", "--data", data], listen, more].concat());
        assert_eq!(ended, code, "{why}: {said}");
        let after = contents(home.path());
        assert!(
            after == before,
            "{why}: {:?}\n{said}",
            after.keys().filter(|path| !before.contains_key(*path)).collect::<Vec<_>>()
        );
    }
}

#[test]
fn unknown_settings_are_errors_with_the_nearest_known_name() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("opora.toml");
    std::fs::write(&file, "lisen = \"127.0.0.1:0\"\n").unwrap();
    let (code, text) =
        opora(&["serve", "--config", file.to_str().unwrap(), "--data", dir.path().join("d").to_str().unwrap()]);
    assert_eq!(code, 78, "{text}");
    assert!(text.contains("lisen") && text.contains("listen"), "{text}");
}

#[tokio::test]
async fn a_dry_run_says_what_a_start_would_change_in_both_languages_and_needs_the_desk_to_be_stopped() {
    let mut server = Server::start();
    create(&server.desk(), "открытая").await.unwrap();
    let data = server.data().to_str().unwrap().to_owned();
    let dry_run = |language| opora(&["serve", "--data", &data, "--dry-run", "--lang", language]);
    assert_eq!(dry_run("en").0, 74, "it is in use");
    assert!(server.terminate().success());
    let (code, text) = dry_run("en");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("Open tickets: 1.") && text.contains("Nothing was changed."), "{text}");
    let (code, text) = dry_run("ru");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("Открытых запросов: 1.") && text.contains("Ничего не изменено."), "{text}");
}

#[test]
fn print_config_shows_where_each_value_comes_from() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("opora.toml");
    std::fs::write(&file, "importing_allowed = true\n").unwrap();
    let output = Command::new(binary())
        .args(["serve", "--print-config", "--config"])
        .arg(&file)
        .args(["--listen", "127.0.0.1:7000"])
        .env("OPORA_DATA", dir.path().join("data"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    for (value, origin) in [("listen", "--listen"), ("data", "OPORA_DATA"), ("importing_allowed", "opora.toml")] {
        let line = text
            .lines()
            .find(|l| l.trim_start().starts_with(value))
            .unwrap_or_else(|| panic!("{value} is not shown:\n{text}"));
        assert!(line.contains(origin), "{line}");
    }
}

#[tokio::test]
async fn the_server_tells_what_it_is() {
    let server = Server::start();
    let info = server.desk().admin().get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner();
    assert_eq!(info.product, "opora");
    assert_eq!(info.contracts, ["opora.v1"]);
    assert_eq!(info.ladder.len(), 4);
    let (mailbox, line) = (&info.ladder[0], &info.ladder[1]);
    assert_eq!((mailbox.reach.as_slice(), mailbox.reachable_time), (&["support@example.com".to_owned()][..], None));
    let hours = line.hours.clone().unwrap();
    assert_eq!((hours.time_zone.as_str(), hours.weekdays.len()), ("Europe/Moscow", 5));
    // Closed now or open: where it is told when it opens, that is still to come.
    let now = info.server_time.unwrap().seconds;
    assert!(line.reachable_time.is_none_or(|at| at.seconds >= now && at.nanos == 0), "{line:?}");
    assert!(info.importing_allowed && info.timers_healthy);
}

#[tokio::test]
async fn calls_on_loopback_are_not_held_up_by_nagle() {
    // With Nagle's algorithm left on, each call takes 40 ms: fifty calls would take two seconds. The bound is so wide
    // that only that mistake breaks it.
    let server = Server::start();
    let desk = server.desk();
    let ticket = create(&desk, "быстро").await.unwrap();
    let mut fastest = std::time::Duration::MAX;
    for _ in 0..50 {
        let start = std::time::Instant::now();
        get(&desk, &ticket.name).await.unwrap();
        fastest = fastest.min(start.elapsed());
    }
    assert!(fastest < std::time::Duration::from_millis(30), "the fastest of 50 calls took {fastest:?}");
}

#[test]
fn wrong_arguments_exit_with_2_and_a_dead_server_with_69() {
    assert_eq!(opora(&["ticket", "shwo", "1"]).0, 2);
    assert_eq!(opora(&["ticket", "show", "не номер"]).0, 2);
    let (code, text) = opora(&["ticket", "show", "1", "--server", "http://127.0.0.1:1"]);
    assert_eq!(code, 69, "{text}");
}
