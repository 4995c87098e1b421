//! The engine: one writer that decides commands in groups, makes them durable, publishes them to the followers.

mod api;

pub use api::{Action, Answer, DirectoryCommand, DirectoryEdit, Done, Edit, Refused, Submission, TicketRef};
