//! All that the console knows: what the views draw and the update changes. No I/O, no clock, no terminal.

use std::collections::{HashMap, VecDeque};

use opora_proto::v1;
use rand::rngs::StdRng;
use rand::{RngCore as _, SeedableRng as _};

use crate::clock::Units;
use crate::config::Settings;
use crate::detail::Details;
use crate::dialog::Dialog;
use crate::dialog::results::Outcome;
use crate::drafts::{DraftKey, Drafts};
use crate::keys::Chord;
use crate::layout::Split;
use crate::meanwhile::Meanwhile;
use crate::msg::{Agent, Change, Named, ServerInfo, Undoable};
use crate::notice::Notice;
use crate::outbox::Outbox;
use crate::presence::Presences;
use crate::queue::Queue;
use crate::queue::counts::Summary;
use crate::queue::row::Row;
use crate::screens::{self, Screen, Screens};
use crate::suggest::Suggestions;
use crate::texts::Texts;
use crate::theme::{Depth, Theme};

/// How many messages can be read again.
const TOASTS: usize = 200;
/// How long a message stands on the screen, milliseconds.
pub(crate) const TOAST_TIME: i64 = 10_000;

/// The connection, as the header tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// Nothing came yet.
    Connecting,
    /// The current tickets are being received.
    CatchingUp,
    /// Everything up to `revision` is here.
    Live,
    /// No stream since then; the next try.
    Offline { since: i64, retry_at: i64, why: String },
}

/// Which pane has the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pane {
    #[default]
    List,
    Detail,
}

/// How a message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Done,
    Warning,
    Refused,
}

/// A message to the person.
#[derive(Clone, Debug)]
pub(crate) struct Toast {
    pub(crate) text: String,
    pub(crate) technical: String,
    pub(crate) level: Level,
    pub(crate) at: i64,
}

/// A change that was sent and is not yet seen.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) change: Change,
    pub(crate) draft: Option<DraftKey>,
    /// The revision under which it was accepted; its event is awaited.
    pub(crate) accepted: Option<u64>,
}

/// The last change that can be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undo {
    pub(crate) kind: Undoable,
    /// Each revision with the tickets that it changed and that nobody changed in this since.
    pub(crate) parts: Vec<(u64, Vec<u64>)>,
    /// It is of a bulk change, of which further parts may be accepted.
    pub(crate) grows: bool,
    /// Which of the messages told of it last, counted.
    pub(crate) told: u64,
}

/// The model.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Model {
    pub(crate) texts: Texts,
    pub(crate) units: Units,
    pub(crate) theme: Theme,
    /// The agent's id, `olga`.
    pub(crate) me: String,
    /// The server, for the header.
    pub(crate) server: String,
    pub(crate) zone: jiff::tz::TimeZone,
    pub(crate) now: i64,
    pub(crate) size: (u16, u16),
    pub(crate) link: Link,
    pub(crate) revision: u64,
    /// Which screen is shown.
    pub(crate) screen: Screen,
    pub(crate) screens: Screens,
    pub(crate) queue: Queue,
    pub(crate) details: Details,
    /// A ticket outside the queue that the detail pane shows.
    pub(crate) peek: Option<Row>,
    pub(crate) pane: Pane,
    pub(crate) dialog: Option<Dialog>,
    /// Why what the open dialog asked for was refused, until the next key.
    pub(crate) refusal: Option<String>,
    /// The dialogs whose change is on its way, with its request id: they come back with what was typed if it is refused.
    pub(crate) sent: Vec<(String, Dialog)>,
    /// What others did to its tickets since it was opened.
    pub(crate) meanwhile: Meanwhile,
    pub(crate) toasts: VecDeque<Toast>,
    /// How many messages there were in this session, those that are no longer kept too.
    pub(crate) toasted: u64,
    pub(crate) pending: HashMap<String, Pending>,
    pub(crate) drafts: Drafts,
    /// Changes without an answer.
    pub(crate) outbox: Outbox,
    /// What became of the last bulk change.
    pub(crate) results: Vec<Outcome>,
    /// A file on its way: its name, the bytes that went and all of them.
    pub(crate) transfer: Option<(String, u64, u64)>,
    pub(crate) undo: Option<Undo>,
    /// What could be taken back until somebody changed the same thing: the ticket, and who.
    pub(crate) overtaken: Option<(u64, String)>,
    pub(crate) agents: Vec<Agent>,
    pub(crate) ladder: Vec<v1::LadderRung>,
    pub(crate) settings: Settings,
    pub(crate) depth: Depth,
    /// How the width is parted between list and ticket.
    pub(crate) split: Split,
    /// The mouse has hold of the divider.
    pub(crate) dragging: bool,
    /// The first of two keys, when the second is waited for.
    pub(crate) chord: Option<Chord>,
    /// What is to be called out: the bell, a notification.
    pub(crate) calls: Vec<String>,
    /// What the server told of itself. `None`: nothing yet.
    pub(crate) info: Option<ServerInfo>,
    /// The agents of the desk are known.
    pub(crate) agents_known: bool,
    /// No server was named: the built-in address is tried.
    pub(crate) unnamed_server: bool,
    /// A demo desk can be had in place of this console.
    pub(crate) offers_demo: bool,
    /// The person leaves for the demo.
    pub(crate) wants_demo: bool,
    /// What the person has read and put away.
    pub(crate) put_away: Vec<Notice>,
    /// Who else is where, and where this console says it is.
    pub(crate) presences: Presences,
    /// The canned replies, as they were read last.
    pub(crate) snippets: Vec<v1::Snippet>,
    /// The organisations, as they were read last.
    pub(crate) organisations: Vec<Named>,
    /// What many tickets of one kind suggest.
    pub(crate) suggestions: Suggestions,
    pub(crate) quit: bool,
    /// Something visible changed since the last frame.
    pub(crate) dirty: bool,
    /// When a visible text changes by time alone.
    pub(crate) deadline: Option<i64>,
    /// When there is something to do that changes nothing visible.
    pub(crate) wake: Option<i64>,
    generation: u64,
    ids: StdRng,
}

