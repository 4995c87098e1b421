//! What a ticket shows of those that were merged into it (docs/domain.md §6 "Merged").
//!
//! A merged ticket keeps all that is its own and takes nothing new, so that what it brought can be written down at its
//! target: once for each ticket, also where one was merged into another before. Unmerging strikes it out again.

use std::sync::Arc;

use super::{Attachment, LastMessage, Link, LinkKind, LogKind, NearestLog, Revision, Ticket, TicketNumber};
use crate::time::Timestamp;

/// The most tickets that can be merged into one, those that were merged into these included. Each event of the ticket
/// keeps what all of them brought, and its messages are read from as many histories.
pub const MAX_PARTS: usize = 100;

/// The most bytes that the parts of a ticket take together, as [`Part::bytes`] reckons them. A ticket is never torn, so
/// that the largest one has to go into a message of 2 MiB, and so has the answer to a merge, which holds two.
///
/// With characters of four bytes each, 1 KiB = 1,024 bytes: description 256 KiB, 200 workstations of 200 characters 158,
/// 2,000 ties 67, 50 tags of 64 characters 13, reason of the escalation 8, the customary checklist 10, the other texts 6,
/// clocks and the rest 2: 520 KiB. With its parts that is 776, and twice 1,552 for the answer to a merge. The largest event
/// has, beside the ticket, a comment of 256 KiB, or 181 of what was there before an edit, and a reason of 8: 1,040.
pub const MAX_PARTS_BYTES: usize = 256 * 1024;

/// What a part takes in any case: its name with twenty digits, the two counts, and what stands before them.
const PART_BYTES: usize = 64;
/// What a tie takes at most: a name with twenty digits, and the kind.
const LINK_BYTES: usize = 34;
/// What a log takes.
const LOG_BYTES: usize = 24;

/// A ticket that was merged into another, with what is its own and shown there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which.
    pub ticket: TicketNumber,
    /// Under which revision it came.
    pub since: Revision,
    /// Its tags, sorted. They don't count against the bound of the target's own.
    pub tags: Vec<Arc<str>>,
    /// Its ties.
    pub links: Vec<Link>,
    /// Its logs that are the nearest of their kind to its problem.
    pub logs: Vec<NearestLog>,
    /// How many comments stand on it.
    pub comments: u32,
    /// How many files it has.
    pub attachments: u32,
    /// The newest public message on it.
    pub last_public_message: Option<LastMessage>,
}

impl Part {
    /// The most bytes that it takes in a message.
    pub fn bytes(&self) -> usize {
        let tags: usize = self.tags.iter().map(|tag| tag.len() + 3).sum();
        PART_BYTES + tags + LINK_BYTES * self.links.len() + LOG_BYTES * self.logs.len()
    }
}

impl Ticket {
    /// How many comments stand on it and on none that was merged into it.
    pub fn own_comments(&self) -> u32 {
        let brought = self.parts.iter().map(|part| part.comments).fold(0, u32::saturating_add);
        self.comment_count.saturating_sub(brought)
    }

    /// How many files are its own.
    pub fn own_attachments(&self) -> u32 {
        let brought = self.parts.iter().map(|part| part.attachments).fold(0, u32::saturating_add);
        self.attachment_count.saturating_sub(brought)
    }

    /// Its tags, then those that others brought.
    pub fn shown_tags(&self) -> impl Iterator<Item = &Arc<str>> {
        self.tags.iter().chain(self.parts.iter().flat_map(|part| &part.tags))
    }

    /// The incidents that it, or one that was merged into it, is a child of.
    pub fn shown_incidents(&self) -> impl Iterator<Item = TicketNumber> {
        let brought = self.parts.iter().flat_map(|part| &part.links);
        let brought = brought.filter(|link| link.kind == LinkKind::ChildOfIncident).map(|link| link.ticket);
        self.incident.into_iter().chain(brought)
    }

    /// Whether a log of this kind is there.
    pub fn has_log(&self, kind: LogKind) -> bool {
        self.shown_logs().any(|log| log.kind == kind)
    }

    /// Whether a file is the log of its kind that is nearest to the problem of this ticket (docs/domain.md §5).
    pub fn is_nearest(&self, file: &Attachment, attachment: Revision) -> bool {
        let problem = self.occur_time.unwrap_or(self.create_time);
        let time = |log: &&NearestLog| -> Option<Timestamp> { log.at };
        let nearest = super::nearest::nearest(self.shown_logs().filter(|log| log.kind == file.log_kind), time, problem);
        // One revision may have brought several of a kind.
        nearest.is_some_and(|log| log.attachment == attachment && log.at == file.log_time())
    }

    fn shown_logs(&self) -> impl Iterator<Item = &NearestLog> {
        self.logs.iter().chain(self.parts.iter().flat_map(|part| &part.logs))
    }

    /// The newest public message that it shows, and where it stands.
    pub fn newest_public_message(&self) -> Option<(TicketNumber, &LastMessage)> {
        let own = self.last_public_message.iter().map(|message| (self.number, message));
        let brought = self.parts.iter();
        let brought = brought.filter_map(|part| Some((part.ticket, part.last_public_message.as_ref()?)));
        own.chain(brought).max_by_key(|(_, message)| message.revision)
    }

    /// What it brings to the ticket that it is merged into at a revision: itself, and what was merged into it.
    pub fn brought(&self, since: Revision) -> Vec<Part> {
        let own = Part {
            ticket: self.number,
            since,
            tags: self.tags.clone(),
            links: self.links.clone(),
            logs: self.logs.clone(),
            comments: self.own_comments(),
            attachments: self.own_attachments(),
            last_public_message: self.last_public_message.clone(),
        };
        let others = self.parts.iter().map(|part| Part { since, ..part.clone() });
        std::iter::once(own).chain(others).collect()
    }

    /// Shows what was brought.
    pub(crate) fn take_in(&mut self, brought: Vec<Part>) {
        for part in brought {
            self.comment_count = self.comment_count.saturating_add(part.comments);
            self.attachment_count = self.attachment_count.saturating_add(part.attachments);
            let place = self.parts.partition_point(|other| other.ticket < part.ticket);
            self.parts.insert(place, part);
        }
    }

    /// Shows what these tickets brought no more; `false`: it never did.
    pub(crate) fn give_back(&mut self, tickets: &[TicketNumber]) -> bool {
        let (gone, stay): (Vec<Part>, Vec<Part>) =
            std::mem::take(&mut self.parts).into_iter().partition(|part| tickets.contains(&part.ticket));
        self.parts = stay;
        for part in &gone {
            self.comment_count = self.comment_count.saturating_sub(part.comments);
            self.attachment_count = self.attachment_count.saturating_sub(part.attachments);
        }
        !gone.is_empty()
    }
}
