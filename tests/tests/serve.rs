//! Starting and stopping: what an operator meets.

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
fn an_address_in_use_is_told_and_the_directory_is_left_as_a_stop_leaves_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (dir, address) = (tempfile::tempdir().unwrap(), taken.local_addr().unwrap().to_string());
    let data = dir.path().join("data");
    for (language, told) in [("en", "can't listen on"), ("ru", "нельзя принимать соединения: адрес уже занят")]
    {
        let arguments = ["--lang", language, "serve", "--data", data.to_str().unwrap(), "--listen", &address];
        let (code, text) = opora(&arguments);
        assert_eq!(code, 74, "{text}");
        assert!(text.contains(told) && text.contains(&address), "{text}");
        // The second finds nothing to be healed.
        assert!(!text.contains("WARN"), "{text}");
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
