//! Opening a damaged store to read what is sound. Nothing of the directory is changed: an index in memory takes the place
//! of the view, and nothing is appended.

use std::collections::HashSet;
use std::sync::Arc;

use opora_core::model::{Revision, TicketNumber};

use super::{Embedded, EmbeddedOptions, OpenError, format, lock, open};
use crate::api::{Damage, Record, StoreUid};
use crate::codec::decode_commit;
use crate::disk::{Disk, ReadDisk};
use crate::journal::{Journal, JournalOptions};
use crate::view::index::Index;
use crate::view::tree::Tree;
use crate::view::{View, generations};

/// Revisions that can't be read, and the tickets that were changed in them, as far as that is known.
#[derive(Default)]
struct Ruins {
    revisions: HashSet<Revision>,
    first: Option<Revision>,
    tickets: Vec<(TicketNumber, Revision)>,
}

impl Ruins {
    fn add(&mut self, revision: Revision, bytes: Option<&[u8]>) {
        self.revisions.insert(revision);
        self.first = Some(self.first.map_or(revision, |first| first.min(revision)));
        // Of damage in a text the rest can still be understood, and says whose it was.
        let commit =
            bytes.and_then(|bytes| decode_commit(revision, opora_core::time::Timestamp::default(), bytes).ok());
        for record in commit.iter().flat_map(|commit| &commit.records) {
            if let Record::Ticket(event) = record {
                self.tickets.push((event.ticket.number, revision));
            }
        }
    }
}

impl Embedded {
    /// Opens what can be read of a store.
    pub(super) fn open_sound(options: EmbeddedOptions) -> Result<Self, OpenError> {
        let disk: Arc<dyn Disk> = Arc::new(ReadDisk);
        let known = format::read(&*disk, &options.dir)?;
        let lock = lock::lock_for_reading(&options.dir)?;
        let why = open::find(&disk, &options, known).and_then(|found| found.is_whole()).err();
        if let Some(OpenError::Newer { .. }) = why {
            return Err(why.unwrap_or(OpenError::NoDesk { dir: options.dir }));
        }
        let state = open::state_of(&*disk, &options.dir)?;
        let mut ruins = Ruins::default();
        let (dir, how) = (options.dir.join("journal"), open::journal_options(&options));
        let journal = sound_journal(disk.clone(), &dir, known.uid, how, state.left.acknowledged(), &mut ruins)?;
        let journal = Arc::new(journal);
        let uid = journal.store_uid();
        let mut index = Index::of_sound(&journal, |revision| ruins.add(revision, None));
        by_view(&options, uid, &mut ruins);
        let mut refused = HashSet::new();
        for (number, revision) in &ruins.tickets {
            if index.changed_last(*number, *revision) {
                refused.insert(*number);
            }
        }
        let damage = Damage {
            revisions: ruins.revisions.len() as u64,
            first: ruins.first,
            tickets: refused.len() as u64,
            why: why.map(|why| why.to_string()),
        };
        tracing::error!(
            revisions = damage.revisions,
            first = damage.first.map_or(0, |first| first.0),
            tickets = damage.tickets,
            why = damage.why.as_deref().unwrap_or("nothing is wrong with the journal's files"),
            "the store is open to be read only: what is damaged is refused, nothing is changed"
        );
        let view = View::of_index(open::view_options(&options, uid), journal.clone(), index);
        let mut store = Self::of(disk, options, lock, (uid, journal, view, state), None);
        store.damage = Some(damage);
        Ok(store)
    }
}

fn sound_journal(
    disk: Arc<dyn Disk>,
    dir: &std::path::Path,
    uid: StoreUid,
    options: JournalOptions,
    acknowledged: Revision,
    ruins: &mut Ruins,
) -> Result<Journal, OpenError> {
    let mut ruin = |revision: Revision, bytes: Option<&[u8]>| ruins.add(revision, bytes);
    Ok(Journal::open_sound(disk, dir, uid, options, acknowledged, &mut ruin)?)
}

/// A view that is there knows for each ticket in which revision it was changed last. It is only believed where that
/// means that a ticket is refused.
fn by_view(options: &EmbeddedOptions, uid: StoreUid, ruins: &mut Ruins) {
    if ruins.revisions.is_empty() {
        return;
    }
    let Ok(Some(path)) = generations::current_of(&options.dir.join("view")) else { return };
    let Ok(copy) = generations::Copy::of(&path) else { return };
    let Ok(tree) = Tree::open(&copy.path(), uid, options.sled_cache) else { return };
    for number in (1..=tree.meta().tickets).map(TicketNumber) {
        match tree.place(number) {
            Ok(place) if ruins.revisions.contains(&place.revision) => ruins.tickets.push((number, place.revision)),
            Ok(_) => {}
            Err(_) => return tree.abandon(),
        }
    }
}
