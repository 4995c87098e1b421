//! Opora.
fn main() {}
