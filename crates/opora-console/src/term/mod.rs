//! The terminal: what is switched on is switched off again, whatever ends the console. Knows no model.

pub(crate) mod disk;
pub(crate) mod editor;
pub(crate) mod guard;
pub(crate) mod home;
pub(crate) mod idle;
pub(crate) mod input;
pub(crate) mod linked;
pub(crate) mod osc;
pub(crate) mod rows;
pub(crate) mod signals;
pub(crate) mod whole;
