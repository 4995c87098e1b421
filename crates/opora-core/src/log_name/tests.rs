//! What files' names tell.

use proptest::prelude::*;

use super::*;
use crate::model::nearest::nearest;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

#[test]
fn a_name_tells_the_kind_and_the_platform() {
    for (name, kind, platform) in [
        ("agentdesktop.log", LogKind::AgentDesktop, Some(Platform::V3)),
        ("AgentDesktop-3.2.log", LogKind::AgentDesktop, Some(Platform::V3)),
        ("softphone-link_1.txt", LogKind::SoftphoneLink, Some(Platform::V3)),
        ("C:\\logs\\bpclient_2020_07_12_23_09_21.log", LogKind::BpClient, Some(Platform::V5)),
        ("chromehost.log", LogKind::BrowserHost, Some(Platform::V5)),
        ("YandexHost (1).log", LogKind::BrowserHost, Some(Platform::V5)),
        ("localhost.log", LogKind::Other, None),
        ("svchost.log", LogKind::Other, None),
        ("host.log", LogKind::Other, None),
        ("my-bpclient.log", LogKind::Other, None),
        ("", LogKind::Other, None),
    ] {
        let told = LogNames::default().read(name, &TimeZone::UTC);
        assert_eq!((told.kind, told.platform), (kind, platform), "{name}");
    }
}

#[test]
fn a_time_in_a_name_is_local_to_the_organisation() {
    let start = |name: &str, in_zone: &str| LogNames::default().read(name, &zone(in_zone)).start;
    let expected = Some(at("2020-07-12T20:09:21Z"));
    for name in [
        "bpclient_2020_07_12_23_09_21.log",
        "bpclient-2020-07-12T23:09:21.log",
        "bpclient20200712230921",
        "bpclient_20200712_230921_4.log",
        "bpclient 7 2020.07.12 23.09.21.log",
    ] {
        assert_eq!(start(name, "Europe/Moscow"), expected, "{name}");
    }
    for name in
        ["bpclient.log", "bpclient_2020_13_12_23_09_21.log", "bpclient_0020_07_12_23_09_21", "bpclient_2020_07_12.log"]
    {
        assert_eq!(start(name, "Europe/Moscow"), None, "{name}");
    }
    // Skipped: the instant of the jump; repeated: the first.
    assert_eq!(start("bpclient_2025_03_30_02_30_00", "Europe/Berlin"), Some(at("2025-03-30T01:00:00Z")));
    assert_eq!(start("bpclient_2025_10_26_02_30_00", "Europe/Berlin"), Some(at("2025-10-26T00:30:00Z")));
}

#[test]
fn the_nearest_file_is_the_one_that_was_being_written() {
    let pick = |times: &[Option<i64>]| {
        let times = times.iter().map(|t| t.map(Timestamp::from_millis));
        nearest(times, |t| *t, Timestamp::from_millis(100)).map(|t| t.map(Timestamp::as_millis))
    };
    assert_eq!(pick(&[]), None);
    assert_eq!(pick(&[Some(101), Some(50), Some(100), Some(99)]), Some(Some(100)));
    assert_eq!(pick(&[None, Some(300), Some(200)]), Some(Some(200)));
    assert_eq!(pick(&[None]), Some(None));
}

#[test]
fn names_are_cleaned_of_paths_and_of_what_is_not_seen() {
    for (name, clean) in [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\анна\\лог 1.txt", "лог 1.txt"),
        ("a\u{202e}gpj.exe", "agpj.exe"),
        ("x\u{1b}[31m\n.log", "x[31m.log"),
        (" .. ", "file"),
        ("dir/", "file"),
        ("", "file"),
    ] {
        assert_eq!(clean_file_name(name), clean, "{name:?}");
    }
    let long = clean_file_name(&format!("{}.log", "я".repeat(300)));
    assert!(long.len() <= MAX_FILE_NAME && long.ends_with("я.log"));
}

#[test]
fn a_name_that_was_shortened_ends_as_a_name_may() {
    let before_the_cut = "я".repeat(MAX_FILE_NAME / 2 - 1);
    for between in [". ", " .", ".\u{3000}", "\u{3000}."] {
        let name = format!("{before_the_cut}{between}{}", "я".repeat(30));
        assert_eq!(clean_file_name(&name), before_the_cut, "{between:?}");
        assert_eq!(clean_file_name(&format!("журнал{between}{between}")), "журнал", "{between:?}");
    }
    assert_eq!(clean_file_name(&format!("{}{}", ".".repeat(300), "я".repeat(30))), "file");
}

proptest! {
    #[test]
    fn no_name_makes_it_panic_and_cleaning_twice_is_cleaning_once(name in "(bpclient)?.{0,300}") {
        LogNames::default().read(&name, &TimeZone::UTC);
        let clean = clean_file_name(&name);
        prop_assert!(!clean.is_empty() && clean.len() <= MAX_FILE_NAME);
        prop_assert!(!clean.contains(['/', '\\', '\0', '\n']));
        prop_assert_eq!(clean_file_name(&clean), clean);
    }
}
