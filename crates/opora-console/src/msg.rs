//! What reaches the model, and what it asks for. The only words that the loop, the network and the screens share.

use std::collections::BTreeMap;

use crossterm::event::{KeyEvent, MouseEvent};
use jiff::tz::TimeZone;
use opora_proto::error::ErrorReason;
use opora_proto::v1;

use crate::drafts::{Draft, DraftKey};
pub(crate) use crate::drafts::{Edited, EditorFault};
use crate::outbox::Queued;
use crate::presence::{Place, Told};
use crate::queue::row::Row;

pub(crate) use crate::change::{Change, NewTicket, Undoable, What};
pub(crate) use crate::place::{Completed, PathFault, Purpose};

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) enum Msg {
    /// The time, milliseconds since 1970. Comes before whatever else there is.
    Now(i64),
    Key(KeyEvent),
    Mouse(MouseEvent),
    Paste(String),
    Resize(u16, u16),
    Net(Net),
    /// The drafts that were found on disk.
    Drafts(Vec<(DraftKey, Draft)>),
    /// The changes that were found on disk, not answered yet.
    Outbox(Vec<Queued>),
    /// A draft could not be written; why.
    DraftFailed(String),
    /// The external editor ended.
    Edited(Edited),
    /// The process is asked to end, or the terminal is gone.
    Terminate,
}

/// From the network task.
#[derive(Clone, Debug)]
pub(crate) enum Net {
    /// No stream: why, and when it is tried again (milliseconds since 1970).
    Offline {
        why: String,
        retry_at: i64,
        /// What answers is no desk.
        foreign: bool,
    },
    /// What was connected to says nothing at all; when it is tried again.
    Mute {
        retry_at: i64,
    },
    /// The most urgent tickets, to be seen until the first set is here.
    Head(Vec<Row>),
    /// A complete new set of tickets begins.
    Set,
    Batch(Batch),
    Agents(Vec<Agent>),
    /// The ladder; empty: it is not known.
    Ladder(Vec<v1::LadderRung>),
    /// What the open tickets suggest.
    Suggested(Result<Vec<v1::Suggestion>, Trouble>),
    /// What the server tells of itself.
    Server(ServerInfo),
    /// The server does not know a service that this console uses: its name in the catalogue.
    Lacks(&'static str),
    Detail {
        number: u64,
        generation: u64,
        result: Result<Box<Loaded>, Trouble>,
    },
    Preview {
        number: u64,
        generation: u64,
        result: Result<Vec<v1::PriorityPreview>, Trouble>,
    },
    Found {
        generation: u64,
        result: Result<Found, Trouble>,
    },
    Incident {
        generation: u64,
        result: Result<Box<Board>, Trouble>,
    },
    /// The tickets that were resolved within a day, as they stand.
    Ended {
        generation: u64,
        result: Result<Vec<Row>, Trouble>,
    },
    /// Older messages or events of a ticket.
    Older {
        number: u64,
        generation: u64,
        result: Result<Box<Older>, Trouble>,
    },
    /// The files of a ticket.
    Files {
        number: u64,
        generation: u64,
        result: Result<Vec<v1::Attachment>, Trouble>,
    },
    /// How far a file is on its way.
    Progress {
        name: String,
        done: u64,
        size: u64,
    },
    /// Whether a place on this machine is fit for what is meant; the place in full.
    Looked {
        generation: u64,
        result: Result<String, PathFault>,
    },
    /// What a place that was begun can be.
    Completed {
        generation: u64,
        completed: Completed,
    },
    /// A file was fetched: where it is, or why not.
    Fetched(Result<String, Trouble>),
    Done {
        request_id: String,
        result: Result<Done, Trouble>,
    },
    /// The tags that tickets have.
    Tags {
        generation: u64,
        result: Result<Vec<Tagged>, Trouble>,
    },
    /// Who else is where.
    Presence(Told),
    /// How the clocks of a ticket came to what they show.
    Explained {
        number: u64,
        generation: u64,
        result: Result<Box<v1::ExplainTicketResponse>, Trouble>,
    },
    /// The canned replies.
    Snippets(Result<Vec<v1::Snippet>, Trouble>),
    /// The organisations that a new ticket can be for.
    Organisations(Result<Vec<Named>, Trouble>),
}

/// One message of the watch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    pub(crate) revision: u64,
    pub(crate) rows: Vec<Row>,
    pub(crate) events: Vec<Happened>,
    pub(crate) synced: bool,
}

/// An event, with the row as it stood after.
#[derive(Clone, Debug)]
pub(crate) struct Happened {
    pub(crate) row: Row,
    pub(crate) left_view: bool,
    /// Without its ticket.
    pub(crate) event: v1::TicketEvent,
    /// The ticket as it stood after.
    pub(crate) ticket: Box<v1::Ticket>,
}

/// An agent that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agent {
    /// `olga`.
    pub(crate) id: String,
    pub(crate) display_name: String,
}

