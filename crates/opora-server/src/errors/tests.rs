use std::collections::BTreeSet;

use opora_core::decide::Refusal;
use opora_core::model::{Revision, TicketNumber};
use opora_proto::error::{ErrorReason, Fault};
use tonic::Code;

use super::{Problem, Violations};
use crate::engine::Refused;
use crate::language::Language;
use crate::language::{ENGLISH, RUSSIAN, WARNINGS_ENGLISH, WARNINGS_RUSSIAN, key};

fn keys(catalogue: &str) -> BTreeSet<String> {
    assert!(fluent_bundle::FluentResource::try_new(catalogue.to_owned()).is_ok(), "a catalogue has a mistake");
    let lines = catalogue.lines().filter(|l| l.starts_with(|c: char| c.is_ascii_lowercase()));
    lines.filter_map(|l| l.split_once(" =")).map(|(key, _)| key.to_owned()).collect()
}

#[test]
fn both_catalogues_have_the_same_keys_and_every_reason_has_a_text() {
    assert_eq!(keys(ENGLISH), keys(RUSSIAN));
    assert_eq!(keys(WARNINGS_ENGLISH), keys(WARNINGS_RUSSIAN));
    assert!(ENGLISH.is_ascii() && WARNINGS_ENGLISH.is_ascii());
    for number in 1..=200 {
        let Ok(reason) = ErrorReason::try_from(number) else { continue };
        assert!(keys(ENGLISH).contains(&key(reason)), "{} has no text", reason.word());
    }
}

#[test]
fn a_refusal_is_said_in_ascii_and_in_russian_to_those_who_ask() {
    let problem: Box<Problem> = Refused::Domain(Refusal::NoTicket(TicketNumber(404))).into();
    let status = problem.status(Language::Russian);
    assert_eq!((status.code(), status.message()), (Code::NotFound, "There is no tickets/404"));
    let fault = Fault::from(&status);
    assert_eq!(fault.message, "Нет запроса tickets/404");
    assert_eq!(fault.reason, Some(ErrorReason::TicketNotFound));
    assert_eq!(fault.metadata.get("name").map(String::as_str), Some("tickets/404"));
    assert_eq!(Fault::from(&problem.status(Language::English)).message, "There is no tickets/404");
}

#[test]
fn what_a_caller_sent_is_cut_and_never_breaks_the_message() {
    let status = Problem::no_resource(format!("agents/{}\n", "я".repeat(5_000))).status(Language::Russian);
    assert!(status.message().is_ascii());
    assert!(status.details().len() < 4096, "{}", status.details().len());
}

#[test]
fn many_violations_are_cut_and_counted_and_stay_small() {
    let mut violations = Violations::default();
    for n in 0..50 {
        violations.add(format!("ticket.tags[{n}]"), "is longer than 64 characters: it may have 1 to 64 of them");
    }
    let status = Problem::fields(violations).status(Language::Russian);
    let fault = Fault::from(&status);
    assert_eq!(fault.violations.len(), 20);
    assert_eq!(fault.metadata.get("violations").map(String::as_str), Some("50"));
    assert!(status.details().len() < 4096, "{}", status.details().len());
    assert!(fault.message.contains("50"), "{}", fault.message);
}

#[test]
fn an_unseen_message_names_the_comment() {
    let refusal = Refusal::Unseen { ticket: TicketNumber(7), revision: Revision(48), author: "agents/ivan".into() };
    let problem: Box<Problem> = Refused::Domain(refusal).into();
    assert_eq!(problem.metadata().get("comment").map(String::as_str), Some("tickets/7/comments/48"));
}
