//! Ten kinds of damage: a check says that all is in order only of what opens and answers, and what is opened to be read
//! only gives all that is sound, refuses the rest, and changes nothing.

use std::fs;
use std::path::{Path, PathBuf};

use opora_core::model::{Revision, TicketNumber};

use super::damage::{TICKETS, closed, copy, files, options};
use crate::conformance::sample;
use crate::{AppendError, Embedded, EmbeddedOptions, OpenError, ReadError, Store as _, check};

/// A kind of damage, and what does it to a directory.
type Damage = (&'static str, fn(&Path));

fn segments(dir: &Path) -> Vec<PathBuf> {
    let is_segment = |file: &PathBuf| file.extension().is_some_and(|e| e == "journal");
    files(&dir.join("journal")).into_iter().filter(is_segment).collect()
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

fn used(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).unwrap()
}

const KINDS: [Damage; 14] = [
    ("a bit of a frame in a finished segment", |dir| change(&segments(dir)[0], |bytes| bytes[5_000] ^= 1)),
    ("a bit of a frame in the last segment", |dir| change(segments(dir).last().unwrap(), |bytes| bytes[400] ^= 1)),
    ("a page of zeros", |dir| change(&segments(dir)[1], |bytes| bytes[4_096..8_192].fill(0))),
    ("the first segment is gone", |dir| fs::remove_file(&segments(dir)[0]).unwrap()),
    ("a segment in the middle is gone", |dir| fs::remove_file(&segments(dir)[1]).unwrap()),
    ("the last segment is gone", |dir| fs::remove_file(segments(dir).last().unwrap()).unwrap()),
    ("a finished segment is cut", |dir| change(&segments(dir)[0], |bytes| bytes.truncate(9_000))),
    ("the end of the last segment is zeros", |dir| {
        change(segments(dir).last().unwrap(), |bytes| {
            let used = used(bytes);
            bytes[used - 700..].fill(0);
        });
    }),
    ("the header of a finished segment", |dir| change(&segments(dir)[1], |bytes| bytes[20] ^= 1)),
    ("the header of the last segment", |dir| change(segments(dir).last().unwrap(), |bytes| bytes[60] ^= 1)),
    ("a seal is gone and its segment damaged", |dir| {
        fs::remove_file(segments(dir)[0].with_extension("seal")).unwrap();
        change(&segments(dir)[0], |bytes| bytes[5_000] ^= 1);
    }),
    ("a seal is another one's", |dir| {
        fs::copy(segments(dir)[1].with_extension("seal"), segments(dir)[0].with_extension("seal")).unwrap();
    }),
    ("`state` is ahead", |dir| fs::write(dir.join("state"), format!("clean {}\n", 2 * TICKETS + 7)).unwrap()),
    ("the journal is gone", |dir| fs::remove_dir_all(dir.join("journal")).unwrap()),
];

fn good(dir: &Path, compressed: bool) {
    closed(dir);
    if compressed {
        let store = Embedded::open(options(dir)).unwrap();
        assert!(store.pack().unwrap() > 1);
        store.close().unwrap();
    }
    assert!(segments(dir).len() > 3);
}

/// Each kind of damage, with and without a view, on what is compressed and what is not.
fn each(mut examine: impl FnMut(&str, &Path)) {
    let home = tempfile::tempdir().unwrap();
    for compressed in [false, true] {
        let whole = home.path().join(format!("whole-{compressed}"));
        good(&whole, compressed);
        for (kind, damage) in KINDS {
            for view in [true, false] {
                let dir = home.path().join("damaged");
                copy(&whole, &dir);
                damage(&dir);
                if !view {
                    fs::remove_dir_all(dir.join("view")).unwrap();
                }
                examine(&format!("{kind}, compressed: {compressed}, view: {view}"), &dir);
                fs::remove_dir_all(&dir).unwrap();
            }
        }
    }
}

/// Whether a store opens and has everything.
fn is_whole(dir: &Path) -> bool {
    let Ok(store) = Embedded::open(options(dir)) else { return false };
    let whole = (1..=2 * TICKETS).all(|revision| store.commit(Revision(revision)).is_ok())
        && (1..=TICKETS).all(|number| store.ticket(TicketNumber(number)).is_ok_and(|ticket| ticket.is_some()));
    whole && store.position().newest == Revision(2 * TICKETS)
}

#[test]
fn a_check_says_that_all_is_in_order_only_of_what_opens_and_has_everything() {
    let mut unsound = 0;
    each(|what, dir| {
        let before: Vec<_> = files(dir).into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect();
        let said = check(dir, false, &mut |_| {});
        let after: Vec<_> = files(dir).into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect();
        assert!(before == after, "{what}: the check wrote");
        let in_order = said.as_ref().is_ok_and(crate::CheckReport::is_sound);
        if let Ok(report) = &said {
            for finding in &report.findings {
                assert!(!finding.what.to_string().contains("Revision("), "{what}: {}", finding.what);
            }
        }
        let whole = is_whole(dir);
        assert!(whole || !in_order, "{what}: {said:?}");
        unsound += u64::from(!in_order);
    });
    assert!(unsound > 30, "{unsound}");
}

#[test]
fn a_refusal_to_open_says_what_to_do() {
    let mut refused = 0;
    each(|what, dir| {
        if let Err(error) = Embedded::open(options(dir)) {
            let said = error.to_string();
            assert!(said.contains("opora check"), "{what}: {said}");
            assert!(said.contains("--degraded") || said.contains("--accept-restored"), "{what}: {said}");
            assert!(!said.contains("Revision("), "{what}: {said}");
            refused += 1;
        }
    });
    assert!(refused > 20, "{refused}");
}

#[test]
fn what_is_damaged_is_refused_and_the_rest_answered_where_a_store_is_opened_to_be_read_only() {
    let (mut answered, mut refused) = (0, 0);
    each(|what, dir| {
        let before: Vec<_> = files(dir).into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect();
        let opened = Embedded::open(EmbeddedOptions { degraded: true, ..options(dir) });
        if what.starts_with("the journal is gone") {
            assert!(opened.is_err(), "{what}");
            return;
        }
        let store = opened.unwrap_or_else(|e| panic!("{what}: {e}"));
        let damage = store.damage().expect("it says so");
        let bad: Vec<_> = (1..=2 * TICKETS).filter(|r| store.commit(Revision(*r)).is_err()).collect();
        assert!(bad.len() as u64 <= damage.revisions, "{what}: {bad:?}, {damage:?}");
        let view = what.ends_with("view: true");
        for number in 1..=TICKETS {
            let (first, last) = (number, TICKETS + number);
            match store.ticket(TicketNumber(number)) {
                Ok(Some(ticket)) if ticket.revision.0 == last => answered += 1,
                // Nothing that is left says that it was changed later.
                Ok(Some(ticket)) if !view => assert!(ticket.revision.0 == first && bad.contains(&last), "{what}"),
                Ok(ticket) => panic!("{what}: {number} is {:?}", ticket.map(|t| t.revision)),
                Err(ReadError::Corrupt(_)) => {
                    assert!(bad.contains(&last), "{what}: {number} is refused");
                    refused += 1;
                }
                Err(e) => panic!("{what}: {number}: {e}"),
            }
        }
        // A list shows what is sound, to its end.
        let listed = store.tickets(TicketNumber(1), false, 1_000).unwrap();
        assert!(listed.iter().all(|ticket| store.ticket(ticket.number).is_ok()), "{what}");
        // Who follows is never given less than there was, without a word.
        let mut next = store.position().oldest;
        while next <= store.position().newest {
            match store.commits(next, 7, 1 << 20) {
                Ok(commits) => {
                    assert_eq!(commits.first().unwrap().revision, next, "{what}");
                    next = commits.last().unwrap().revision.next();
                }
                Err(ReadError::Corrupt(said)) => {
                    assert!(bad.contains(&next.0) || next.0 > 2 * TICKETS, "{what}: {said}");
                    let Some(sound) = store.sound_after(next.next()) else { break };
                    next = sound;
                }
                Err(e) => panic!("{what}: {e}"),
            }
        }
        let newest = store.position().newest.0;
        assert!(matches!(sample::append(&store, &[sample::change(newest + 1, 1)]), Err(AppendError::ReadOnly)));
        store.close().unwrap();
        drop(store);
        let after: Vec<_> = files(dir).into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect();
        assert!(before == after, "{what}: something was written");
    });
    assert!(answered > 1_000 && refused > 30, "{answered} {refused}");
}

#[test]
fn damage_in_a_text_is_refused_for_the_ticket_whose_text_it_is() {
    let home = tempfile::tempdir().unwrap();
    closed(home.path());
    fs::remove_dir_all(home.path().join("view")).unwrap();
    // A letter of the subject of the very last change.
    let last = segments(home.path()).pop().unwrap();
    let wanted = format!("в ревизии {}", 2 * TICKETS);
    change(&last, |bytes| {
        let at = bytes.windows(wanted.len()).position(|part| part == wanted.as_bytes()).unwrap();
        bytes[at + wanted.len() - 1] = b'x';
    });
    let store = Embedded::open(EmbeddedOptions { degraded: true, ..options(home.path()) }).unwrap();
    assert!(matches!(store.ticket(TicketNumber(TICKETS)), Err(ReadError::Corrupt(_))));
    assert!(store.ticket(TicketNumber(TICKETS - 1)).unwrap().is_some());
    assert_eq!(store.damage().unwrap().tickets, 1);
}

#[test]
fn a_sound_store_can_be_opened_to_be_read_only_as_well() {
    let home = tempfile::tempdir().unwrap();
    closed(home.path());
    let store = Embedded::open(EmbeddedOptions { degraded: true, ..options(home.path()) }).unwrap();
    let damage = store.damage().unwrap();
    assert_eq!((damage.revisions, damage.tickets, damage.why), (0, 0, None));
    assert_eq!(store.tickets(TicketNumber(1), false, 1_000).unwrap().len() as u64, TICKETS);
    // It has the directory all the same.
    match Embedded::open(options(home.path())) {
        Err(OpenError::InUse { .. }) => {}
        other => panic!("{other:?}"),
    }
}
