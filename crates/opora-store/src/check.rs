//! `opora check`: reads everything that a store keeps and says what is wrong with it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use opora_core::event::Change;
use opora_core::model::{Revision, TicketNumber};
use opora_core::sla::{Policy, PolicyDefinition};

use crate::api::{Commit, Record, Remembered, RequestKey};
use crate::codec::{decode_commit, decode_ticket, previous_in};
use crate::disk::{Disk, ReadDisk};
use crate::embedded::{Embedded, EmbeddedOptions, OpenError, format, lock, open};
use crate::index::Index;
use crate::journal::frame::Frame;
use crate::view::generations;
use crate::view::record::{self, SECONDARY, Stored, secondary_key, ticket_key};
use crate::view::tree::{Broken, Tree};
use crate::{Beside, BlobError, Store as _, Wrong, blobs, journal};

/// What is told of each kind at most: a damaged file can make a million findings.
const MAX_TOLD: usize = 20;

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    /// How many commits were read.
    pub commits: u64,
    /// How many tickets there are.
    pub tickets: u64,
    /// How many attachments were read.
    pub blobs: u64,
    /// What lies beside the attachments, and goes away by itself while a desk runs. Content that nothing refers to is told
    /// only where the whole journal could be read.
    pub beside: Beside,
    /// What is wrong, in the order in which it was found.
    pub findings: Vec<CheckFinding>,
    /// The view was built again.
    pub repaired: bool,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckFinding {
    /// In which file or directory.
    pub path: PathBuf,
    /// What.
    pub what: Wrong,
    /// There is more of that kind, which is not told.
    pub more: bool,
    /// How bad it is.
    pub severity: Severity,
}

/// What a check is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The journal is read, up to that revision.
    Journal(Revision),
    /// The view is read.
    View,
    /// Attachments are read.
    Attachments,
    /// The view is built again.
    Rebuild,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The next start puts it right by itself.
    Harmless,
    /// The view has to be built again: `--repair` does, and so does the server when it meets it.
    Repairable,
    /// Something that was acknowledged is lost here: restore the file from a backup.
    Lost,
}

impl CheckReport {
    /// Whether nothing is wrong that the next start does not put right by itself.
    pub fn is_sound(&self) -> bool {
        self.findings
            .iter()
            .all(|f| f.severity == Severity::Harmless || (self.repaired && f.severity != Severity::Lost))
    }

    /// Whether something that was acknowledged is lost.
    pub fn is_lost(&self) -> bool {
        self.findings.iter().any(|f| f.severity == Severity::Lost)
    }
}

/// What the journal says that there has to be.
#[derive(Default)]
struct Expected {
    tickets: HashMap<TicketNumber, Revision>,
    requests: HashMap<RequestKey, Remembered>,
    secondary: HashMap<[u8; 16], (Index, TicketNumber)>,
    blobs: HashMap<[u8; 32], (u64, TicketNumber)>,
    newest: Revision,
}

/// Checks a data directory that no server uses. `progress` is told what is read, now and then.
///
/// # Errors
/// [`OpenError`] when it can't be checked at all: it is in use, is none, or is of a newer version.
pub fn check(dir: &Path, repair: bool, progress: &mut dyn FnMut(Stage)) -> Result<CheckReport, OpenError> {
    let disk: Arc<dyn Disk> = Arc::new(ReadDisk);
    let known = format::read(&*disk, dir)?;
    let lock = lock::lock_for_reading(dir)?;
    let mut checker =
        Checker { dir, report: CheckReport::default(), expected: Expected::default(), told: HashMap::new() };
    progress(Stage::Journal(Revision::ZERO));
    let journal = dir.join("journal");
    let io = |e| OpenError::Io { path: journal.clone(), source: e };
    let findings = journal::verify(&*disk, &journal, known.uid, |frame| {
        checker.frame(&frame);
        if frame.revision.0.is_multiple_of(100_000) {
            progress(Stage::Journal(frame.revision));
        }
    });
    for finding in findings.map_err(io)? {
        let severity = if finding.harmless { Severity::Harmless } else { Severity::Lost };
        checker.find(&finding.path, severity, finding.what);
    }
    checker.report.tickets = checker.expected.tickets.len() as u64;
    progress(Stage::View);
    checker.view(journal::store_uid(&*disk, &journal, known.uid));
    checker.start(&disk, known)?;
    progress(Stage::Attachments);
    checker.beside();
    checker.blobs();
    let mut report = checker.report;
    if repair && !report.is_lost() && report.findings.iter().any(|f| f.severity != Severity::Lost) {
        progress(Stage::Rebuild);
        if report.findings.iter().any(|f| f.severity == Severity::Repairable)
            && let Ok(Some(path)) = generations::current(&dir.join("view"))
        {
            generations::condemn(&path);
        }
        drop(lock);
        let store = Embedded::open(EmbeddedOptions { disk_reserve: 0, ..EmbeddedOptions::new(dir) })?;
        store.close().map_err(|e| OpenError::View { path: dir.join("view"), detail: e.to_string() })?;
        report.repaired = true;
    }
    Ok(report)
}

