//! The commands of a client, one file a family. Each asks the desk and hands the answer to the output.

pub(crate) mod attach;
pub(crate) mod change;
pub(crate) mod directory;
pub(crate) mod download;
pub(crate) mod health;
pub(crate) mod reference;
pub(crate) mod rename;
pub(crate) mod ticket;
pub(crate) mod watch;

use std::io::Read as _;

use crate::context::Context;
use crate::failure::Failure;

/// The longest text that is read from standard input or a file: the contract's limit of a description, and a bit, so
/// that the desk says what is wrong with a longer one.
const MAX_TEXT: u64 = 300 * 1024;

/// A text given as an argument, or read from standard input for `-`.
fn text_or_stdin(context: &Context, given: String) -> Result<String, Failure> {
    if given != "-" {
        return Ok(given);
    }
    context.reads_input();
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(MAX_TEXT)
        .read_to_string(&mut text)
        .map_err(|cause| Failure::stream("io-stdin", cause))?;
    Ok(text.trim_end().to_owned())
}

/// The ticket of an answer.
fn ticket_of(ticket: Option<&opora_proto::v1::Ticket>) -> Result<&opora_proto::v1::Ticket, Failure> {
    ticket.ok_or_else(|| Failure::bug("the answer holds no ticket"))
}
