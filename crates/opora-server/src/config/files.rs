//! Settings of files that are being sent.

use std::time::Duration;

use super::parse::{Reader, size_of};
use crate::size::FILE;

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
    let is_read = read.value("staging_bytes").is_some_and(|value| size_of(value).is_some());
    let staging_bytes = read.size("staging_bytes");
    // A single file may have all that nobody else is sending: with less one caller's would refuse another's.
    if is_read && staging_bytes < 2 * FILE {
        read.wrong(
            "staging_bytes",
            "is less than 200MiB, two of the largest files: one that is sent leaves room for another one",
        );
    }
    Files { staging_bytes, staging_age: read.length("staging_age"), sweep_every: read.time_from("sweep_every", OFTEN) }
}
