//! The filter language: what is understood, what is refused and where, and that nothing makes it panic.

use proptest::prelude::*;

use super::{Filter, Key};

#[track_caller]
fn canonical(text: &str) -> String {
    let filter = Filter::parse(text).unwrap();
    let shown = filter.to_string();
    assert_eq!(Filter::parse(&shown).unwrap(), filter, "{shown}");
    shown
}

#[track_caller]
fn refused(text: &str) -> (usize, String) {
    let error = Filter::parse(text).unwrap_err();
    (error.position, error.detail)
}

#[test]
fn the_example_of_the_contract_is_understood() {
    let text = "state = NEW AND priority >= HIGH AND organisation = \"organisations/acme\" AND \"нет звука\"";
    assert_eq!(canonical(text), text);
    assert_eq!(&*Filter::parse(text).unwrap().texts()[0], "нет звука");
}

#[test]
fn spelling_does_not_matter_for_the_canonical_text() {
    assert_eq!(canonical(""), "");
    assert_eq!(canonical("  state=NEW   priority>=HIGH"), "state = NEW AND priority >= HIGH");
    assert_eq!(canonical("((a) (b))"), "\"a\" AND \"b\"");
    assert_eq!(canonical("-state=NEW"), "NOT state = NEW");
    assert_eq!(canonical("NOT (NOT vip)"), "\"vip\"");
    assert_eq!(canonical("assignee = olga"), "assignee = \"agents/olga\"");
    assert_eq!(canonical("incident = #120 number>#3"), "incident = \"tickets/120\" AND number > 3");
    assert_eq!(canonical("due_time < now+60m OR due_time<now-90s"), "due_time < now+1h OR due_time < now-90s");
    assert_eq!(
        canonical("create_time >= 2026-03-02T12:00:00+03:00 tag:vip assignee:*"),
        "create_time >= 2026-03-02T09:00:00.000Z AND tag:\"vip\" AND assignee:*"
    );
}

#[test]
fn or_binds_tighter_than_and_and_than_what_stands_beside_each_other() {
    assert_eq!(canonical("a OR b AND c"), canonical("(a OR b) AND c"));
    assert_eq!(canonical("a b OR c d"), canonical("a AND (b OR c) AND d"));
    assert_eq!(canonical("(a AND b) OR c"), "(\"a\" AND \"b\") OR \"c\"");
}

