//! Files that the command line writes for people: nothing of anybody else's is replaced.

use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::path::Path;
use std::process::{Command, Output};

use opora_tests::{Server, binary, create};

/// `opora … attach ARGUMENTS` in a directory.
fn attach(server: &Server, folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.current_dir(folder).args(["--server", &server.url(), "--as", "olga", "--lang", "en", "attach"]);
    command.args(arguments).output().unwrap()
}

fn is_done(output: &Output) -> bool {
    output.status.success()
}

/// The exit code, and what was said on standard error.
fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A server, a ticket with `a.log` (one) and twice `b.log` (two, three), and an empty directory.
async fn with_files() -> (Server, tempfile::TempDir, String) {
    let server = Server::start();
    let ticket = create(&server.desk(), "No sound").await.unwrap();
    let number = ticket.name.trim_start_matches("tickets/").to_owned();
    let source = tempfile::tempdir().unwrap();
    for (name, text) in [("a.log", "one"), ("b.log", "two"), ("b.log", "three")] {
        std::fs::write(source.path().join(name), text).unwrap();
        let sent = attach(&server, source.path(), &[&number, name]);
        assert!(is_done(&sent), "{sent:?}");
    }
    (server, tempfile::tempdir().unwrap(), number)
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_replaces_nothing_unless_it_is_told_to() {
    let (server, folder, number) = with_files().await;
    let at = folder.path();
    assert!(is_done(&attach(&server, at, &[&number, "--download", "a.log"])));
    assert_eq!(read(at, "a.log"), "one");
    std::fs::write(at.join("a.log"), "mine").unwrap();
    let (code, words) = said(&attach(&server, at, &[&number, "--download", "a.log"]));
    assert!(code == Some(74) && words.contains("a.log is there already") && words.contains("--force"), "{words}");
    assert_eq!(read(at, "a.log"), "mine");
    assert!(is_done(&attach(&server, at, &[&number, "--download", "a.log", "--force"])));
    assert_eq!(read(at, "a.log"), "one");
    std::fs::create_dir(at.join("a")).unwrap();
    assert!(is_done(&attach(&server, at, &[&number, "--download", "a.log", "--to", "a"])), "into a directory");
    assert_eq!(read(at, "a/a.log"), "one");
    let names: Vec<_> = std::fs::read_dir(at).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "nothing else is left: {names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_a_pipe_and_a_link_stay_what_they_are() {
    let (server, folder, number) = with_files().await;
    let at = folder.path();
    for force in [&[][..], &["--force"]] {
        let get = |to: &str| attach(&server, at, &[&[&number, "--download", "a.log", "--to", to], force].concat());
        assert!(is_done(&get("/dev/null")));
        let (code, words) = said(&get("/dev/full"));
        assert_eq!(code, Some(74), "{words}");
    }
    for device in ["/dev/null", "/dev/full"] {
        assert!(std::fs::symlink_metadata(device).unwrap().file_type().is_char_device(), "{device}");
    }
    std::fs::write(at.join("behind"), "mine").unwrap();
    symlink("behind", at.join("link")).unwrap();
    assert_eq!(said(&attach(&server, at, &[&number, "--download", "a.log", "--to", "link"])).0, Some(74));
    assert_eq!(read(at, "behind"), "mine");
    assert!(is_done(&attach(&server, at, &[&number, "--download", "a.log", "--to", "link", "--force"])));
    assert_eq!(read(at, "behind"), "one");
    assert!(std::fs::symlink_metadata(at.join("link")).unwrap().is_symlink());
    let out = attach(&server, at, &[&number, "--download", "a.log", "--to", "-"]);
    assert_eq!((out.status.success(), out.stdout.as_slice()), (true, b"one".as_slice()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_came_with_the_file_is_never_followed_elsewhere() {
    let (server, folder, number) = with_files().await;
    let at = folder.path();
    std::fs::write(at.join("victim"), "mine").unwrap();
    std::fs::create_dir(at.join("into")).unwrap();
    symlink("../victim", at.join("into/a.log")).unwrap();
    for force in [&[][..], &["--force"]] {
        let arguments = [&[&number, "--download", "a.log", "--to", "into"], force].concat();
        assert_eq!(said(&attach(&server, at, &arguments)).0, Some(74));
        assert_eq!(read(at, "victim"), "mine");
    }
    std::fs::remove_file(at.join("into/a.log")).unwrap();
    assert!(Command::new("mkfifo").arg(at.join("into/a.log")).status().unwrap().success());
    let arguments = [number.as_str(), "--download", "a.log", "--to", "into"];
    assert_eq!(said(&attach(&server, at, &arguments)).0, Some(74), "nobody waits for a pipe's reader");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_found_by_its_name_its_number_and_its_full_name_and_several_get_names_of_their_own() {
    let (server, folder, number) = with_files().await;
    let at = folder.path();
    let list = Command::new(binary())
        .args(["--server", &server.url(), "--as", "olga", "--output", "json", "attach", &number, "--list"])
        .output()
        .unwrap();
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    let full = |place: usize| list["attachments"][place]["name"].as_str().unwrap().to_owned();
    let (first, second, third) = (full(0), full(1), full(2));
    let (code, words) = said(&attach(&server, at, &[&number, "--download", "b.log"]));
    assert!(code == Some(2) && words.contains(&second) && words.contains(&third), "{words}");
    let short = second.rsplit('/').next().unwrap();
    let several =
        [number.as_str(), "--download", short, "--download", &third, "--download", "a.log", "--download", &first];
    let fetched = attach(&server, at, &several);
    assert!(is_done(&fetched), "{fetched:?}");
    let names = ["b.log", "b (2).log", "a.log", "a (2).log"];
    assert_eq!(names.map(|name| read(at, name)), ["two", "three", "one", "one"]);
    for (arguments, wanted, says) in [
        (&["--download", "a.log"][..], 2, "opora attach TICKET"),
        (&[&number, "--download", "c.log"], 1, "--list"),
        (&[&number, "--download", short, "--download", "a.log", "--to", "new"], 2, "no directory"),
    ] {
        let (code, words) = said(&attach(&server, at, arguments));
        assert!(code == Some(wanted) && words.contains(says), "{arguments:?}: {code:?} {words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_shell_opened_for_it_is_written_into() {
    let (server, folder, number) = with_files().await;
    let at = folder.path();
    let shell = |rest: &str| {
        let opora = format!("'{}' --server {} --as olga attach {number}", binary().display(), server.url());
        let mut command = Command::new("bash");
        command.current_dir(at).args(["-c", &format!("{opora} {rest}")]).output().unwrap()
    };
    for (rest, wanted) in [
        ("--download a.log --to /dev/stdout | cat", "one"),
        ("--download a.log --to /proc/self/fd/1 > kept; cat kept", "one"),
        (
            "--download a.log --to >(cat > through; mv through there); until test -e there; do sleep 0.1; done; cat there",
            "one",
        ),
        ("--download a.log --to /dev/fd/3 3> third; cat third", "one"),
    ] {
        let output = shell(rest);
        assert_eq!((output.status.success(), &*String::from_utf8_lossy(&output.stdout)), (true, wanted), "{output:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_just_fetched_is_not_replaced_by_the_next_of_its_name() {
    let (server, folder, number) = with_files().await;
    let at = folder.path();
    std::fs::write(at.join("b.log"), "of before").unwrap();
    let list = Command::new(binary())
        .args(["--server", &server.url(), "--as", "olga", "--output", "json", "attach", &number, "--list"])
        .output()
        .unwrap();
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    let full = |place: usize| list["attachments"][place]["name"].as_str().unwrap().to_owned();
    let fetched = attach(&server, at, &["--download", &full(1), "--download", &full(2), "--force"]);
    assert!(is_done(&fetched), "{fetched:?}");
    assert_eq!(["b.log", "b (2).log"].map(|name| read(at, name)), ["two", "three"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_rows_of_an_import_go_beside_a_file_that_is_there() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("rows.ndjson"), "{\"id\":\"1\",\"subject\":\"No sound\",\"priority\":\"soon\"}\n").unwrap();
    std::fs::write(at.join("rows.rejects.csv"), "mine").unwrap();
    let import = || {
        let mut command = Command::new(binary());
        command.current_dir(at).args(["--server", &server.url(), "--as", "olga", "--lang", "en", "import"]);
        command.args(["rows.ndjson", "--map", "map.toml"]).output().unwrap()
    };
    std::fs::write(
        at.join("map.toml"),
        "name = \"rows\"\nid = \"id\"\n[columns]\nsubject = \"subject\"\npriority = \"priority\"\n",
    )
    .unwrap();
    let output = import();
    let words = format!("{output:?}");
    assert!(words.contains("rows.rejects (2).csv"), "{words}");
    assert_eq!(read(at, "rows.rejects.csv"), "mine");
    assert!(read(at, "rows.rejects (2).csv").contains("reason"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_refuses_the_same_again_writes_no_second_file_and_a_dry_run_none() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let row = |id: u32| format!("{{\"id\":\"{id}\",\"subject\":\"No sound\",\"priority\":\"soon\"}}\n");
    std::fs::write(at.join("rows.ndjson"), row(1)).unwrap();
    let map = "name = \"rows\"\nid = \"id\"\n[columns]\nsubject = \"subject\"\npriority = \"priority\"\n";
    std::fs::write(at.join("rows.toml"), map).unwrap();
    let import = |more: &[&str]| {
        let mut command = Command::new(binary());
        command.current_dir(at).args(["--server", &server.url(), "--as", "olga", "--lang", "en", "import"]);
        let output = command.arg("rows.ndjson").args(more).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let rejects = || {
        let names = std::fs::read_dir(at).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.contains("rejects")).collect();
        names.sort();
        names
    };
    let told = import(&["--dry-run"]);
    assert!(told.contains("Refused: 1") && rejects().is_empty(), "{told} {:?}", rejects());
    for _ in 0..3 {
        let told = import(&[]);
        assert!(told.contains("rows.rejects.csv"), "{told}");
        assert_eq!(rejects(), ["rows.rejects.csv"]);
    }
    std::fs::write(at.join("rows.ndjson"), [row(1), row(2)].concat()).unwrap();
    for _ in 0..2 {
        let told = import(&[]);
        assert!(told.contains("rows.rejects (2).csv"), "{told}");
        assert_eq!(rejects(), ["rows.rejects (2).csv", "rows.rejects.csv"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_found_by_its_name_in_other_letters_and_names_that_are_alike_are_told_apart_by_their_ids() {
    let (server, folder, number) = with_files().await;
    let at = folder.path();
    for (name, text) in [("Отчёт.log", "four"), ("C.log", "five"), ("c.log", "six")] {
        std::fs::write(at.join(name), text).unwrap();
        assert!(is_done(&attach(&server, at, &[&number, name])));
        std::fs::remove_file(at.join(name)).unwrap();
    }
    let get = |name: &str| attach(&server, at, &[&number, "--download", name, "--to", "-"]);
    for (asked, wanted) in [
        ("Отчёт.log", "four"),
        ("отчет.LOG", "four"),
        // As some machines write the same name.
        ("Отче\u{308}т.log", "four"),
        ("A.LOG", "one"),
        ("c.log", "six"),
        ("C.log", "five"),
    ] {
        let output = get(asked);
        assert_eq!(String::from_utf8_lossy(&output.stdout), wanted, "{asked}: {output:?}");
    }
    let (code, words) = said(&get("c.LOG"));
    assert!(code == Some(2) && words.contains("(C.log)") && words.contains("(c.log)"), "{words}");
}

#[test]
fn a_directory_that_is_not_there_is_named_before_anybody_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("rows.ndjson"), "{\"id\":\"1\",\"subject\":\"No sound\"}\n").unwrap();
    std::fs::write(at.join("rows.toml"), "name = \"rows\"\nid = \"id\"\n[columns]\nsubject = \"subject\"\n").unwrap();
    for arguments in [
        &["attach", "1", "--download", "a.log", "--to", "none/a.log"][..],
        &["attach", "1", "--download", "a.log", "--to", "none/"],
        &["import", "rows.ndjson", "--rejects", "none/rejects.csv"],
    ] {
        let mut command = Command::new(binary());
        // Nobody listens there.
        command.current_dir(at).args(["--server", "127.0.0.1:1", "--as", "olga", "--lang", "en"]);
        let (code, words) = said(&command.args(arguments).output().unwrap());
        assert!(code == Some(74) && words.contains("There is no directory none"), "{arguments:?}: {words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_import_did_is_told_even_where_its_refused_rows_cant_be_written() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let rows = "{\"id\":\"1\",\"subject\":\"No sound\",\"priority\":\"soon\"}\n";
    std::fs::write(at.join("rows.ndjson"), rows).unwrap();
    let map = "name = \"rows\"\nid = \"id\"\n[columns]\nsubject = \"subject\"\npriority = \"priority\"\n";
    std::fs::write(at.join("map.toml"), map).unwrap();
    let mut command = Command::new(binary());
    command.current_dir(at).args(["--server", &server.url(), "--as", "olga", "--lang", "en", "import", "rows.ndjson"]);
    let output = command.args(["--map", "map.toml", "--dry-run", "--rejects", "/dev/full"]).output().unwrap();
    let (code, words) = said(&output);
    assert!(code == Some(74) && words.contains("/dev/full"), "{words}");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("Refused: 1"), "{told}");
}
