//! The desk: engine, followers, gRPC services, configuration. [`serve()`] runs it all.

pub mod config;
mod convert;
pub mod desk;
mod dry_run;
pub mod engine;
mod errors;
pub mod followers;
mod layers;
mod presence;
pub mod serve;
mod service;
mod storage;

pub use config::Config;
pub use dry_run::{DryRun, dry_run};
pub use serve::{Running, ServeError, serve, start};
