//! When segments of the index are merged: as the library has it, but not while the follower is far behind, when merging
//! would only keep it from catching up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tantivy::SegmentMeta;
use tantivy::indexer::{LogMergePolicy, MergeCandidate, MergePolicy};

/// So many segments are too many for a search to wait for a better time.
const MANY: usize = 32;

/// Merging that can be put off. Clones share what it is told.
#[derive(Clone, Debug, Default)]
pub(super) struct Merging {
    put_off: Arc<AtomicBool>,
}

impl Merging {
    /// Puts it off, or no more; what was put off is done after the next commit.
    pub(super) fn put_off(&self, put_off: bool) {
        self.put_off.store(put_off, Ordering::Relaxed);
    }
}

impl MergePolicy for Merging {
    fn compute_merge_candidates(&self, segments: &[SegmentMeta]) -> Vec<MergeCandidate> {
        if self.put_off.load(Ordering::Relaxed) && segments.len() <= MANY {
            return Vec::new();
        }
        LogMergePolicy::default().compute_merge_candidates(segments)
    }
}

#[cfg(test)]
mod tests {
    use tantivy::schema::Schema;
    use tantivy::{Index, IndexWriter, TantivyDocument};

    use super::*;

    #[test]
    fn merging_is_put_off_up_to_many_segments_and_then_done() {
        let index = Index::create_in_ram(Schema::builder().build());
        let mut writer: IndexWriter = index.writer_with_num_threads(1, 16 << 20).unwrap();
        // Nothing is merged but what is asked here.
        writer.set_merge_policy(Box::new(tantivy::indexer::NoMergePolicy));
        let merging = Merging::default();
        merging.put_off(true);
        for segments in 1..=MANY + 1 {
            writer.add_document(TantivyDocument::new()).unwrap();
            writer.commit().unwrap();
            let metas = index.searchable_segment_metas().unwrap();
            assert_eq!(metas.len(), segments);
            let asked = merging.compute_merge_candidates(&metas);
            assert_eq!(asked.is_empty(), segments <= MANY, "{segments}");
        }
        let metas = index.searchable_segment_metas().unwrap();
        merging.clone().put_off(false);
        assert!(!merging.compute_merge_candidates(&metas[..MANY]).is_empty());
    }
}
