//! The desk: engine, followers, gRPC services, configuration. [`serve()`] runs it all.

pub mod config;
mod convert;
pub mod desk;
pub mod engine;
mod errors;
pub mod followers;
mod layers;
mod presence;
pub mod serve;
mod service;
mod storage;
mod warnings;

pub use config::Config;
pub use serve::{Opened, Running, ServeError, serve, start};
pub use warnings::{Topic, Warning, Warnings};
