//! Open files: as many as the system lets this process have, and how many of them are left for connections.
//!
//! A journal, a view and an index that can't open a file are worth more than a caller who can't connect.

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::config::Bounds;

/// What is kept free beside transfers: segments of the journal as they come (one each), the view and the index when they
/// are written or built again, the tables of the system that are read.
const KEPT: usize = 128;
/// However low the limit is, so many connections there are.
const LEAST: usize = 16;
/// What is taken for open where the system does not say: the store's own and the runtime's, generously.
const UNKNOWN: usize = 128;

/// Raises the limit of open files to as many as the system allows.
pub(crate) fn raise() {
    let before = getrlimit(Resource::Nofile);
    if before.current == before.maximum {
        return;
    }
    let wanted = rustix::process::Rlimit { current: before.maximum, maximum: before.maximum };
    let shown = |limit: Option<u64>| limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string());
    match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => {
            tracing::info!(
                before = shown(before.current),
                now = shown(before.maximum),
                "the limit of open files is raised"
            );
        }
        Err(error) => tracing::warn!(%error, limit = shown(before.current), "the limit of open files can't be raised"),
    }
}

/// How many connections there may be while the store is being opened, which opens files itself: half of what is left.
pub(crate) fn at_first(bounds: &Bounds) -> usize {
    let most = fits(limit(), UNKNOWN, bounds.transfers, bounds.reserved_connections);
    bounds.connections.min(most.div_ceil(2))
}

fn limit() -> usize {
    getrlimit(Resource::Nofile).current.map_or(usize::MAX, |limit| limit as usize)
}

/// How many connections there may be: what is configured, or less where the limit of open files leaves less. Blocks.
pub(crate) fn connections(bounds: &Bounds) -> usize {
    let (limit, open) = (limit(), open());
    let most = fits(limit, open, bounds.transfers, bounds.reserved_connections);
    if most < bounds.connections {
        tracing::warn!(
            limit,
            open,
            max_connections = bounds.connections,
            connections = most,
            "the limit of open files allows fewer connections: raise it (LimitNOFILE of systemd, --ulimit nofile of a container)"
        );
    }
    bounds.connections.min(most)
}

fn fits(limit: usize, open: usize, transfers: usize, reserved: usize) -> usize {
    // An upload or download holds one for a moment at a time.
    limit.saturating_sub(open + KEPT + transfers + reserved).max(LEAST)
}

fn open() -> usize {
    #[expect(clippy::disallowed_methods, reason = "called on a blocking thread")]
    std::fs::read_dir("/proc/self/fd").map_or(UNKNOWN, Iterator::count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_what_the_store_needs() {
        assert_eq!(fits(1_024, 40, 128, 16), 1_024 - 40 - KEPT - 128 - 16);
        assert_eq!(fits(100, 40, 128, 16), LEAST, "a desk that nobody can reach is of no use");
        assert!(fits(usize::MAX, 40, 128, 16) > 1_000_000);
    }

    #[test]
    fn the_limit_is_the_highest_that_there_is() {
        raise();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
