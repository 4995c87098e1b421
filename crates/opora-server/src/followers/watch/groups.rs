//! The groups of watchers, found by what their filters ask for: a change is judged only for those that it can concern.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use opora_core::filter::Key;
use opora_core::model::Ticket;
use opora_store::Record;

use super::group::FilterGroup;
use crate::engine::log::Published;
use crate::scope::Scope;

/// All groups that somebody watches.
#[derive(Default)]
pub(super) struct Groups {
    /// By the filter's text, apart for those who may not see the same.
    by_text: HashMap<(Arc<str>, Scope), Weak<FilterGroup>>,
    places: Vec<Place>,
    /// Where in `places` the groups are that a key concerns.
    by_key: HashMap<Key, Vec<usize>>,
    /// The groups that any change may concern.
    any: Vec<usize>,
    /// How many commits were looked at.
    looks: u64,
}

struct Place {
    group: Weak<FilterGroup>,
    /// The look that found it last.
    found: u64,
}

impl Groups {
    /// The group of a filter, if somebody watches.
    pub(super) fn get(&self, text: &Arc<str>, scope: &Scope) -> Option<Arc<FilterGroup>> {
        self.by_text.get(&(text.clone(), scope.clone())).and_then(Weak::upgrade)
    }

    /// Adds a group.
    pub(super) fn add(&mut self, text: Arc<str>, group: &Arc<FilterGroup>) {
        let index = self.places.len();
        self.places.push(Place { group: Arc::downgrade(group), found: 0 });
        match group.filter.keys() {
            Some(keys) => keys.into_iter().for_each(|key| self.by_key.entry(key).or_default().push(index)),
            None => self.any.push(index),
        }
        self.by_text.insert((text, group.scope.clone()), Arc::downgrade(group));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// All that are watched.
    pub(super) fn all(&self) -> impl Iterator<Item = Arc<FilterGroup>> {
        self.places.iter().filter_map(|place| place.group.upgrade())
    }

    /// Forgets groups that nobody watches any more.
    pub(super) fn tidy(&mut self) {
        if self.by_text.values().all(|group| group.strong_count() > 0) && self.places.len() == self.by_text.len() {
            return;
        }
        let old = std::mem::take(self);
        for ((text, _), group) in old.by_text {
            if let Some(group) = group.upgrade() {
                self.add(text, &group);
            }
        }
    }

    /// The groups that a commit can concern, each once.
    pub(super) fn concerned(&mut self, published: &Published, before: &[Option<Arc<Ticket>>]) -> Vec<Arc<FilterGroup>> {
        self.looks += 1;
        let Self { places, by_key, any, looks, .. } = self;
        let mut found = Vec::new();
        let mut add = |indexes: &[usize]| {
            for index in indexes {
                let Some(place) = places.get_mut(*index) else { continue };
                if std::mem::replace(&mut place.found, *looks) != *looks {
                    found.extend(place.group.upgrade());
                }
            }
        };
        add(any);
        if by_key.is_empty() {
            return found;
        }
        for (index, record) in published.commit.records.iter().enumerate() {
            let Record::Ticket(event) = record else { continue };
            let before = before.get(index).and_then(Option::as_ref);
            for key in [Some(&event.ticket), before].into_iter().flatten().flat_map(|ticket| Key::of(ticket)) {
                if let Some(indexes) = by_key.get(&key) {
                    add(indexes);
                }
            }
        }
        found
    }
}
