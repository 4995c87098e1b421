//! Deciding, through its public face.

mod clocks;
mod desk;
mod life;
mod listing;
mod merged;
mod properties;
mod ties;
mod timers;
mod triage;
mod undo;
