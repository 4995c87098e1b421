//! `opora check`: says what is wrong with a data directory, and has the view built again where asked.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};
use opora_store::{CheckReport, Severity, Stage, Wrong};

use crate::cli::work::CheckArgs;
use crate::failure::{Exit, Failure};
use crate::opening::why;
use crate::output::Out;
use crate::text::{Text, Value};

/// Verifies everything and tells what it found. Fails with [`Exit::Refused`] when something is wrong.
pub(crate) fn run(out: &Out, args: &CheckArgs) -> Result<(), Failure> {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    bar.set_style(ProgressStyle::default_spinner());
    let checked = opora_store::check(&args.data, args.repair, &mut |stage| {
        bar.set_message(match stage {
            Stage::Journal(revision) => out.text.with("check-stage-journal", &[("revision", plain(revision.0))]),
            Stage::View => out.text.get("check-stage-view"),
            Stage::Attachments => out.text.get("check-stage-attachments"),
            Stage::Rebuild => out.text.get("check-stage-rebuild"),
        });
        bar.tick();
    });
    bar.finish_and_clear();
    let report = checked.map_err(|error| Failure::new(Exit::Io, why(&error, &out.text)))?;
    tell(out, args, &report)
}

fn tell(out: &Out, args: &CheckArgs, report: &CheckReport) -> Result<(), Failure> {
    let data = args.data.display().to_string();
    for finding in &report.findings {
        let weight = match finding.severity {
            Severity::Harmless => "check-harmless",
            Severity::Repairable => "check-repairable",
            Severity::Lost => "check-lost",
        };
        let (path, mut what) = (finding.path.display().to_string(), told(&finding.what, &out.text));
        if finding.more {
            what = out.text.with("check-more", &[("what", what.into())]);
        }
        out.say(weight, &[("path", path.into()), ("what", what.into())])?;
    }
    let counts =
        [("commits", report.commits.into()), ("tickets", report.tickets.into()), ("files", report.blobs.into())];
    out.say("check-read", &counts)?;
    let beside = [
        ("check-staged", report.beside.staged),
        ("check-unreferenced", report.beside.unreferenced),
        ("check-parts", report.beside.parts),
    ];
    for (key, pile) in beside.into_iter().filter(|(_, pile)| pile.count > 0) {
        out.say(key, &[("count", pile.count.into()), ("bytes", plain(pile.bytes))])?;
    }
    if report.repaired {
        out.say("check-repaired", &[])?;
    }
    if report.is_sound() {
        return out.say("check-clean", &[("data", data.into())]);
    }
    let count = report.findings.len() as u64;
    out.say("check-found", &[("count", count.into()), ("data", data.into())])?;
    let hint = if report.is_lost() { "hint-check-lost" } else { "hint-check-repair" };
    out.say(hint, &[])?;
    Err(Failure::said(Exit::Refused))
}

/// A number as it stands, without the language's marks between its digits.
fn plain<'a>(number: u64) -> Value<'a> {
    number.to_string().into()
}