struct Checker<'a> {
    dir: &'a Path,
    report: CheckReport,
    expected: Expected,
    /// By kind: how many were told, and which of the findings is the last of them.
    told: HashMap<&'static str, (usize, usize)>,
}

impl Checker<'_> {
    fn find(&mut self, path: &Path, severity: Severity, what: Wrong) {
        self.report.findings.push(CheckFinding { path: path.to_owned(), what, more: false, severity });
    }

    /// The same as [`Self::find`], for what may be found very often.
    fn find_one(&mut self, kind: &'static str, path: &Path, severity: Severity, what: Wrong) {
        let next = self.report.findings.len();
        let (told, last) = self.told.entry(kind).or_default();
        if *told < MAX_TOLD {
            (*told, *last) = (*told + 1, next);
            return self.find(path, severity, what);
        }
        if let Some(last) = self.report.findings.get_mut(*last) {
            last.more = true;
        }
    }

    fn frame(&mut self, frame: &Frame<'_>) {
        let journal = self.dir.join("journal");
        self.report.commits += 1;
        self.expected.newest = frame.revision;
        match decode_commit(frame.revision, frame.at, frame.payload) {
            Ok(commit) => self.commit(&journal, &commit, frame.payload),
            Err(e) => {
                let what = Wrong::NotUnderstood { revision: frame.revision, detail: e.to_string() };
                self.find_one("understood", &journal, Severity::Lost, what);
            }
        }
    }

    fn commit(&mut self, journal: &Path, commit: &Commit, payload: &[u8]) {
        let revision = commit.revision;
        for rec in &commit.records {
            if let Record::Policy(_, _, policy) = rec
                && let Err(e) = Policy::new(PolicyDefinition::clone(policy))
            {
                let what = Wrong::NotUnderstood { revision, detail: e.to_string() };
                self.find_one("understood", journal, Severity::Lost, what);
            }
            let Record::Ticket(event) = rec else { continue };
            let number = event.ticket.number;
            let before = self.expected.tickets.get(&number).map_or(Revision::ZERO, |r| *r);
            let named = previous_in(payload, number).ok().flatten();
            // A second event in the same commit has the same one before.
            if before != revision && named != Some(before) {
                let what = Wrong::EventUnchained { revision, before, number };
                self.find_one("chain", journal, Severity::Lost, what);
            }
            self.expected.tickets.insert(number, event.ticket.revision);
            for (index, key) in Index::of(event) {
                self.expected.secondary.insert(index.hash(key), (index, number));
            }
            if let Change::Attached(file) = &event.change {
                self.expected.blobs.insert(file.hash, (file.size, number));
            }
        }
        if let Some(request) = &commit.request {
            self.expected.requests.insert(request.key, Remembered { revision, content: request.content });
        }
    }

    /// What a start would refuse, unless that is told already.
    fn start(&mut self, disk: &Arc<dyn Disk>, known: format::Format) -> Result<(), OpenError> {
        let options = EmbeddedOptions::new(self.dir);
        let found = open::find(disk, &options, known).and_then(|found| found.is_whole());
        let what = match found {
            Ok(()) => return Ok(()),
            Err(OpenError::Behind { newest, acknowledged, witness, .. }) => {
                Wrong::JournalBehind { newest, acknowledged, witness }
            }
            Err(OpenError::NoJournal { .. }) => Wrong::JournalGone,
            Err(e @ (OpenError::Newer { .. } | OpenError::InUse { .. })) => return Err(e),
            Err(_) if self.report.is_lost() => return Ok(()),
            Err(e) => Wrong::NotOpened(e.to_string()),
        };
        self.find(&self.dir.join("journal"), Severity::Lost, what);
        Ok(())
    }

    fn view(&mut self, uid: crate::StoreUid) {
        let root = self.dir.join("view");
        let path = match generations::current_of(&root) {
            Ok(Some(path)) => path,
            Ok(None) => return self.find(&root, Severity::Harmless, Wrong::ViewMissing),
            Err(e) => return self.find(&root, Severity::Harmless, Wrong::ViewUnreadable(e.to_string())),
        };
        let copy = match generations::Copy::of(&path) {
            Ok(copy) => copy,
            Err(e) => return self.find(&path, Severity::Harmless, Wrong::ViewNotRead(e.to_string())),
        };
        let tree = match Tree::open(&copy.path(), uid, 64 << 20) {
            Ok(tree) => tree,
            Err(e) => return self.find(&path, Severity::Repairable, Wrong::ViewUnreadable(e.0)),
        };
        let meta = tree.meta();
        let newest = self.expected.newest;
        if meta.revision > newest {
            let what = Wrong::ViewAhead { view: meta.revision, journal: newest };
            return self.find(&path, Severity::Lost, what);
        }
        if meta.revision < newest {
            let what = Wrong::ViewBehind { view: meta.revision, journal: newest };
            return self.find(&path, Severity::Harmless, what);
        }
        if let Err(e) = self.records(&tree, &path) {
            tree.abandon();
            self.find(&path, Severity::Repairable, Wrong::ViewUnreadable(e.0));
        }
    }

    /// Every record of a view that stands where the journal ends.
    fn records(&mut self, tree: &Tree, path: &Path) -> Result<(), Broken> {
        let mut wrong: Vec<(&'static str, Wrong)> = Vec::new();
        for (number, revision) in &self.expected.tickets {
            let place = tree.place(*number)?;
            let key = ticket_key(*number);
            let kept = if place.kept { tree.get(&key)? } else { None };
            let right = match kept.as_ref().map(|bytes| record::read(&key, bytes)) {
                None => !place.kept,
                Some(Some(Stored::Inline(stands, payload))) => stands == *revision && decode_ticket(payload).is_ok(),
                Some(_) => false,
            };
            if place.revision != *revision || !right {
                wrong.push(("tickets", Wrong::TicketWrong { number: *number, revision: *revision }));
            }
        }
        let beyond = TicketNumber(self.expected.tickets.len() as u64 + 1);
        if tree.place(beyond)?.revision != Revision::ZERO {
            wrong.push(("tickets", Wrong::TicketBeyond(beyond)));
        }
        // Those after that are read from the journal at a start; those that are too old are forgotten.
        let runs = tree.meta().requests;
        tree.learn(&AtomicBool::new(false))?;
        for (request, remembered) in self.expected.requests.iter().filter(|(_, r)| r.revision <= runs) {
            let found = tree.remembered(request)?;
            if found != Some(*remembered) && (found.is_some() || !tree.has_forgotten(remembered.revision)) {
                wrong.push(("requests", Wrong::RequestWrong(remembered.revision)));
            }
        }
        for (hash, (index, number)) in &self.expected.secondary {
            let key = secondary_key(hash);
            if tree.get(&key)?.and_then(|v| record::secondary_of(&key, &v)) != Some(*number) {
                wrong.push((index.name(), Wrong::KeyWrong { index: *index, number: *number }));
            }
        }
        let mut found = 0;
        tree.each(&[SECONDARY], |_, _| {
            found += 1;
            Ok(())
        })?;
        if found > self.expected.secondary.len() {
            let journal = self.expected.secondary.len();
            wrong.push(("keys", Wrong::KeysBeyond { view: found, journal }));
        }
        for (kind, what) in wrong {
            self.find_one(kind, path, Severity::Repairable, what);
        }
        Ok(())
    }

    fn beside(&mut self) {
        let known = &self.expected.blobs;
        // What can't be read may refer to anything.
        let is_lost = self.report.is_lost();
        self.report.beside = blobs::beside(self.dir, |hash| is_lost || known.contains_key(hash));
    }

    fn blobs(&mut self) {
        let blobs: Vec<_> = self.expected.blobs.iter().map(|(hash, (size, number))| (*hash, *size, *number)).collect();
        for (hash, size, number) in blobs {
            self.report.blobs += 1;
            let path = blobs::path_of(self.dir, &hash);
            let what = match blobs::verify(&path, &hash) {
                Ok(found) if found == size => continue,
                Ok(found) => Wrong::AttachmentSize { number, found, size },
                Err(BlobError::Nothing) => Wrong::AttachmentMissing(number),
                Err(BlobError::Corrupt(_)) => Wrong::AttachmentDamaged(number),
                Err(e) => Wrong::AttachmentUnreadable { number, detail: e.to_string() },
            };
            self.find_one("attachments", &path, Severity::Lost, what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of so many findings of a kind, with one of another kind after the first.
    fn told(many: u64) -> Vec<CheckFinding> {
        let dir = Path::new("desk");
        let mut checker =
            Checker { dir, report: CheckReport::default(), expected: Expected::default(), told: HashMap::new() };
        for n in 1..=many {
            let what = Wrong::TicketWrong { number: TicketNumber(n), revision: Revision(n) };
            checker.find_one("tickets", dir, Severity::Repairable, what);
            if n == 1 {
                checker.find_one("requests", dir, Severity::Repairable, Wrong::RequestWrong(Revision(1)));
            }
        }
        checker.report.findings
    }

    #[test]
    fn what_is_found_too_often_is_told_so_often_and_no_more() {
        let most = MAX_TOLD as u64;
        for (many, listed, more) in
            [(most - 1, MAX_TOLD, false), (most, MAX_TOLD + 1, false), (most + 1, MAX_TOLD + 1, true)]
        {
            let findings = told(many);
            let last = findings.last().unwrap();
            assert_eq!((findings.len(), last.more), (listed, more), "{many}");
            assert!(findings.iter().rev().skip(1).all(|finding| !finding.more), "{many}");
        }
    }
}
