//! The trial of a view in a process of its own.

use std::path::Path;

use opora_core::model::TicketNumber;

use super::format;
use crate::disk::{ReadDisk, tells_passing};
use crate::journal;
use crate::view::record::BLOCK;
use crate::view::tree::{Broken, Tree};

/// Opens a view and reads in it, in a process that may die of it: `EmbeddedOptions::probe` names the command that
/// calls this with the directory as its last argument.
///
/// # Errors
/// What is wrong with it, or with the machine.
pub fn probe_view(dir: &Path) -> Result<(), ProbeError> {
    probe(dir).map_err(
        |detail| {
            if tells_passing(&detail) { ProbeError::Short(detail) } else { ProbeError::Damaged(detail) }
        },
    )
}

/// Why a view did not stand a trial.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// It is damaged.
    #[error("{0}")]
    Damaged(String),
    /// The machine is short of something that comes back: the exit code has to be 75.
    #[error("{0}")]
    Short(String),
}

fn probe(dir: &Path) -> Result<(), String> {
    let data = dir.parent().and_then(Path::parent).ok_or("it is not a generation of a view")?;
    let known = format::read(&ReadDisk, data).map_err(|e| e.to_string())?;
    let uid = journal::store_uid(&ReadDisk, &data.join("journal"), known.uid);
    let tree = Tree::open(dir, uid, 16 << 20).map_err(|e| e.to_string())?;
    let tickets = tree.meta().tickets;
    let read = |number: u64| -> Result<(), Broken> { tree.place(TicketNumber(number)).map(drop) };
    for step in 0..64_u64 {
        read(tickets * step / 64 + 1).map_err(|e| e.to_string())?;
    }
    let mut some = 0_u32;
    let _ = tree.each(&[BLOCK], |_, _| {
        some += 1;
        if some > 100 { Err(Broken(String::new())) } else { Ok(()) }
    });
    Ok(())
}