/// What a model begins with.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) texts: Texts,
    pub(crate) theme: Theme,
    pub(crate) me: String,
    pub(crate) server: String,
    pub(crate) zone: jiff::tz::TimeZone,
    pub(crate) now: i64,
    pub(crate) size: (u16, u16),
    /// Where request ids come from.
    pub(crate) seed: [u8; 32],
}

impl Model {
    pub(crate) fn new(start: Start) -> Self {
        Self {
            units: Units::new(&start.texts),
            texts: start.texts,
            theme: start.theme,
            me: start.me,
            server: start.server,
            zone: start.zone,
            now: start.now,
            size: start.size,
            link: Link::Connecting,
            revision: 0,
            screen: Screen::Queue,
            screens: Screens::new(start.now),
            queue: Queue::default(),
            details: Details::default(),
            peek: None,
            pane: Pane::List,
            dialog: None,
            refusal: None,
            sent: Vec::new(),
            meanwhile: Meanwhile::default(),
            toasts: VecDeque::new(),
            toasted: 0,
            pending: HashMap::new(),
            drafts: Drafts::default(),
            outbox: Outbox::default(),
            results: Vec::new(),
            transfer: None,
            undo: None,
            overtaken: None,
            agents: Vec::new(),
            ladder: Vec::new(),
            settings: Settings::default(),
            depth: Depth::default(),
            split: Split::default(),
            dragging: false,
            chord: None,
            calls: Vec::new(),
            info: None,
            agents_known: false,
            unnamed_server: false,
            offers_demo: false,
            wants_demo: false,
            put_away: Vec::new(),
            presences: Presences::default(),
            snippets: Vec::new(),
            organisations: Vec::new(),
            suggestions: Suggestions::default(),
            quit: false,
            dirty: true,
            deadline: None,
            wake: None,
            generation: 0,
            ids: StdRng::from_seed(start.seed),
        }
    }

    /// The ticket that is shown: the one that was opened, or the one under the cursor. What an action touches is
    /// [`crate::selection::Selection`]'s to say.
    pub(crate) fn subject(&self) -> Option<&Row> {
        match self.screen {
            Screen::Queue => self.peek.as_ref().or_else(|| self.queue.current()),
            _ => screens::current(self),
        }
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary::of(&self.queue.rows, &self.me, self.now)
    }

    /// A number that no earlier request has, by which late answers are told.
    pub(crate) fn next_generation(&mut self) -> u64 {
        self.generation += 1;
        self.generation
    }

    /// A new request id.
    pub(crate) fn request_id(&mut self) -> String {
        let mut bytes = [0; 16];
        self.ids.fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    pub(crate) fn toast(&mut self, level: Level, text: impl Into<String>) {
        self.toast_with(level, text, String::new());
    }

    pub(crate) fn toast_with(&mut self, level: Level, text: impl Into<String>, technical: String) {
        if self.toasts.len() == TOASTS {
            self.toasts.pop_front();
        }
        self.toasts.push_back(Toast { text: text.into(), technical, level, at: self.now });
        self.toasted += 1;
        self.dirty = true;
    }

    /// The message that stands on the screen.
    pub(crate) fn shown_toast(&self) -> Option<&Toast> {
        self.toasts.back().filter(|toast| toast.at + TOAST_TIME > self.now)
    }

    /// Whether a change of a ticket is on its way.
    pub(crate) fn is_pending(&self, number: u64) -> bool {
        self.pending.values().any(|p| p.change.concerns(number))
    }

    /// Whether what was typed is in a change that is on its way.
    pub(crate) fn is_sending(&self, key: DraftKey) -> bool {
        self.pending.values().any(|p| p.draft == Some(key) && p.accepted.is_none())
    }

    /// Whether what was typed for a ticket was sent, and neither went out nor is on its way: held back or refused.
    pub(crate) fn is_undelivered(&self, number: u64) -> bool {
        DraftKey::of_ticket(number)
            .into_iter()
            .any(|key| self.drafts.get(key).is_some_and(|draft| draft.undelivered) && !self.is_sending(key))
    }

    /// How an agent is called.
    pub(crate) fn agent_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.agents.iter().find(|a| a.id == id).map_or(id, |a| a.display_name.as_str())
    }
}
