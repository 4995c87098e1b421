//! Who else has which ticket open, and where this console says that it is. Knows neither network nor widget.

use std::collections::HashMap;

use opora_proto::v1::PresenceActivity as Activity;
use ratatui::style::Style;

use crate::model::Model;
use crate::text::{clean_line, width};

/// How long a place must stay the same before it is told: who walks through the queue opens nothing.
pub(crate) const SETTLED: i64 = 250;

/// A colleague's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Here {
    pub(crate) session: String,
    /// The agent's id, `ivan`.
    pub(crate) who: String,
    /// The ticket that it has open.
    pub(crate) number: Option<u64>,
    pub(crate) activity: Activity,
}

/// What the stream of presence tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Everybody who is there.
    Everybody(Vec<Here>),
    /// Who is there or has moved, and the sessions that have gone.
    Moved(Vec<Here>, Vec<String>),
    /// Nothing is known: there is no stream.
    Nothing,
}

/// Where this console is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) number: Option<u64>,
    pub(crate) activity: Activity,
}

/// Presence in the model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Presences {
    others: HashMap<String, Here>,
    /// The place that was told last.
    told: Place,
    /// A place that differs, and since when.
    waits: Option<(Place, i64)>,
}

impl Presences {
    /// Applies what the stream tells; true where something is otherwise than before.
    pub(crate) fn apply(&mut self, told: Told) -> bool {
        let before = self.others.clone();
        match told {
            Told::Everybody(all) => self.others = all.into_iter().map(|here| (here.session.clone(), here)).collect(),
            Told::Moved(here, gone) => {
                for session in gone {
                    self.others.remove(&session);
                }
                self.others.extend(here.into_iter().map(|here| (here.session.clone(), here)));
            }
            Told::Nothing => self.others.clear(),
        }
        before != self.others
    }

    /// Who is at a ticket, each agent once and whoever writes first.
    pub(crate) fn at(&self, number: u64) -> Vec<&Here> {
        if self.others.is_empty() {
            return Vec::new();
        }
        let mut here: Vec<&Here> = self.others.values().filter(|here| here.number == Some(number)).collect();
        here.sort_by_key(|here| (here.who.as_str(), std::cmp::Reverse(weight(here.activity)), here.session.as_str()));
        here.dedup_by_key(|here| here.who.as_str());
        here.sort_by_key(|here| std::cmp::Reverse(weight(here.activity)));
        here
    }

    /// This console is at `place` now. Gives it back where it is to be told: it differs and has stayed.
    pub(crate) fn settle(&mut self, place: Place, now: i64) -> Option<Place> {
        if place == self.told {
            self.waits = None;
            return None;
        }
        match self.waits {
            Some((waits, since)) if waits == place && now >= since + SETTLED => {
                (self.told, self.waits) = (place, None);
                Some(place)
            }
            Some((waits, _)) if waits == place => None,
            _ => {
                self.waits = Some((place, now));
                None
            }
        }
    }

    /// When the place that waits is to be told.
    pub(crate) fn due(&self) -> Option<i64> {
        self.waits.map(|(_, since)| since + SETTLED)
    }
}

fn weight(activity: Activity) -> u8 {
    match activity {
        Activity::WritingPublic => 2,
        Activity::WritingInternal => 1,
        Activity::Viewing | Activity::Unspecified => 0,
    }
}

/// The glyph and the key of the words of what somebody does.
fn words(activity: Activity) -> (&'static str, &'static str) {
    match activity {
        Activity::WritingPublic => ("✎", "presence-writing-public"),
        Activity::WritingInternal => ("✎", "presence-writing-internal"),
        Activity::Viewing | Activity::Unspecified => ("◉", "presence-viewing"),
    }
}

/// `✎ Иван пишет клиенту`, and its colour.
pub(crate) fn told_as(model: &Model, here: &Here) -> (String, Style) {
    let (glyph, key) = words(here.activity);
    let who = clean_line(model.agent_name(&here.who));
    let style = match here.activity {
        Activity::WritingPublic => model.theme.warning(),
        Activity::WritingInternal => model.theme.internal(),
        Activity::Viewing | Activity::Unspecified => model.theme.customer(),
    };
    (format!("{glyph} {}", model.texts.with(key, &[("who", (&who).into())])), style)
}

/// For a row: the one who does most, and how many more there are. Where the words have no room the glyph tells what is
/// done, and the name stands beside it.
pub(crate) fn of_row(model: &Model, number: u64, columns: usize) -> Option<(String, Style)> {
    let here = model.presences.at(number);
    let first = here.first()?;
    let (text, style) = told_as(model, first);
    let more = if here.len() > 1 { format!(" +{}", here.len() - 1) } else { String::new() };
    let whole = format!("{text}{more}");
    if width(&whole) <= columns {
        return Some((whole, style));
    }
    let glyph = text.split(' ').next().unwrap_or_default();
    let name = clean_line(model.agent_name(&first.who));
    Some((format!("{glyph} {name}{more}"), style))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here(session: &str, who: &str, number: u64, activity: Activity) -> Here {
        Here { session: session.into(), who: who.into(), number: Some(number), activity }
    }

    fn names(presences: &Presences, number: u64) -> Vec<&str> {
        presences.at(number).into_iter().map(|here| here.who.as_str()).collect()
    }

    #[test]
    fn whoever_writes_comes_first_and_each_agent_once() {
        let mut all = Presences::default();
        assert!(all.apply(Told::Everybody(vec![
            here("1", "ivan", 7, Activity::Viewing),
            here("2", "maria", 7, Activity::WritingPublic),
            here("3", "ivan", 7, Activity::WritingInternal),
            here("4", "petr", 8, Activity::Viewing),
        ])));
        assert_eq!(names(&all, 7), ["maria", "ivan"]);
        assert_eq!(all.at(7).last().map(|here| here.activity), Some(Activity::WritingInternal));
        assert!(all.apply(Told::Moved(vec![here("4", "petr", 7, Activity::Viewing)], vec!["2".into()])));
        assert_eq!(names(&all, 7), ["ivan", "petr"]);
        assert!(!all.apply(Told::Moved(vec![], vec!["2".into()])), "nothing is otherwise");
        assert!(all.apply(Told::Nothing));
        assert!(names(&all, 7).is_empty());
    }

    #[test]
    fn a_place_is_told_once_and_only_when_it_has_stayed() {
        let mut all = Presences::default();
        let at = |number| Place { number: Some(number), activity: Activity::Viewing };
        assert_eq!(all.settle(at(1), 0), None);
        assert_eq!(all.settle(at(2), 200), None, "passed by");
        assert_eq!(all.settle(at(2), 400), None);
        assert_eq!(all.due(), Some(450));
        assert_eq!(all.settle(at(2), 450), Some(at(2)));
        assert_eq!(all.settle(at(2), 900), None, "told already");
        assert_eq!(all.settle(at(3), 1_000), None);
        assert_eq!(all.settle(at(2), 1_100), None, "came back");
        assert_eq!(all.due(), None);
    }
}