/// What a server tells of itself, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServerInfo {
    /// `0.1.0`; empty for a server that is too old to tell.
    pub(crate) version: String,
    /// What this console knows and the server does not.
    pub(crate) lacks: Vec<&'static str>,
    /// By how many milliseconds this machine's clock is ahead of the server's.
    pub(crate) ahead: i64,
}

/// What the detail pane shows of a ticket.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) ticket: v1::Ticket,
    /// Oldest first.
    pub(crate) comments: Vec<v1::Comment>,
    /// Oldest first.
    pub(crate) events: Vec<v1::TicketEvent>,
    /// Oldest first.
    pub(crate) attachments: Vec<v1::Attachment>,
    pub(crate) revision: u64,
    /// By which clock the customer lives. `None`: not known.
    pub(crate) zone: Option<TimeZone>,
    /// Where the older messages and the older events begin. Empty: all are here.
    pub(crate) more_comments: String,
    pub(crate) more_events: String,
    /// The request for older ones that is on its way.
    pub(crate) asking: Option<u64>,
}

/// Older messages or events, oldest first, and where those before them begin.
#[derive(Clone, Debug)]
pub(crate) enum Older {
    Comments(Vec<v1::Comment>, String),
    Events(Vec<v1::TicketEvent>, String),
}

/// A page of what was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) rows: Vec<Row>,
    /// Where the next page begins. Empty: there is none.
    pub(crate) next: String,
}

/// An incident with its children.
#[derive(Clone, Debug)]
pub(crate) struct Board {
    pub(crate) parent: Row,
    pub(crate) children: Vec<Row>,
    /// There are more than were read.
    pub(crate) more: bool,
}

/// Something of the directory that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    /// `acme`.
    pub(crate) id: String,
    /// As people call it, cleaned.
    pub(crate) name: String,
}

/// The tags of a ticket as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tagged {
    pub(crate) number: u64,
    pub(crate) etag: String,
    /// Sorted, each once.
    pub(crate) tags: Vec<String>,
}

/// A change that was accepted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    pub(crate) number: u64,
    pub(crate) revision: u64,
    /// For an escalation: whom. For a file: its name.
    pub(crate) whom: String,
    /// For an escalation: when the rung can be reached, if not now.
    pub(crate) reachable: Option<i64>,
    /// For an escalation: the rung, 0 for others.
    pub(crate) rung: u32,
    /// The etag that the ticket has now.
    pub(crate) etag: String,
    /// For many: what became of each, by number; the etag, or why not.
    pub(crate) each: Vec<(u64, Result<String, Trouble>)>,
}

/// Why a call failed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trouble {
    pub(crate) reason: Option<ErrorReason>,
    /// A sentence for people.
    pub(crate) message: String,
    pub(crate) metadata: BTreeMap<String, String>,
    /// For those who look after it.
    pub(crate) technical: String,
    /// The server could not be reached.
    pub(crate) unreachable: bool,
}

/// Something that the loop is asked to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    Call(Call),
    SaveDraft(DraftKey, Draft),
    DeleteDraft(DraftKey),
    /// Keeps a change on disk until it was answered.
    Queue(Box<Queued>),
    /// A change was answered or dropped: its file name.
    Unqueue(String),
    /// Opens `$EDITOR` on the text of a draft.
    Editor(DraftKey, String),
    /// What the editor left is kept as a draft: its file, by its name, is no longer needed.
    Unedit(String),
    Suspend,
    Redraw,
    /// Into the clipboard of the person's own machine.
    Copy(String),
    /// Calls the person: the bell, a notification.
    Alert(String),
}

/// A call to the server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Call {
    Detail {
        number: u64,
        generation: u64,
    },
    Preview {
        number: u64,
        generation: u64,
    },
    Search {
        text: String,
        generation: u64,
        page_token: String,
    },
    Incident {
        number: u64,
        generation: u64,
    },
    /// The tickets that were resolved within a day.
    Ended {
        generation: u64,
    },
    Older {
        number: u64,
        generation: u64,
        of: Part,
        page_token: String,
    },
    Explain {
        number: u64,
        generation: u64,
    },
    Snippets,
    Organisations,
    /// Who is on the ladder and can be reached now.
    Ladder,
    /// What the open tickets suggest.
    Suggestions,
    /// Says where this console is.
    Presence(Place),
    Files {
        number: u64,
        generation: u64,
    },
    /// The tags of these tickets.
    Tags {
        numbers: Vec<u64>,
        generation: u64,
    },
    /// Looks at a place on this machine.
    Look {
        typed: String,
        purpose: Purpose,
        generation: u64,
    },
    /// Completes a place on this machine.
    Complete {
        typed: String,
        generation: u64,
    },
    /// Fetches a file to a place on this machine.
    Fetch {
        name: String,
        to: String,
    },
    Change(Box<Change>),
}

/// Of which part of a ticket older ones are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Comments,
    Events,
}
