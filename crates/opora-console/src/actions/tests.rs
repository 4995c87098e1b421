//! What holds for every action.

use std::collections::HashSet;

use super::*;
use crate::keys::map::KeyMap;
use crate::texts::{Language, Texts};

#[test]
fn no_key_means_two_things() {
    assert!(KeyMap::with(vec![]).is_ok(), "{:?}", KeyMap::with(vec![]));
    for spec in REGISTRY {
        assert!(!spec.keys.is_empty(), "{} has no key", spec.id);
        for key in spec.keys {
            assert!(!["C-a", "C-b", "C-s", "C-q"].contains(&key.first.to_string().as_str()), "{}", spec.id);
        }
    }
}

#[test]
fn an_action_stands_in_the_registry_once() {
    let ids: HashSet<&str> = REGISTRY.iter().map(|spec| spec.id).collect();
    assert_eq!(ids.len(), REGISTRY.len());
    for (at, place) in Place::ALL.into_iter().enumerate() {
        assert_eq!(place as usize, at);
    }
}

/// The calls by which a person changes a ticket, and the action that makes each.
const CHANGES: &[(&str, Action)] = &[
    ("CreateTicket", Action::Create),
    ("UpdateTicket", Action::Fields),
    ("AssignTicket", Action::Assign),
    ("ReprioritiseTicket", Action::Priority),
    ("EscalateTicket", Action::Escalate),
    ("DeescalateTicket", Action::Deescalate),
    ("TransitionTicket", Action::Status),
    ("AddComment", Action::Reply),
    ("MergeTickets", Action::Merge),
    ("UnmergeTicket", Action::Unmerge),
    ("LinkTickets", Action::Link),
    ("UnlinkTickets", Action::Unlink),
    ("BatchChange", Action::Mark),
    ("UploadAttachment", Action::Attach),
    ("DownloadAttachment", Action::Fetch),
    ("ExplainTicket", Action::Explain),
];
/// Those that only read what the screens show, those of the transport, and what is for who runs the desk.
const OTHERS: &[&str] = &[
    "GetTicket",
    "ListTickets",
    "ListComments",
    "ListEvents",
    "WatchTickets",
    "GetUploadStatus",
    "ListAttachments",
    "PreviewPriority",
    "GetPolicy",
    "ApplyPolicy",
];

#[test]
#[expect(clippy::disallowed_methods, reason = "the contract's text is what is looked at")]
fn every_call_of_the_contract_about_a_ticket_has_an_action_with_a_key() {
    let services = ["ticket_service", "attachment_service", "sla_service"];
    let calls = services.into_iter().flat_map(|name| {
        let path = format!("{}/../../proto/opora/v1/{name}.proto", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let rpc = |line: &str| Some(line.trim().strip_prefix("rpc ")?.split('(').next()?.to_owned());
        text.lines().filter_map(rpc).collect::<Vec<_>>()
    });
    let calls: HashSet<String> = calls.collect();
    let known: HashSet<String> =
        CHANGES.iter().map(|(call, _)| *call).chain(OTHERS.iter().copied()).map(str::to_owned).collect();
    assert_eq!(calls, known);
    for (call, action) in CHANGES {
        assert!(!spec(*action).keys.is_empty(), "{call}");
    }
}

#[test]
fn every_action_has_a_title_and_a_help_in_both_languages() {
    for language in [Language::Ru, Language::En] {
        let texts = Texts::new(language);
        for spec in REGISTRY {
            for stem in ["action", "help"] {
                let key = format!("{stem}-{}", spec.id);
                assert_ne!(texts.get(&key), key, "{language:?}");
            }
        }
    }
}
