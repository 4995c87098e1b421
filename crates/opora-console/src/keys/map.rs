//! The key map in force: the registry's keys with those of the configuration over them, place by place. Knows no screen.

use super::Chord;
use super::names::Strokes;
use crate::actions::{Action, Place, REGISTRY};

/// What a key comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Action(Action),
    /// The first of two keys.
    Begun(Chord),
    Nothing,
}

/// Keys of an action, everywhere or in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// `None`: wherever the place has nothing of its own.
    pub(crate) place: Option<Place>,
    pub(crate) action: Action,
    /// Instead of those that it had. Empty: none.
    pub(crate) keys: Vec<Strokes>,
}

/// The same keys for two actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clash {
    pub(crate) place: Option<Place>,
    pub(crate) keys: Strokes,
    pub(crate) action: Action,
    pub(crate) other: Action,
}

/// The key map in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyMap {
    /// Everywhere, as it was set: what is told when it is printed.
    general: Vec<(Strokes, Action)>,
    /// In one place, as it was set.
    special: Vec<Setting>,
    /// For each place, what holds there.
    places: Vec<Vec<(Strokes, Action)>>,
}

impl Default for KeyMap {
    fn default() -> Self {
        // The registry's own keys do not clash: a test looks.
        Self::made(general(&[]), Vec::new())
    }
}

impl KeyMap {
    /// The registry's keys with these settings over them.
    ///
    /// # Errors
    /// Every pair of actions that would have the same keys in the same place.
    pub(crate) fn with(settings: Vec<Setting>) -> Result<Self, Vec<Clash>> {
        let general = general(&settings);
        let special: Vec<Setting> = settings.into_iter().filter(|setting| setting.place.is_some()).collect();
        let mut found = clashes(None, &general);
        for place in Place::ALL {
            found.extend(clashes(Some(place), &of_place(&special, place)));
        }
        if found.is_empty() { Ok(Self::made(general, special)) } else { Err(found) }
    }

    /// What is set in a place has precedence there: keys that it uses are taken from what is set everywhere.
    fn made(general: Vec<(Strokes, Action)>, special: Vec<Setting>) -> Self {
        let in_place = |place: Place| {
            let mut keys = of_place(&special, place);
            let set = |action: Action| special.iter().any(|s| s.place == Some(place) && s.action == action);
            let free = |strokes: Strokes| keys.iter().all(|(used, _)| !used.clash(strokes));
            let rest: Vec<_> = general.iter().filter(|(keys, action)| !set(*action) && free(*keys)).copied().collect();
            keys.extend(rest);
            keys
        };
        let places = Place::ALL.into_iter().map(in_place).collect();
        Self { general, special, places }
    }

    /// What holds in a place.
    pub(crate) fn of(&self, place: Place) -> &[(Strokes, Action)] {
        self.places.get(place as usize).map_or(&[], Vec::as_slice)
    }

    /// What a key means in a place, after the first of two or alone; a key that is bound to nothing may stand for
    /// another one.
    pub(crate) fn find(&self, place: Place, first: Option<Chord>, chord: Chord) -> Found {
        let found = self.bound(place, first, chord);
        match (found, chord.stand_in()) {
            (Found::Nothing, Some(other)) => self.bound(place, first, other),
            _ => found,
        }
    }

    fn bound(&self, place: Place, first: Option<Chord>, chord: Chord) -> Found {
        let keys = self.of(place);
        let wanted = first.map_or(Strokes::one(chord), |first| Strokes::two(first, chord));
        if let Some((_, action)) = keys.iter().find(|(keys, _)| *keys == wanted) {
            return Found::Action(*action);
        }
        let begins = first.is_none() && keys.iter().any(|(keys, _)| keys.first == chord && keys.then.is_some());
        if begins { Found::Begun(chord) } else { Found::Nothing }
    }

    /// What may follow the first of two keys, in the order of the registry.
    pub(crate) fn next(&self, place: Place, first: Chord) -> Vec<(Chord, Action)> {
        let keys = self.of(place).iter().filter(|(keys, _)| keys.first == first);
        let mut next: Vec<_> = keys.filter_map(|(keys, action)| Some((keys.then?, *action))).collect();
        next.sort_by_key(|(_, action)| *action as usize);
        next
    }

