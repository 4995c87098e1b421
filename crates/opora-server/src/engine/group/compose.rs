//! What belongs together as one commit: each part is a command of its own, decided on what those before it left; if one
//! is refused, none of them was.

use opora_core::command::Change;
use opora_core::decide::Refusal;
use opora_core::event::{Change as Happened, Edit};
use opora_core::model::{Attachment, TicketNumber};
use opora_core::time::Timestamp;
use opora_store::{Index, Record};

use super::{Draft, Group};
use crate::engine::{Answer, Compose, Opening, Refused, Submission, TicketRef};

/// Where the opening went.
struct Place {
    /// The ticket that it stands on.
    ticket: TicketNumber,
    /// The merged one that it was written to.
    from: Option<TicketNumber>,
}

impl Group<'_> {
    pub(super) fn compose(
        &mut self,
        compose: &Compose,
        submission: &Submission,
        draft: &mut Draft,
    ) -> Result<Answer, Refused> {
        let next_number = self.next_number;
        let composed = self.all(compose, submission, draft);
        if composed.is_err() {
            self.take_back(std::mem::take(draft), next_number);
        }
        composed
    }

    fn all(&mut self, compose: &Compose, submission: &Submission, draft: &mut Draft) -> Result<Answer, Refused> {
        let place = self.open(&compose.opening, submission, draft)?;
        // A merged ticket lets messages and files through; what else is asked of it is asked of itself, and refused.
        let own = place.from.unwrap_or(place.ticket);
        if let Some(tags) = &compose.tags {
            let change = Change::Update(Box::new(Edit { tags: Some(tags.clone()), ..Edit::default() }));
            self.part_of(own, &change, submission, submission.import_time, draft)?;
        }
        for (target, kind) in &compose.links {
            let change = Change::Link { target: *target, kind: *kind };
            self.part_of(own, &change, submission, submission.import_time, draft)?;
        }
        // Last, since files have the time of their commit also where the rest is of the past (docs/contract.md
        // "Requests", `import_time`).
        for file in &compose.files {
            let change = Change::Attach(Attachment { from: place.from, ..file.clone() });
            self.part_of(place.ticket, &change, submission, None, draft)?;
        }
        let ticket = self.look_up(place.ticket)?.ok_or(Refusal::NoTicket(place.ticket))?;
        Ok(Answer::Ticket(ticket, None))
    }

    /// The new ticket, or the message, and where it went.
    fn open(&mut self, opening: &Opening, submission: &Submission, draft: &mut Draft) -> Result<Place, Refused> {
        match opening {
            Opening::Ticket(new) => match self.create(new, submission, draft)? {
                Answer::Ticket(ticket, _) => Ok(Place { ticket: ticket.number, from: None }),
                _ => Err(Refusal::NoChange.into()),
            },
            Opening::Message { ticket, etag, body, visibility, author, seen_through } => {
                let (body, author) = (body.clone(), author.clone());
                let change = Change::Comment { body, visibility: *visibility, author, seen_through: *seen_through };
                self.change(*ticket, etag.as_deref(), &change, submission, draft)?;
                let written = draft.records.iter().find_map(|record| match record {
                    Record::Ticket(event) => match &event.change {
                        Happened::Commented(comment) => Some((event.ticket.number, comment.from)),
                        _ => None,
                    },
                    _ => None,
                });
                let (ticket, from) = written.ok_or(Refusal::NoChange)?;
                Ok(Place { ticket, from })
            }
        }
    }

    fn part_of(
        &mut self,
        ticket: TicketNumber,
        change: &Change,
        submission: &Submission,
        import_time: Option<Timestamp>,
        draft: &mut Draft,
    ) -> Result<(), Refused> {
        let ticket = self.find(TicketRef::Number(ticket))?;
        let events = self.change_one(&ticket, None, change, &submission.actor, import_time)?;
        self.take(events, draft);
        Ok(())
    }

    /// Leaves the group as it was before a draft.
    fn take_back(&mut self, draft: Draft, next_number: TicketNumber) {
        self.next_number = next_number;
        let mut brought_key = false;
        for (record, before) in draft.records.iter().zip(draft.before).rev() {
            let Record::Ticket(event) = record else { continue };
            let number = event.ticket.number;
            match before {
                Some(before) => drop(self.tickets.insert(number, before)),
                None => drop(self.tickets.remove(&number)),
            }
            brought_key |= Index::of(event).next().is_some();
        }
        if brought_key {
            // What the draft took over from a commit of the group is that one's again.
            let events = self.commits.iter().flat_map(|commit| &commit.records).filter_map(|record| match record {
                Record::Ticket(event) => Some(event),
                _ => None,
            });
            let brought = |event| Index::of(event).map(|(index, key)| ((index, key.clone()), event.ticket.number));
            self.keys = events.flat_map(brought).collect();
        }
    }
}
