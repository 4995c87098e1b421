//! The engine: one writer takes submissions in groups, decides, appends, then answers. Knows nothing of gRPC.

mod api;
mod clock;
mod directory;

pub use api::{Action, Answer, DirectoryCommand, DirectoryEdit, Done, Edit, Refused, Submission, TicketRef};
pub use clock::{Clock, JUMP, SystemClock, Timekeeper};
pub use directory::Directory;