    /// The keys of an action in a place.
    pub(crate) fn keys_of(&self, place: Place, action: Action) -> impl Iterator<Item = Strokes> + '_ {
        self.of(place).iter().filter(move |(_, bound)| *bound == action).map(|(keys, _)| *keys)
    }

    /// The keys of an action wherever nothing else is set.
    pub(crate) fn general_keys(&self, action: Action) -> impl Iterator<Item = Strokes> + '_ {
        self.general.iter().filter(move |(_, bound)| *bound == action).map(|(keys, _)| *keys)
    }

    /// What is set in single places.
    pub(crate) fn special(&self) -> &[Setting] {
        &self.special
    }
}

fn general(settings: &[Setting]) -> Vec<(Strokes, Action)> {
    let mut keys = Vec::new();
    for spec in REGISTRY {
        let set = settings.iter().find(|setting| setting.place.is_none() && setting.action == spec.action);
        let of_action = set.map_or(spec.keys, |setting| setting.keys.as_slice());
        keys.extend(of_action.iter().map(|strokes| (*strokes, spec.action)));
    }
    keys
}

fn of_place(special: &[Setting], place: Place) -> Vec<(Strokes, Action)> {
    let here = special.iter().filter(|setting| setting.place == Some(place));
    here.flat_map(|setting| setting.keys.iter().map(|keys| (*keys, setting.action))).collect()
}

fn clashes(place: Option<Place>, keys: &[(Strokes, Action)]) -> Vec<Clash> {
    let mut found = Vec::new();
    for (at, (strokes, action)) in keys.iter().enumerate() {
        let before = keys.iter().take(at).filter(|(other, of)| of != action && other.clash(*strokes));
        found.extend(before.map(|(_, other)| Clash { place, keys: *strokes, action: *action, other: *other }));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Strokes {
        text.parse().unwrap()
    }

    fn set(place: Option<Place>, action: Action, texts: &[&str]) -> Setting {
        Setting { place, action, keys: texts.iter().map(|text| keys(text)).collect() }
    }

    #[test]
    fn a_setting_takes_the_place_of_the_keys_that_the_action_had() {
        let map = KeyMap::with(vec![set(None, Action::Assign, &["x", "z z"])]).unwrap();
        let find = |first: Option<&str>, key: &str| {
            map.find(Place::Queue, first.map(|c| c.parse().unwrap()), key.parse().unwrap())
        };
        assert_eq!(find(None, "x"), Found::Action(Action::Assign));
        assert_eq!(find(None, "a"), Found::Nothing);
        assert_eq!(find(None, "z"), Found::Begun(Chord::char('z')));
        assert_eq!(find(Some("z"), "z"), Found::Action(Action::Assign));
        assert_eq!(find(Some("z"), "x"), Found::Nothing, "a key after a prefix is not the key alone");
    }

    #[test]
    fn what_is_set_in_a_place_holds_there_alone_and_takes_its_keys_from_the_rest() {
        let map = KeyMap::with(vec![set(Some(Place::Ticket), Action::Reply, &["g"])]).unwrap();
        assert_eq!(map.find(Place::Ticket, None, Chord::char('g')), Found::Action(Action::Reply));
        assert_eq!(map.find(Place::Ticket, None, Chord::char('r')), Found::Nothing);
        assert_eq!(map.find(Place::Queue, None, Chord::char('r')), Found::Action(Action::Reply));
        assert_eq!(map.find(Place::Queue, None, Chord::char('g')), Found::Begun(Chord::char('g')));
        assert!(map.next(Place::Ticket, Chord::char('g')).is_empty());
    }

    #[test]
    fn the_same_keys_for_two_actions_are_told_and_so_is_a_key_that_begins_two() {
        let clashes = KeyMap::with(vec![set(None, Action::Reply, &["a"])]).unwrap_err();
        assert_eq!(clashes.len(), 1);
        assert_eq!((clashes[0].other, clashes[0].action), (Action::Assign, Action::Reply));
        assert!(KeyMap::with(vec![set(None, Action::Reply, &["g"])]).is_err());
        assert!(KeyMap::with(vec![set(None, Action::Reply, &["a a"])]).is_err());
        let swapped = vec![set(None, Action::Reply, &["a"]), set(None, Action::Assign, &["r"])];
        assert!(KeyMap::with(swapped).is_ok(), "two actions may change places");
    }

    #[test]
    fn a_key_that_stands_for_another_does_so_only_where_it_is_free() {
        let comma = Chord::char(',');
        assert_eq!(KeyMap::default().find(Place::Queue, None, comma), Found::Action(Action::Help));
        let map = KeyMap::with(vec![set(None, Action::Take, &[","])]).unwrap();
        assert_eq!(map.find(Place::Queue, None, comma), Found::Action(Action::Take));
    }
}