#[test]
fn words_that_hold_keywords_are_words() {
    assert_eq!(
        canonical("ORDER ANDROID NOTE don't #123"),
        "\"ORDER\" AND \"ANDROID\" AND \"NOTE\" AND \"don't\" AND \"#123\""
    );
    assert_eq!(canonical(r#""say \"hi\" \\ now""#), r#""say \"hi\" \\ now""#);
}

#[test]
fn what_cant_be_understood_is_refused_with_its_place_in_characters() {
    for (text, position) in [
        ("state =", 7),
        ("colour = RED", 0),
        ("state = ASLEEP", 8),
        ("((((", 4),
        ("priority > ", 11),
        ("AND", 0),
        ("\"нет конца", 10),
        ("state = NEW OR", 14),
        ("create_time > \"вчера\"", 14),
        ("звук AND colour = RED", 9),
        ("state >= NEW", 6),
        ("a)", 1),
        ("()", 1),
        ("breached = yes", 11),
        ("number = 99999999999999999999", 9),
        ("due_time < now+1x", 11),
        ("due_time < now+99999999999999999999w", 11),
        ("assignee = \"контакт\"", 11),
        ("\"\"", 0),
        ("\"a\\n\"", 2),
        ("state = NEW = NEW", 12),
    ] {
        assert_eq!(refused(text).0, position, "{text}: {}", refused(text).1);
    }
}

#[test]
fn a_refusal_names_what_is_near() {
    assert!(refused("prioritty = HIGH").1.contains("`priority`"));
    assert!(refused("state = CLOSE").1.contains("`CLOSED`"));
    assert!(refused("subject > a").1.contains("= != :"));
}

#[test]
fn size_is_bounded_before_anything_is_read() {
    let deep = |n: usize| format!("{}a{}", "(".repeat(n), ")".repeat(n));
    assert!(Filter::parse(&deep(Filter::MAX_DEPTH)).is_ok());
    assert_eq!(refused(&deep(Filter::MAX_DEPTH + 1)).0, Filter::MAX_DEPTH);
    assert!(Filter::parse(&"(".repeat(100_000)).is_err());
    assert!(Filter::parse(&format!("\"{}\"", "(".repeat(100))).is_ok());
    let terms = |n: usize| vec!["a"; n].join(" ");
    assert!(Filter::parse(&terms(Filter::MAX_TERMS)).is_ok());
    assert_eq!(refused(&terms(Filter::MAX_TERMS + 1)).0, 2 * Filter::MAX_TERMS);
    assert!(Filter::parse(&"-".repeat(Filter::MAX_LENGTH)).is_err());
    assert!(Filter::parse(&"(state=NEW) ".repeat(Filter::MAX_TERMS)).is_ok());
    assert_eq!(refused(&"я".repeat(Filter::MAX_LENGTH)).0, Filter::MAX_LENGTH / 2);
}

#[test]
fn what_a_filter_weighs_is_bounded_and_the_refusal_says_how_it_is_reckoned() {
    let cost = |text: &str| Filter::parse(text).unwrap().cost();
    assert_eq!(cost(""), 0);
    assert_eq!(cost("state = NEW number > 3 subject = звук reporter:*"), 4);
    assert_eq!(cost("tag:vip workstation:x subject:звук reporter:anna external_id:x"), 16);
    assert_eq!(cost("звук OR -звук OR нет"), 21);
    // As many parts of texts as there may be terms; of texts to search for, fewer.
    let words = |n: usize| (0..n).map(|word| format!("w{word}")).collect::<Vec<_>>().join(" OR ");
    let parts = |n: usize| vec!["subject:\"нет звука\""; n].join(" OR ");
    assert_eq!(cost(&parts(Filter::MAX_TERMS)), Filter::MAX_COST);
    assert_eq!(cost(&words(40)), Filter::MAX_COST);
    let (at, said) = refused(&words(41));
    assert_eq!(at, words(40).len() + " OR ".len());
    assert!(said.contains("400") && said.contains("search"), "{said}");
    assert!(Filter::parse(&format!("{} OR tag:vip", words(40))).is_err());
}

#[test]
fn filters_that_only_open_tickets_can_match_are_known() {
    for (text, expected) in [
        ("", false),
        ("state = NEW", true),
        ("state = NEW OR state = IN_PROGRESS", true),
        ("state = NEW OR state = CLOSED", false),
        ("state = CLOSED AND звук AND open = true", true),
        ("NOT state = CLOSED", false),
        ("-state=CLOSED -state=MERGED -state=RESOLVED", true),
        ("state != CLOSED state != MERGED state != RESOLVED", true),
        ("open != false", true),
        ("open = false", false),
        ("due_time < now+1h", true),
        ("due_time != now", false),
        ("NOT due_time < now", false),
        ("continuous = true OR (priority = HIGH AND open = true)", true),
        ("state = RESOLVED state = CLOSED", true),
        ("звук", false),
    ] {
        assert_eq!(Filter::parse(text).unwrap().only_open(), expected, "{text}");
    }
    assert!(Filter::parse("-(a due_time < now)").unwrap().is_relative());
    assert!(!Filter::parse("a due_time < 2026-03-02T09:00:00Z").unwrap().is_relative());
}

#[test]
fn a_filter_is_found_by_the_rarest_of_what_it_asks_for() {
    let keys = |text: &str| Filter::parse(text).unwrap().keys();
    let organisation = |id: &str| Key::Organisation(Some(crate::model::OrganisationId::new(id).unwrap()));
    assert_eq!(keys(""), None);
    assert_eq!(keys("state = NEW"), None);
    assert_eq!(keys("NOT organisation = organisations/acme"), None);
    assert_eq!(keys("organisation != organisations/acme"), None);
    assert_eq!(keys("assignee:*"), None);
    assert_eq!(keys("assignee = \"\""), Some(vec![Key::Assignee(None)]));
    assert_eq!(keys("priority = HIGH organisation = organisations/acme звук"), Some(vec![organisation("acme")]));
    let either = "state = NEW AND (organisation = organisations/acme OR organisation = organisations/bolt)";
    assert_eq!(keys(either), Some(vec![organisation("acme"), organisation("bolt")]));
    assert_eq!(keys("organisation = organisations/acme OR state = NEW"), None);
    assert_eq!(
        keys("tag:VIP OR number = 7"),
        Some(vec![Key::Tag("vip".into()), Key::Number(crate::model::TicketNumber(7))])
    );
}

/// Texts that come near to filters.
fn near() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "state",
        "priority",
        "tag",
        "assignee",
        "due_time",
        "number",
        "=",
        "!=",
        ">=",
        "<",
        ":",
        "NEW",
        "HIGH",
        "vip",
        "now+1h",
        "now-",
        "\"нет звука\"",
        "\"",
        "\\",
        "(",
        ")",
        "AND",
        "OR",
        "NOT",
        "-",
        "*",
        "\"\"",
        "#12",
        "агент",
        "2026-03-02T09:00:00Z",
        "true",
        "olga",
    ]);
    prop::collection::vec((pieces, prop::sample::select(vec!["", " ", "  "])), 0..30)
        .prop_map(|parts| parts.into_iter().flat_map(|(piece, space)| [piece, space]).collect())
}

/// Filters.
fn good() -> impl Strategy<Value = String> {
    let term = prop::sample::select(vec![
        "state=NEW",
        "priority >= HIGH",
        "impact = \"\"",
        "tag:vip",
        "assignee != agents/olga",
        "due_time < now-3d",
        "звук",
        "\"два слова\"",
        "breached = true",
        "rung > 1",
        "subject:\"Нет \\\" звука\"",
        "channel:CALLS",
        "reporter = Anna@Example.com",
        "open = false",
        "occur_time:*",
    ]);
    term.prop_map(str::to_owned).prop_recursive(6, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" "))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" OR "))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.join(" AND ")),
            inner.prop_map(|part| format!("NOT ({part})")),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}") {
        let _ = Filter::parse(&text);
    }

    #[test]
    fn no_text_that_comes_near_to_a_filter_makes_it_panic(text in near()) {
        if let Ok(filter) = Filter::parse(&text) {
            prop_assert_eq!(Filter::parse(&filter.to_string()).unwrap(), filter);
        }
    }

    #[test]
    fn what_is_shown_is_read_as_the_same(text in good()) {
        let filter = Filter::parse(&text).unwrap();
        prop_assert_eq!(Filter::parse(&filter.to_string()).unwrap(), filter);
    }
}
