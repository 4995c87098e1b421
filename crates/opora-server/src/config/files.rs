//! Settings of files that are being sent.

use std::time::Duration;

use super::parse::Reader;

/// How often a sweep may come at most.
const OFTEN: Duration = Duration::from_secs(1);

/// Uploads that are not finished, and what no ticket refers to. `docs/operating.md`, "Files".
#[derive(Clone, Debug)]
pub struct Files {
    /// The most bytes of uploads that are not finished.
    pub staging_bytes: u64,
    /// How long they, and files that no ticket refers to, are kept.
    pub staging_age: Duration,
    /// The time between two sweeps.
    pub sweep_every: Duration,
}

pub(super) fn files(read: &mut Reader<'_>) -> Files {
    let files = Files {
        staging_bytes: read.size("staging_bytes"),
        staging_age: read.length("staging_age"),
        sweep_every: read.length("sweep_every"),
    };
    if files.sweep_every < OFTEN {
        read.wrong("sweep_every", "is less than 1s");
    }
    files
}
