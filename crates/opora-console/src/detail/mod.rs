//! The tickets that were opened: conversation, history, facts; a few are kept. Knows no widget.

pub(crate) mod facts;
pub(crate) mod history;
pub(crate) mod view;

use opora_proto::v1::{self, ticket_event::Change};

use crate::msg::{Happened, Loaded, Older, Part, Trouble};

/// How many opened tickets are kept.
const KEPT: usize = 64;

/// What the pane shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    /// What people wrote to each other.
    #[default]
    Conversation,
    /// All that happened.
    History,
    /// What is known of it and what is missing, and the steps that were tried.
    Facts,
    /// The logs and other files.
    Files,
}

impl Tab {
    /// The one after it, around.
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Conversation => Self::History,
            Self::History => Self::Facts,
            Self::Facts => Self::Files,
            Self::Files => Self::Conversation,
        }
    }

    /// How far up from the end it is shown at first: what grows at its end, at the end.
    pub(crate) fn start(self) -> usize {
        if matches!(self, Self::Conversation | Self::History) { 0 } else { usize::MAX }
    }
}

/// One opened ticket.
#[derive(Clone, Debug)]
pub(crate) enum Detail {
    /// Asked for, under this number.
    Loading(u64),
    /// Here.
    Ready(Box<Loaded>),
    /// Not to be had.
    Failed(Trouble),
}

/// The opened tickets, the one used last at the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    kept: Vec<(u64, Detail)>,
    pub(crate) tab: Tab,
    /// Lines scrolled up from the end.
    pub(crate) scroll: usize,
    shown: Option<u64>,
}

impl Details {
    pub(crate) fn get(&self, number: u64) -> Option<&Detail> {
        self.kept.iter().find(|(n, _)| *n == number).map(|(_, detail)| detail)
    }

    pub(crate) fn ready(&self, number: u64) -> Option<&Loaded> {
        match self.get(number)? {
            Detail::Ready(loaded) => Some(loaded),
            _ => None,
        }
    }

    /// The pane shows this ticket; true where it has to be loaded.
    pub(crate) fn show(&mut self, number: u64) -> bool {
        if self.shown != Some(number) {
            self.shown = Some(number);
            self.scroll = self.tab.start();
        }
        match self.kept.iter().position(|(n, _)| *n == number) {
            Some(at) => {
                let kept = self.kept.remove(at);
                self.kept.push(kept);
                false
            }
            None => true,
        }
    }

    /// It is being loaded, under this generation.
    pub(crate) fn loading(&mut self, number: u64, generation: u64) {
        self.kept.retain(|(n, _)| *n != number);
        if self.kept.len() == KEPT {
            self.kept.remove(0);
        }
        self.kept.push((number, Detail::Loading(generation)));
    }

    /// An answer. One to an older request is dropped.
    pub(crate) fn answer(&mut self, number: u64, generation: u64, result: Result<Box<Loaded>, Trouble>) {
        let Some((_, kept)) = self.kept.iter_mut().find(|(n, _)| *n == number) else { return };
        if !matches!(kept, Detail::Loading(g) if *g == generation) {
            return;
        }
        *kept = match result {
            Ok(loaded) => Detail::Ready(loaded),
            Err(trouble) => Detail::Failed(trouble),
        };
    }

    /// Where the older ones of what the pane shows begin, unless they are all here or asked for already.
    pub(crate) fn older(&self, number: u64) -> Option<(Part, String)> {
        let loaded = self.ready(number).filter(|loaded| loaded.asking.is_none())?;
        let (part, token) = match self.tab {
            Tab::Conversation => (Part::Comments, &loaded.more_comments),
            Tab::History => (Part::Events, &loaded.more_events),
            Tab::Facts | Tab::Files => return None,
        };
        (!token.is_empty()).then(|| (part, token.clone()))
    }

    fn ready_mut(&mut self, number: u64) -> Option<&mut Loaded> {
        match self.kept.iter_mut().find(|(n, _)| *n == number)? {
            (_, Detail::Ready(loaded)) => Some(loaded),
            _ => None,
        }
    }

    /// Older ones are asked for, under this generation.
    pub(crate) fn asking(&mut self, number: u64, generation: u64) {
        if let Some(loaded) = self.ready_mut(number) {
            loaded.asking = Some(generation);
        }
    }

    /// Older messages or events. Those of an older request are dropped.
    ///
    /// # Errors
    /// Why they are not to be had; they can be asked for again.
    pub(crate) fn answer_older(
        &mut self,
        number: u64,
        generation: u64,
        result: Result<Box<Older>, Trouble>,
    ) -> Result<(), Trouble> {
        let Some(loaded) = self.ready_mut(number).filter(|loaded| loaded.asking == Some(generation)) else {
            return Ok(());
        };
        loaded.asking = None;
        match result.map(|older| *older) {
            Ok(Older::Comments(comments, next)) => {
                loaded.comments.splice(0..0, comments);
                loaded.more_comments = next;
            }
            Ok(Older::Events(events, next)) => {
                loaded.events.splice(0..0, events);
                loaded.more_events = next;
            }
            Err(trouble) => {
                // Not again by itself: when the person scrolls up again.
                self.scroll = 0;
                return Err(trouble);
            }
        }
        Ok(())
    }

    /// Takes a ticket out, to be loaded again.
    pub(crate) fn forget(&mut self, number: u64) {
        self.kept.retain(|(n, _)| *n != number);
    }

    /// Everything is to be loaded again: the store is another one, or events were missed.
    pub(crate) fn forget_all(&mut self) {
        self.kept.clear();
    }

    /// What failed is to be tried again: the server is back.
    pub(crate) fn forget_failed(&mut self) {
        self.kept.retain(|(_, detail)| matches!(detail, Detail::Ready(_)));
    }

    /// An event on a ticket that may be open.
    pub(crate) fn happened(&mut self, happened: &Happened) {
        let number = happened.row.number;
        let Some((_, kept)) = self.kept.iter_mut().find(|(n, _)| *n == number) else { return };
        let Detail::Ready(loaded) = kept else {
            // What is on its way may be older than this event: asked for again.
            self.forget(number);
            return;
        };
        if happened.event.revision <= loaded.revision {
            return;
        }
        if let Some(Change::Commented(v1::CommentAdded { comment: Some(comment) })) = &happened.event.change {
            loaded.comments.push(comment.clone());
        }
        if let Some(Change::Attached(v1::AttachmentAdded { attachment: Some(attachment) })) = &happened.event.change {
            loaded.attachments.push(attachment.clone());
        }
        loaded.events.push(happened.event.clone());
        let description = std::mem::take(&mut loaded.ticket.description);
        loaded.ticket = (*happened.ticket).clone();
        loaded.ticket.description = description;
        let reads_again = match &happened.event.change {
            Some(Change::Updated(update)) => update
                .update_mask
                .as_ref()
                .is_some_and(|mask| mask.paths.iter().any(|p| p == "description" || p == "organisation")),
            // Messages and files came or went that no event brings.
            Some(Change::Merged(_) | Change::Unmerged(_)) => true,
            _ => false,
        };
        if reads_again {
            self.forget(number);
        }
    }
}
