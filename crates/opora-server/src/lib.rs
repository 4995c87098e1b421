//! The desk: engine, followers, gRPC services, configuration. [`serve()`] runs it all.

pub mod call;
pub mod config;
mod convert;
mod descriptors;
pub mod desk;
mod dry_run;
pub mod engine;
mod errors;
mod files;
pub mod followers;
mod front;
mod language;
mod layers;
mod method;
mod presence;
mod scans;
pub mod scope;
mod secret;
pub mod serve;
mod serve_error;
mod service;
mod size;
mod storage;
mod warnings;

pub use config::Config;
pub use dry_run::{DryRun, dry_run};
pub use serve::{Opened, Running, serve, start};
pub use serve_error::ServeError;
pub use warnings::{Topic, Warning, Warnings};
