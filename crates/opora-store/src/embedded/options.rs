//! How an embedded store is kept, and why one can't be opened.

use std::ffi::OsString;
use std::path::PathBuf;

use opora_core::model::Revision;

/// How an embedded store is kept.
#[derive(Clone, Debug)]
pub struct EmbeddedOptions {
    /// The data directory. `lock`, `format`, `state`, `journal/`, `view/` and `blobs/` in it are the store's;
    /// `followers/` is left to others.
    pub dir: PathBuf,
    /// Bytes: while less is free nothing is appended.
    pub disk_reserve: u64,
    /// Bytes of a segment of the journal.
    pub segment_size: u64,
    /// Bytes of a block of a finished segment, which is compressed: who reads one revision reads one block.
    pub segment_block: usize,
    /// Bytes of blocks of finished segments that are kept in memory.
    pub block_cache: u64,
    /// Bytes of sled's cache.
    pub sled_cache: u64,
    /// Bytes of recently used tickets.
    pub ticket_cache: u64,
    /// Bytes: larger entries of the directory and policies are kept in the journal alone, as every ticket is.
    pub inline_limit: usize,
    /// Bytes: the writer waits when more than that is not in the view yet.
    pub overlay_limit: usize,
    /// After an unclean stop this command is run with the view's directory as one more argument; the view is opened
    /// only when it exits with zero. It calls [`crate::probe_view`]: some damage ends the process that meets it.
    pub probe: Option<Vec<OsString>>,
    /// The directory is a copy that is put to use: it becomes another store, whose revisions go on 1,000,000 further.
    pub accept_restored: bool,
    /// Nothing is written; what is sound is read, what is damaged is refused when it is met.
    pub degraded: bool,
}

impl EmbeddedOptions {
    /// The usual ones for a directory.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            disk_reserve: 256 << 20,
            segment_size: 64 << 20,
            segment_block: 32 << 10,
            block_cache: 4 << 20,
            sled_cache: 16 << 20,
            ticket_cache: 16 << 20,
            inline_limit: 4096,
            overlay_limit: 32 << 20,
            probe: None,
            accept_restored: false,
            degraded: false,
        }
    }
}

/// Why a store can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("{} is in use by {}", .dir.display(), .pid.map_or("another process".to_owned(), |pid| format!("process {pid}")))]
    InUse {
        /// The directory.
        dir: PathBuf,
        /// Whose it is, if it says.
        pid: Option<u32>,
    },
    /// A newer version of the program wrote it.
    #[error("{} was written by a newer version of opora ({detail}): use that version", .path.display())]
    Newer {
        /// The file that says so.
        path: PathBuf,
        /// Which version.
        detail: String,
    },
    /// It can't be made, or not be written.
    #[error(
        "{} can't be used as the data directory: {source}; make it and give it to the user who runs opora, or name \
         another with --data",
        .dir.display()
    )]
    Unusable {
        /// The directory.
        dir: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// There is no store in it.
    #[error("{} is no data directory of a desk (it has no file `format`): name the one that `opora serve --data` uses", .dir.display())]
    NoDesk {
        /// The directory.
        dir: PathBuf,
    },
    /// It does not look like a store.
    #[error("{}: {detail}; restore it from a backup", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// What was acknowledged is damaged.
    #[error(
        "revision {} is damaged or gone, in {}: {detail}; nothing was changed: run `opora check`, then restore that file \
         from a backup; `opora serve --degraded` serves what is sound until then",
        .revision.0,
        .path.display()
    )]
    Damaged {
        /// The first revision that can't be read.
        revision: Revision,
        /// The segment that should hold it.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// Less is there than was acknowledged: an older copy, or one that was made while the desk ran.
    #[error(
        "{} ends at revision {}, but `{witness}` beside it says that revision {} was acknowledged: it is older than the \
         other files, or its newest files are gone; nothing was changed: run `opora check`, then put the missing files back, \
         or copy the directory again while the desk is stopped; if this copy is to be used as it is, start once with `opora serve \
         --accept-restored`: what came later is lost then",
        .path.display(),
        .newest.0,
        .acknowledged.0
    )]
    Behind {
        /// The last segment of the journal, or its directory.
        path: PathBuf,
        /// Where the journal ends.
        newest: Revision,
        /// What was acknowledged at least.
        acknowledged: Revision,
        /// What says so: `state`, `view` or `journal`.
        witness: &'static str,
    },
    /// There is no journal, and there was one.
    #[error(
        "{} is gone or empty, but `state` beside it says that there was a journal; nothing was changed: run `opora check`, then \
         put the missing files back, or copy the directory again while the desk is stopped; if this copy is to be used as it \
         is, start once with `opora serve --accept-restored`: what was in the journal is lost then",
        .path.display()
    )]
    NoJournal {
        /// The directory of the journal.
        path: PathBuf,
    },
    /// What is stored can be opened and not be read.
    #[error("{}: {detail}; `opora serve --degraded` serves what is sound until then", .path.display())]
    Unreadable {
        /// The directory.
        path: PathBuf,
        /// What is damaged, and what to do.
        detail: String,
    },
    /// The machine is short of something that comes back.
    #[error(
        "{}: the machine is short of threads, memory or open files ({detail}); nothing was changed: raise the limit \
         (`ulimit -u`, `ulimit -n`, the container's pids and memory), then start it again",
        .path.display()
    )]
    Short {
        /// What could not be opened.
        path: PathBuf,
        /// What was said.
        detail: String,
    },
    /// The view could not be built.
    #[error("{}: {detail}", .path.display())]
    View {
        /// Its directory.
        path: PathBuf,
        /// What went wrong.
        detail: String,
    },
    /// The file system said no.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
}