/// What is wrong, in words.
fn told(wrong: &Wrong, text: &Text) -> String {
    let say = |key: &str, arguments: &[(&str, Value<'_>)]| text.with(key, arguments);
    let at = |revision: &opora_core::model::Revision| plain(revision.0);
    let on = |number: &opora_core::model::TicketNumber| -> Value<'_> { number.to_string().into() };
    match wrong {
        Wrong::RevisionsMissing { first, last } => {
            say("check-revisions-missing", &[("first", at(first)), ("last", at(last))])
        }
        Wrong::SegmentUnreadable { from, detail } => {
            say("check-segment-unreadable", &[("from", at(from)), ("detail", detail.into())])
        }
        Wrong::HeaderDamaged => text.get("check-header-damaged"),
        Wrong::HeaderNewer(version) => say("check-header-newer", &[("version", plain(u64::from(*version)))]),
        Wrong::HeaderForeign(uid) => say("check-header-foreign", &[("uid", uid.to_string().into())]),
        Wrong::HeaderMisnamed(begins) => say("check-header-misnamed", &[("revision", at(begins))]),
        Wrong::FrameDamaged(revision) => say("check-frame-damaged", &[("revision", at(revision))]),
        Wrong::SealMissing => text.get("check-seal-missing"),
        Wrong::SealBroken => text.get("check-seal-broken"),
        Wrong::SealUnchained => text.get("check-seal-unchained"),
        Wrong::NotUnderstood { revision, detail } => {
            say("check-not-understood", &[("revision", at(revision)), ("detail", detail.into())])
        }
        Wrong::EventUnchained { revision, before, number } => {
            let arguments = [("revision", at(revision)), ("before", at(before)), ("number", on(number))];
            say("check-event-unchained", &arguments)
        }
        Wrong::JournalBehind { newest, acknowledged, witness } => {
            let arguments =
                [("newest", at(newest)), ("acknowledged", at(acknowledged)), ("witness", (*witness).into())];
            say("check-journal-behind", &arguments)
        }
        Wrong::JournalGone => text.get("check-journal-gone"),
        Wrong::NotOpened(detail) => say("check-not-opened", &[("detail", detail.into())]),
        Wrong::ViewNotRead(detail) => say("check-view-not-read", &[("detail", detail.into())]),
        Wrong::ViewMissing => text.get("check-view-missing"),
        Wrong::ViewUnreadable(detail) => say("check-view-unreadable", &[("detail", detail.into())]),
        Wrong::ViewAhead { view, journal } => say("check-view-ahead", &[("view", at(view)), ("journal", at(journal))]),
        Wrong::ViewBehind { view, journal } => {
            say("check-view-behind", &[("view", at(view)), ("journal", at(journal))])
        }
        Wrong::TicketWrong { number, revision } => {
            say("check-ticket-wrong", &[("number", on(number)), ("revision", at(revision))])
        }
        Wrong::TicketBeyond(number) => say("check-ticket-beyond", &[("number", on(number))]),
        Wrong::RequestWrong(revision) => say("check-request-wrong", &[("revision", at(revision))]),
        Wrong::KeyWrong { index, number } => {
            say("check-key-wrong", &[("index", index.name().into()), ("number", on(number))])
        }
        Wrong::KeysBeyond { view, journal } => {
            let arguments = [("view", plain(*view as u64)), ("journal", plain(*journal as u64))];
            say("check-keys-beyond", &arguments)
        }
        Wrong::AttachmentMissing(number) => say("check-attachment-missing", &[("number", on(number))]),
        Wrong::AttachmentDamaged(number) => say("check-attachment-damaged", &[("number", on(number))]),
        Wrong::AttachmentSize { number, found, size } => {
            let arguments = [("number", on(number)), ("found", plain(*found)), ("size", plain(*size))];
            say("check-attachment-size", &arguments)
        }
        Wrong::AttachmentUnreadable { number, detail } => {
            say("check-attachment-unreadable", &[("number", on(number)), ("detail", detail.into())])
        }
    }
}

#[cfg(test)]
mod tests {
    use opora_core::model::{Revision, TicketNumber};
    use opora_store::Index;

    use super::*;
    use crate::cli::value::Language;

    fn findings() -> Vec<Wrong> {
        let (low, high, number) = (Revision(1200), Revision(34_567), TicketNumber(1042));
        let detail = "x".to_owned();
        vec![
            Wrong::RevisionsMissing { first: low, last: high },
            Wrong::SegmentUnreadable { from: low, detail: detail.clone() },
            Wrong::HeaderDamaged,
            Wrong::HeaderNewer(7),
            Wrong::HeaderForeign("6f9619ff-8b86-d011-b42d-00cf4fc964ff".parse().unwrap()),
            Wrong::HeaderMisnamed(high),
            Wrong::FrameDamaged(high),
            Wrong::SealMissing,
            Wrong::SealBroken,
            Wrong::SealUnchained,
            Wrong::NotUnderstood { revision: high, detail: detail.clone() },
            Wrong::EventUnchained { revision: high, before: low, number },
            Wrong::JournalBehind { newest: low, acknowledged: high, witness: "state" },
            Wrong::JournalGone,
            Wrong::NotOpened(detail.clone()),
            Wrong::ViewNotRead(detail.clone()),
            Wrong::ViewMissing,
            Wrong::ViewUnreadable(detail.clone()),
            Wrong::ViewAhead { view: high, journal: low },
            Wrong::ViewBehind { view: low, journal: high },
            Wrong::TicketWrong { number, revision: high },
            Wrong::TicketBeyond(number),
            Wrong::RequestWrong(high),
            Wrong::KeyWrong { index: Index::ALL[0], number },
            Wrong::KeysBeyond { view: 1001, journal: 1000 },
            Wrong::AttachmentMissing(number),
            Wrong::AttachmentDamaged(number),
            Wrong::AttachmentSize { number, found: 1_048_576, size: 2_097_152 },
            Wrong::AttachmentUnreadable { number, detail },
        ]
    }

    #[test]
    fn the_catalogue_says_in_english_what_the_store_does() {
        let text = Text::new(Language::En);
        for wrong in findings() {
            assert_eq!(told(&wrong, &text), wrong.to_string());
        }
    }

    #[test]
    fn every_finding_is_told_in_russian() {
        let text = Text::new(Language::Ru);
        let said = findings().iter().map(|wrong| told(wrong, &text)).collect::<Vec<_>>();
        for line in &said {
            assert!(!line.contains('{') && !line.starts_with("check-"), "{line}");
            assert!(line.chars().any(|c| ('а'..='я').contains(&c)), "{line}");
        }
        assert_eq!(
            told(&Wrong::FrameDamaged(Revision(34_567)), &text),
            "ревизия 34567 не сходится со своей контрольной суммой"
        );
    }
}
