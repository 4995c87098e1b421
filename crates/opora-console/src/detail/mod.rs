//! The tickets that were opened: conversation, history, facts; a few are kept. Knows no widget.

pub(crate) mod history;
pub(crate) mod view;

use opora_proto::v1::{self, ticket_event::Change};

use crate::msg::{Happened, Loaded, Trouble};

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
            self.scroll = 0;
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
        loaded.events.push(happened.event.clone());
        let description = std::mem::take(&mut loaded.ticket.description);
        loaded.ticket = (*happened.ticket).clone();
        loaded.ticket.description = description;
        if let Some(Change::Updated(update)) = &happened.event.change
            && update.update_mask.as_ref().is_some_and(|mask| mask.paths.iter().any(|p| p == "description"))
        {
            self.forget(number);
        }
    }
}
