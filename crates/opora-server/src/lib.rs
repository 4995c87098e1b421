//! The desk: engine, followers, gRPC services, configuration. [`serve`] runs it all.

pub mod desk;
pub mod engine;
pub mod followers;
