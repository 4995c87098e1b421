//! The tags of many tickets: some added to each, or taken from each. What each has is asked for when the dialog opens;
//! those that end up with the same tags go as one change, on the very state that is shown.

use std::collections::BTreeMap;

use opora_proto::v1::TicketState;

use super::bulk::Bulk;
use super::effected::Effected;
use super::tags;
use crate::change::{BATCH, Fields};
use crate::model::Model;
use crate::msg::{Call, Effect, Happened, Tagged, Trouble, What};
use crate::selection::Picked;

/// The most tickets whose tags are changed at once: those of one batch.
pub(crate) const MOST: usize = BATCH;
/// How many of the tags that there are are named.
const NAMED: usize = 12;

/// What is known of the tickets' tags.
#[derive(Clone, Debug, Default)]
pub(crate) enum Tags {
    /// The change is of something else.
    #[default]
    None,
    /// They are being asked for, under this generation.
    Waiting(u64),
    Here(BTreeMap<u64, Tagged>),
    Failed,
}

impl Tags {
    /// Asks for the tags of these tickets.
    pub(super) fn ask(model: &mut Model, picked: &[Picked], effects: &mut Vec<Effect>) -> Self {
        let generation = model.next_generation();
        let numbers = picked.iter().map(Picked::number).collect();
        effects.push(Effect::Call(Call::Tags { numbers, generation }));
        Self::Waiting(generation)
    }

    /// An answer. One to another dialog is dropped.
    pub(crate) fn answer(&mut self, generation: u64, result: Result<Vec<Tagged>, Trouble>) {
        if matches!(self, Self::Waiting(g) if *g == generation) {
            *self =
                result.map_or(Self::Failed, |all| Self::Here(all.into_iter().map(|one| (one.number, one)).collect()));
        }
    }

    /// An event on a ticket whose tags are here: they are what it has now.
    pub(crate) fn happened(&mut self, happened: &Happened) {
        let Self::Here(all) = self else { return };
        if let Some(one) = all.get_mut(&happened.row.number) {
            one.etag.clone_from(&happened.ticket.etag);
            one.tags.clone_from(&happened.ticket.tags);
        }
    }

    /// The tags that the tickets have, the most frequent first, with how many have each.
    pub(super) fn counted(&self) -> Vec<(String, usize)> {
        let Self::Here(all) = self else { return Vec::new() };
        let mut counts: BTreeMap<String, (&str, usize)> = BTreeMap::new();
        for tag in all.values().flat_map(|one| &one.tags) {
            counts.entry(opora_fold::name(tag)).or_insert((tag, 0)).1 += 1;
        }
        let mut counts: Vec<_> = counts.into_values().map(|(tag, count)| (tag.to_owned(), count)).collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts.truncate(NAMED);
        counts
    }

    /// The key of what stands in the way.
    pub(super) fn fault(&self) -> Option<&'static str> {
        match self {
            Self::Waiting(_) => Some("bulk-tags-waiting"),
            Self::Failed => Some("bulk-tags-failed"),
            Self::None | Self::Here(_) => None,
        }
    }
}

/// What a ticket has after some were added or taken away, in the desk's order. A tag that it has in another spelling is
/// the same tag: adding it changes nothing.
fn after(have: &[String], typed: &[String], adding: bool) -> Vec<String> {
    let is_typed = |tag: &str| typed.iter().any(|one| opora_fold::same_name(one, tag));
    let mut tags: Vec<String> = have.iter().filter(|tag| adding || !is_typed(tag)).cloned().collect();
    if adding {
        tags = opora_fold::distinct(tags.into_iter().chain(typed.iter().cloned()));
        if tags.len() > have.len() {
            tags.sort_by_cached_key(|tag| opora_fold::name(tag));
        }
    }
    tags
}

impl Bulk {
    /// The first choice adds, the second takes away.
    fn is_adding(&self) -> bool {
        self.chosen == 0
    }

    fn tags_of(&self, number: u64) -> Option<(&Tagged, Vec<String>)> {
        let Tags::Here(all) = &self.tags else { return None };
        let one = all.get(&number)?;
        let known: Vec<String> = all.values().flat_map(|one| one.tags.iter().cloned()).collect();
        Some((one, after(&one.tags, &tags::read(self.reason.value(), &known), self.is_adding())))
    }

    /// What it means for a ticket; none that is not known any more.
    pub(super) fn retagged(&self, model: &Model, number: u64) -> Option<Effected> {
        let row = model.queue.row(number)?;
        let (one, after) = self.tags_of(number)?;
        let words = |tags: &[String]| if tags.is_empty() { "—".to_owned() } else { tags::line(tags) };
        Some(Effected {
            number,
            subject: row.subject(),
            before: words(&one.tags),
            after: words(&after),
            same: one.tags == after,
            doubtful: matches!(row.state, TicketState::Closed | TicketState::Merged),
            left: None,
            meanwhile: Vec::new(),
            preview: None,
        })
    }

    /// The changes to be sent: one for all that end up with the same tags.
    pub(super) fn retagging(&self, picked: &[Picked]) -> Vec<(Vec<Picked>, What)> {
        let mut by_tags: BTreeMap<Vec<String>, Vec<Picked>> = BTreeMap::new();
        for picked in picked {
            if let Some((one, after)) = self.tags_of(picked.number()) {
                by_tags.entry(after).or_default().push(picked.under(&one.etag));
            }
        }
        let what = |tags: Vec<String>| What::Update(Box::new(Fields { tags: Some(tags), ..Fields::default() }));
        by_tags.into_iter().map(|(tags, picked)| (picked, what(tags))).collect()
    }
}
