//! Putting a copy to use: the revisions go on far behind those that others may have seen since the copy was made, and the
//! store is another one from there on.

use std::io;

use opora_core::model::Revision;

use super::frame::{Leap, SEGMENT_VERSION, segment_header, write_frame};
use super::segment::segment_path;
use super::{Journal, JournalError};

/// How many revisions are left out: more than a desk makes between two copies, and few enough for any number.
const LEFT_OUT: u64 = 1_000_000;

impl Journal {
    /// Leaves out revisions and begins a segment behind them, with a commit in which nothing happens: the newest
    /// revision is one that can be read. `lost`: what was acknowledged and is not there.
    ///
    /// The segment is there as a whole or not at all; the journal has to be opened anew afterwards.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn leap(&self, lost: Revision) -> Result<Revision, JournalError> {
        let io = |e| JournalError::Io(self.dir.clone(), e);
        let follows = self.newest();
        let first = Revision((follows.0 + LEFT_OUT).max(lost.0 + 1));
        // Zero means that there is none.
        let salt = uuid::Uuid::new_v4().as_u64_pair().0 | 1;
        let header = segment_header(self.uid, first, Some(Leap { follows, salt }), SEGMENT_VERSION);
        let mut bytes = header.to_vec();
        write_frame(self.uid, first, self.newest_at().unwrap_or_default(), follows, &mut bytes, |_| {});
        self.cut_torn().map_err(io)?;
        let temporary = self.dir.join("next.tmp");
        let written = || -> io::Result<()> {
            let file = self.disk.create(&temporary)?;
            file.write_at(&bytes, 0)?;
            file.sync()?;
            self.disk.rename(&temporary, &segment_path(&self.dir, first))?;
            self.disk.sync_dir(&self.dir)
        };
        written().map_err(io)?;
        Ok(first)
    }

    /// Cuts what stands after the last good frame.
    fn cut_torn(&self) -> io::Result<()> {
        let mut tail = self.tail.lock();
        let last = self.segments.read().last().cloned();
        if let Some(last) = last.filter(|_| tail.torn) {
            let end = last.index.read().end;
            last.file().set_len(end)?;
            last.file().sync()?;
            tail.torn = false;
        }
        Ok(())
    }
}
