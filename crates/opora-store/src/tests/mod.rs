//! The embedded store as its users meet it.

mod conform;
