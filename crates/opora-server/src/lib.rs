//! The desk: engine, followers, gRPC services, configuration. [`serve`] runs it all.

pub mod engine;
