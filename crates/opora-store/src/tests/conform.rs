//! The embedded store is a store.

use opora_core::model::Revision;

use crate::conformance::{Stores, all, sample};
use crate::{Embedded, EmbeddedOptions, Store as _};

struct Fresh {
    dirs: Vec<tempfile::TempDir>,
    segment_size: u64,
    inline_limit: usize,
    /// What is finished is compressed before the store is opened again.
    packs: bool,
}

impl Fresh {
    fn open(&self) -> Embedded {
        let options = EmbeddedOptions {
            disk_reserve: 0,
            segment_size: self.segment_size,
            segment_block: 1 << 10,
            inline_limit: self.inline_limit,
            ..EmbeddedOptions::new(self.dirs.last().unwrap().path())
        };
        Embedded::open(options).unwrap()
    }
}

impl Stores for Fresh {
    type Store = Embedded;

    fn fresh(&mut self) -> Embedded {
        self.dirs.push(tempfile::tempdir().unwrap());
        self.open()
    }

    fn again(&mut self, store: Embedded) -> Embedded {
        if self.packs {
            store.pack().unwrap();
        }
        store.close().unwrap();
        drop(store);
        self.open()
    }

    fn rebuilt(&mut self, store: Embedded) -> Embedded {
        store.close().unwrap();
        drop(store);
        std::fs::remove_dir_all(self.dirs.last().unwrap().path().join("view")).unwrap();
        self.open()
    }
}

#[test]
fn the_embedded_store_conforms() {
    all(&mut Fresh { dirs: Vec::new(), segment_size: 64 << 20, inline_limit: 4096, packs: false });
}

#[test]
fn the_embedded_store_conforms_with_small_segments_and_pointers() {
    all(&mut Fresh { dirs: Vec::new(), segment_size: 16 << 10, inline_limit: 64, packs: false });
}

#[test]
fn the_embedded_store_conforms_where_what_is_finished_is_compressed() {
    all(&mut Fresh { dirs: Vec::new(), segment_size: 4 << 10, inline_limit: 64, packs: true });
}

#[test]
fn segments_follow_each_other_while_others_are_sealed_and_prepared() {
    let mut stores = Fresh { dirs: Vec::new(), segment_size: 16 << 10, inline_limit: 4096, packs: false };
    let store = stores.fresh();
    for revision in 1..=600 {
        sample::append(&store, &[sample::create(revision, revision)]).unwrap();
    }
    let store = stores.again(store);
    for revision in 1..=600 {
        assert_eq!(store.commit(Revision(revision)).unwrap(), sample::create(revision, revision));
    }
}
