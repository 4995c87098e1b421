//! A bounded channel between a stream and a reader that may be slow.
