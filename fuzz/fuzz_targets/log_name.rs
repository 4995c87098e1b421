//! Any name tells something or nothing, and cleaning a name twice is cleaning it once.

#![no_main]

use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use opora_core::log_name::{LogNames, MAX_FILE_NAME, clean_file_name};

fuzz_target!(|name: &str| {
    let berlin = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
    let _ = LogNames::default().read(name, &berlin);
    let clean = clean_file_name(name);
    assert!(!clean.is_empty() && clean.len() <= MAX_FILE_NAME);
    assert_eq!(clean_file_name(&clean), clean);
});
