#![expect(clippy::disallowed_methods, reason = "tests read and write files where nobody waits")]

use std::path::PathBuf;
use std::time::Duration;

use opora_core::decide::Rules;
use opora_core::model::PolicyId;

use super::settings::{Kind, SETTINGS};
use super::show::{POLICY, example};
use super::{Config, Source, Sources, defaults, document};

fn load(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("opora.toml");
    std::fs::write(&path, file).unwrap();
    let own = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let sources = Sources { file: Some(path), environment: own(environment), flags: own(flags) };
    Config::load(&sources).map_err(|error| error.to_string())
}

#[test]
fn the_later_source_wins_and_the_origin_is_kept() {
    let file = "log = \"warn\"\nlog_format = \"json\"\ndisk_reserve = 4096\n";
    let config = load(file, &[("OPORA_LOG", "debug"), ("OPORA_DISK_RESERVE", "8MiB")], &[("log", "error")]).unwrap();
    assert_eq!(config.log, "error");
    assert_eq!(config.disk_reserve, 8 << 20);
    assert_eq!(config.source("log"), Some(&Source::Flag("log".into())));
    assert_eq!(config.source("listen"), Some(&Source::Default));
    let printed = config.print();
    assert!(printed.contains("log = \"error\" # --log\n"), "{printed}");
    assert!(printed.contains("disk_reserve = \"8MiB\" # OPORA_DISK_RESERVE\n"), "{printed}");
    assert!(printed.lines().any(|l| l.starts_with("log_format = ") && l.ends_with("opora.toml")), "{printed}");
}

#[test]
fn unknown_settings_are_refused_with_the_nearest_known_one() {
    for (file, environment, known) in [
        ("lisen = \"127.0.0.1:0\"", vec![], "`listen`"),
        ("[[ladder]]\nwhom = \"x\"\nmeens = [\"email\"]", vec![], "`means`"),
    ] {
        let said = load(file, &environment, &[]).unwrap_err();
        assert!(said.contains(known), "{said}");
    }
    assert!(load("", &[], &[("log_formt", "json")]).unwrap_err().contains("`log_format`"));
}

