//! How much goes into one message: everything that this server sends is packed here, by bytes and never by count, so
//! that a client with the limit that gRPC comes with (4 MiB) can read whatever is inside the documented bounds. Knows
//! no service and no stream.

use opora_core::event::{Change, Edit, TicketEvent};
use opora_core::model::{ChecklistItem, Reporter, Ticket};
use std::sync::Arc;

/// The most bytes of a file.
pub(crate) const FILE: u64 = 100 * 1024 * 1024;

/// The most bytes of a message (docs/contract.md "Promises"): half of what stock clients take, since one part that is
/// larger than what is left can't be torn.
pub(crate) const MESSAGE_BYTES: usize = 2 * 1024 * 1024;
/// What is kept free for the fields beside the parts: a page token, ids, revisions, counts. The longest token that is
/// read has 512 bytes.
const BESIDE: usize = 2 * 1024;
/// The key of a field: all that hold parts have numbers below 2,048.
const KEY: usize = 2;

/// The room that is left in a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    left: usize,
    empty: bool,
}

impl Room {
    /// In a message that holds nothing yet.
    pub(crate) fn new() -> Self {
        Self { left: MESSAGE_BYTES - BESIDE, empty: true }
    }

    /// Beside what has to be in the message in any case.
    pub(crate) fn beside(bytes: usize) -> Self {
        Self { left: (MESSAGE_BYTES - BESIDE).saturating_sub(bytes), empty: false }
    }

    /// Takes a part of so many encoded bytes, if it fits. The first of a message always does: a part is never torn, and
    /// the bounds of what a caller can send keep it small enough.
    pub(crate) fn takes(&mut self, encoded: usize) -> bool {
        let bytes = as_field(encoded);
        let fits = bytes <= self.left || self.empty;
        if fits {
            self.left = self.left.saturating_sub(bytes);
            self.empty = false;
        }
        fits
    }

    /// How many of some parts go in, in their order.
    pub(crate) fn count(mut self, sizes: impl IntoIterator<Item = usize>) -> usize {
        sizes.into_iter().take_while(|size| self.takes(*size)).count()
    }
}

/// The bytes of a part with its field's key and length.
pub(crate) fn as_field(encoded: usize) -> usize {
    KEY + prost::length_delimiter_len(encoded) + encoded
}

/// Cuts parts into as many messages as they take; at least one.
pub(crate) fn messages<T>(parts: Vec<T>, size: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let (mut all, mut message, mut room) = (Vec::new(), Vec::new(), Room::new());
    for part in parts {
        let encoded = size(&part);
        if !room.takes(encoded) {
            all.push(std::mem::take(&mut message));
            room = Room::new();
            room.takes(encoded);
        }
        message.push(part);
    }
    all.push(message);
    all
}

/// About how many bytes a ticket takes, for those who gather tickets before they are encoded: what is gathered has to
/// be bounded as well.
pub(crate) fn of_ticket(ticket: &Ticket, with_description: bool) -> usize {
    let description = if with_description { ticket.description_len as usize } else { 0 };
    let reason = ticket.escalation.as_ref().map_or(0, |escalation| escalation.reason.len());
    let external = ticket.external_id.as_ref().map_or(0, |id| id.len());
    // What came with the tickets that were merged into it.
    let parts: usize = ticket.parts.iter().map(|part| 40 + 24 * part.links.len() + texts(&part.tags)).sum();
    600 + ticket.subject.len()
        + parts
        + texts(&ticket.tags)
        + texts(&ticket.workstations)
        + steps(&ticket.checklist)
        + reporter(&ticket.reporter)
        + 24 * ticket.links.len()
        + description
        + reason
        + external
}

/// How many tickets are to be read at once, going by those that were read before: together about as large as four
/// messages, so that reading ahead is neither a call for each nor a heap of them.
pub(crate) fn tickets_at_once(before: &[Arc<Ticket>], most: usize) -> usize {
    let bytes: usize = before.iter().map(|ticket| of_ticket(ticket, false)).sum();
    match bytes.checked_div(before.len()).filter(|each| *each > 0) {
        Some(each) => (4 * MESSAGE_BYTES / each).clamp(1, most.max(1)),
        None => most,
    }
}

/// About how many bytes an event takes, without the ticket's description.
pub(crate) fn of_event(event: &TicketEvent) -> usize {
    let own = match &event.change {
        Change::Commented(comment) => comment.body.len() + 300,
        Change::Updated { previous, .. } => of_edit(previous),
        _ => 200,
    };
    200 + of_ticket(&event.ticket, false) + event.reason.len() + own
}

fn of_edit(edit: &Edit) -> usize {
    200 + edit.subject.as_ref().map_or(0, |text| text.len())
        + edit.workstations.as_deref().map_or(0, texts)
        + edit.tags.as_deref().map_or(0, texts)
        + edit.checklist.as_deref().map_or(0, steps)
        + edit.reporter.as_ref().map_or(0, reporter)
}

fn texts(texts: &[Arc<str>]) -> usize {
    texts.iter().map(|text| text.len() + 4).sum()
}

fn steps(items: &[ChecklistItem]) -> usize {
    items.iter().map(|item| item.step.len() + item.note.len() + 12).sum()
}

fn reporter(reporter: &Reporter) -> usize {
    reporter.display_name.len() + reporter.email.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message as _;

    use super::*;

    proptest! {
        #[test]
        fn parts_are_cut_into_messages_in_order_none_lost_and_none_too_large(
            sizes in proptest::collection::vec(0_usize..900_000, 0..60),
        ) {
            let cut = messages(sizes.clone(), |size| *size);
            prop_assert_eq!(cut.concat(), sizes);
            for message in &cut {
                let bytes: usize = message.iter().map(|size| as_field(*size)).sum();
                prop_assert!(bytes + BESIDE <= MESSAGE_BYTES, "{}", bytes);
            }
            // No message could have taken the first part of the next one.
            for pair in cut.windows(2) {
                let more: usize = pair[0].iter().chain(pair[1].first()).map(|size| as_field(*size)).sum();
                prop_assert!(more + BESIDE > MESSAGE_BYTES, "{}", more);
            }
        }

        #[test]
        fn a_field_takes_at_most_what_is_reckoned(texts in proptest::collection::vec(".{0,300}", 0..40)) {
            let reckoned: usize = texts.iter().map(|text| as_field(text.len())).sum();
            let message = opora_proto::v1::Ticket { workstations: texts, ..Default::default() };
            prop_assert!(message.encoded_len() <= reckoned);
        }
    }

    #[test]
    fn a_part_that_is_larger_than_a_message_stands_alone() {
        let sizes = vec![10, MESSAGE_BYTES + 1, 10];
        assert_eq!(messages(sizes, |size| *size), [vec![10], vec![MESSAGE_BYTES + 1], vec![10]]);
        assert!(!Room::beside(MESSAGE_BYTES).takes(1));
        assert_eq!(messages(Vec::<usize>::new(), |size| *size), [Vec::<usize>::new()]);
        assert_eq!(Room::new().count([MESSAGE_BYTES, 1, 1]), 1);
    }
}
