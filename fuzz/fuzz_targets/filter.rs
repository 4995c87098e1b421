//! Any text is a filter or is refused, and what is shown of a filter is read as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use opora_core::filter::Filter;

fuzz_target!(|text: &str| {
    let Ok(filter) = Filter::parse(text) else { return };
    let shown = filter.to_string();
    // The canonical text may outgrow the limit; within it, it must be read as the same.
    if shown.len() <= Filter::MAX_LENGTH {
        assert_eq!(Filter::parse(&shown), Ok(filter), "{shown}");
    }
});