#[test]
fn unknown_variables_are_told_with_the_nearest_setting_and_stop_nothing() {
    let told = |environment: &[(&str, &str)]| {
        load("", environment, &[]).unwrap().warnings.all().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(told(&[("OPORA_SERVER", "x"), ("OPORA_CRASH_ROUNDS", "9")]).is_empty());
    let all = told(&[("OPORA_LOG_FORMT", "json"), ("OPORA_", ""), ("OPORA_QQQQQQ", "1")]);
    assert_eq!(all.len(), 3, "{all:?}");
    for (name, near) in
        [("OPORA_LOG_FORMT", "OPORA_LOG_FORMAT?"), ("OPORA_QQQQQQ", "docs/configuration.md"), ("OPORA_ ", "")]
    {
        assert!(all.iter().any(|said| said.contains(name) && said.contains(near)), "{name}: {all:?}");
    }
    let names: Vec<String> = (0..50).map(|n| format!("OPORA_QQQQQQ_{n}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let all = told(&many);
    assert_eq!(all.len(), 21);
    assert!(all[20].contains("30 more"), "{}", all[20]);
}

#[test]
fn what_kubernetes_makes_of_a_service_named_like_us_is_told_in_one_sentence() {
    let of_services = [
        ("OPORA_SERVICE_HOST", "10.0.0.1"),
        ("OPORA_SERVICE_PORT", "7420"),
        ("OPORA_SERVICE_PORT_GRPC", "7420"),
        ("OPORA_PORT", "tcp://10.0.0.1:7420"),
        ("OPORA_PORT_7420_TCP", "tcp://10.0.0.1:7420"),
        ("OPORA_PORT_7420_TCP_PROTO", "tcp"),
        ("OPORA_PORT_7420_TCP_PORT", "7420"),
        ("OPORA_PORT_7420_TCP_ADDR", "10.0.0.1"),
        ("OPORA_SERVER_PORT", "tcp://10.0.0.2:7420"),
        ("OPORA_DATA_SERVICE_HOST", "10.0.0.3"),
        ("OPORA_LISTEN_PORT_53_UDP_ADDR", "10.0.0.4"),
    ];
    let config = load("", &of_services, &[]).unwrap();
    let all = config.warnings.all();
    assert_eq!(all.len(), 1, "{all:?}");
    let said = all[0].to_string();
    assert!(said.contains("OPORA_DATA_SERVICE_HOST") && said.contains("11") && said.contains("Kubernetes"), "{said}");
    assert_eq!((config.source("data"), config.source("listen")), (Some(&Source::Default), Some(&Source::Default)));
    // A number is nobody's but the operator's: what was meant is not known.
    let all = load("", &[("OPORA_PORT", "7420")], &[]).unwrap().warnings.all();
    assert!(all[0].to_string().contains("OPORA_PORT is no setting"), "{all:?}");
}

#[test]
fn a_setting_with_a_wrong_value_in_a_variable_stays_an_error() {
    for (name, key) in [("OPORA_LISTEN", "listen"), ("OPORA_MAX_WATCHES", "max_watches"), ("OPORA_LADDER", "ladder")] {
        let said = load("", &[(name, "tcp://10.0.0.1:7420")], &[]).unwrap_err();
        assert!(said.contains(key) && said.contains(name), "{said}");
    }
}

#[test]
fn what_is_logged_is_a_filter_or_refused() {
    for log in
        ["info", "WARN", "0", "info,opora_server=debug", "off, h2::codec=trace", "warn,opora[call{a=1,b=2}]=debug"]
    {
        assert_eq!(load("", &[("OPORA_LOG", log)], &[]).unwrap().log, log);
    }
    // Each would be a target that nothing has: no line of the log were left.
    for log in [
        "verbose",
        "tcp://1",
        "tcp://10.0.0.1:7420",
        "10.0.0.1",
        "inof",
        "opora_server",
        "info,",
        "opora:server=info",
        "x=loud",
    ] {
        let said = load("", &[("OPORA_LOG", log)], &[]).unwrap_err();
        assert!(said.contains("OPORA_LOG") && said.contains("(off, error, warn, info, debug, trace)"), "{log}: {said}");
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let file = "listen = \"here\"\ndrain_timeout = \"soon\"\nmax_connections = 0\nchecklist = [\"A b\"]\n";
    let said = load(file, &[], &[]).unwrap_err();
    for key in ["listen", "drain_timeout", "max_connections", "checklist"] {
        assert!(said.contains(key), "{key} is not in {said}");
    }
}

#[test]
fn a_length_of_no_time_is_refused_unless_the_table_says_what_it_means() {
    let lengths: Vec<_> = SETTINGS.iter().filter(|setting| setting.kind == Kind::Length).collect();
    assert!(lengths.len() > 8);
    for setting in lengths {
        let key = setting.key;
        let means_something = setting.about.contains("`0s`:");
        for text in ["0s", "0ms", "0 days"] {
            let variable = format!("OPORA_{}", key.to_ascii_uppercase());
            for loaded in [
                load(&format!("{key} = \"{text}\""), &[], &[]),
                load("", &[(&variable, text)], &[]),
                load("", &[], &[(key, text)]),
            ] {
                match loaded {
                    Ok(_) => assert!(means_something, "{key} = {text}"),
                    Err(said) => {
                        assert!(
                            !means_something && said.contains(key) && said.contains("is less than 1"),
                            "{text}: {said}"
                        );
                    }
                }
            }
        }
        load("", &[], &[(key, "1s")]).unwrap();
        // What is no length is told once, and as that.
        let said = load("", &[], &[(key, "off")]).unwrap_err();
        assert_eq!(said.matches(key).count() - said.matches(&format!("--{key}")).count(), 1, "{said}");
        assert!(said.contains("is not a length of time"), "{said}");
    }
}

#[test]
fn uploads_are_given_two_of_the_largest_files_at_least() {
    let two = 2 * crate::size::FILE;
    for (bytes, fits) in [(two - 1, false), (two, true), (two + 1, true)] {
        let loaded = load("", &[], &[("staging_bytes", &bytes.to_string())]);
        assert_eq!(loaded.is_ok(), fits, "{bytes}");
        if let Err(said) = loaded {
            assert!(said.contains("staging_bytes") && said.contains("200MiB"), "{said}");
        }
    }
    // What is no size is told once, and as that.
    let said = load("", &[], &[("staging_bytes", "much")]).unwrap_err();
    assert!(said.contains("is not a size") && said.lines().count() == 1, "{said}");
}

#[test]
fn without_trusted_proxies_the_list_is_empty_and_a_word_in_it_is_told_so() {
    for (file, environment) in [("", None), ("trusted_proxies = []", None), ("", Some("")), ("", Some(" "))] {
        let environment: Vec<_> = environment.map(|value| ("OPORA_TRUSTED_PROXIES", value)).into_iter().collect();
        assert!(load(file, &environment, &[]).unwrap().bounds.trusted_proxies.is_empty());
    }
    for word in ["off", "none", "false"] {
        let said = load("", &[], &[("trusted_proxies", word)]).unwrap_err();
        assert!(said.contains(word) && said.contains("empty list"), "{said}");
    }
}

#[test]
fn built_in_values_are_those_of_the_domain() {
    assert_eq!(defaults().len(), SETTINGS.len());
    let config = load("", &[], &[]).unwrap();
    let rules = Rules::builtin();
    let rungs = |rules: &Rules| rules.ladder.0.iter().map(|r| format!("{r:?}")).collect::<Vec<_>>();
    assert_eq!(rungs(&config.rules), rungs(&rules));
    assert_eq!(config.rules.checklist, rules.checklist);
    assert_eq!(config.rules.close_after, rules.close_after);
    assert_eq!(config.rules.log_names, rules.log_names);
    assert_eq!(config.drain_timeout, Duration::from_secs(10));
    assert_eq!(config.listen.to_string(), "127.0.0.1:7420");
}

#[test]
fn the_example_file_says_what_is_built_in() {
    let (example, builtin) = (load(&example(), &[], &[]).unwrap(), load("", &[], &[]).unwrap());
    for setting in SETTINGS {
        assert_eq!(example.values[setting.key].0, builtin.values[setting.key].0, "{}", setting.key);
    }
}

#[test]
fn a_policy_of_a_contract_is_read() {
    let config = load(POLICY, &[], &[]).unwrap();
    let policy = config.rules.policies.newest(&PolicyId::new("berlin").unwrap()).unwrap();
    assert!(policy.definition().escalate_on_breach);
    assert_eq!(policy.definition().calendars.len(), 1);
    let said = load(&POLICY.replace("\"5 days\"", "\"soon\""), &[], &[]).unwrap_err();
    assert!(said.contains("policies[0].medium.resolution"), "{said}");
}

/// `OPORA_BLESS=1 cargo test -p opora-server` writes the page.
#[test]
fn the_page_about_the_configuration_is_made_from_the_table() {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    if std::env::var_os("OPORA_BLESS").is_some() {
        std::fs::write(&page, document()).unwrap();
    }
    let written = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        written == document(),
        "docs/configuration.md is not what the table says: run this test with OPORA_BLESS=1"
    );
}

#[test]
fn whoever_listens_beyond_loopback_is_warned_that_there_is_no_sign_in() {
    let told = |listen: &str| load("", &[], &[("listen", listen)]).unwrap().warnings.all().len();
    for loopback in ["127.0.0.1:7420", "127.8.8.8:0", "[::1]:7420"] {
        assert_eq!(told(loopback), 0, "{loopback}");
    }
    for open in ["0.0.0.0:7420", "[::]:7420", "192.0.2.7:7420"] {
        assert_eq!(told(open), 1, "{open}");
    }
}
