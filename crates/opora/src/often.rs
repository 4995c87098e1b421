//! Lines of the log that somebody else can cause: of each kind only so many are written. A caller who floods the desk with
//! what is worth a line would else fill the disk with them, and hide every other line.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tracing::callsite::Identifier;

/// The most lines of one kind in [`WHILE`]: those of one place in the code.
pub(crate) const MOST: u64 = 60;
/// How long they are counted together.
pub(crate) const WHILE: Duration = Duration::from_mins(1);

/// How often each kind of line came. There are as many kinds as places in the code that write one.
#[derive(Default)]
pub(crate) struct Often(Mutex<HashMap<Identifier, Stretch>>);

/// Lines of a kind that are counted together.
struct Stretch {
    began: Instant,
    /// How many came.
    lines: u64,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// It is written; so many of its kind were left out before it.
    Written(u64),
    /// It is left out.
    LeftOut,
}

impl Often {
    /// One more line of a kind.
    pub(crate) fn line(&self, kind: Identifier, now: Instant) -> Came {
        // Nothing panics while it is held.
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stretch = kinds.entry(kind).or_insert(Stretch { began: now, lines: 0 });
        let mut left_out = 0;
        if now.duration_since(stretch.began) >= WHILE {
            left_out = stretch.lines.saturating_sub(MOST);
            *stretch = Stretch { began: now, lines: 0 };
        }
        stretch.lines += 1;
        if stretch.lines > MOST { Came::LeftOut } else { Came::Written(left_out) }
    }
}
