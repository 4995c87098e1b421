//! The desk: engine, followers, gRPC services, configuration. [`serve()`] runs it all.

pub mod config;
#[allow(dead_code, unused_imports, reason = "the services come next")]
mod convert;
pub mod desk;
pub mod engine;
#[allow(dead_code, unused_imports, reason = "the services come next")]
mod errors;
pub mod followers;
pub mod serve;

pub use config::Config;
pub use serve::{Running, ServeError, serve, start};
