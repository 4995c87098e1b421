//! The embedded store as its users meet it.

mod blobs;
mod conform;
mod damage;
mod empty;
mod packed;
mod power;
mod restored;
mod share;
mod short;
mod sound;
mod witness;
