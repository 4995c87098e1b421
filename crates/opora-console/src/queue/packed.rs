//! Clocks and instants in few bytes, for the rows of which there are very many.

use crate::clock::{Face, State};

/// Milliseconds since 1970 in six bytes: some four thousand years either way, what is further is at the end of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instant([u8; 6]);

impl Instant {
    const MOST: i64 = (1 << 47) - 1;
    /// What stands for no instant.
    const NONE: i64 = -(1 << 47);

    pub(crate) fn new(ms: i64) -> Self {
        Self::of(ms.clamp(-Self::MOST, Self::MOST))
    }

    pub(crate) fn get(self) -> i64 {
        let mut bytes = [0; 8];
        let [_, _, kept @ ..] = &mut bytes;
        *kept = self.0;
        // The last byte has the sign.
        i64::from_le_bytes(bytes) >> 16
    }

    fn of(ms: i64) -> Self {
        let [kept @ .., _, _] = ms.to_le_bytes();
        Self(kept)
    }

    fn maybe(ms: Option<i64>) -> Self {
        ms.map_or_else(|| Self::of(Self::NONE), Self::new)
    }

    fn get_maybe(self) -> Option<i64> {
        Some(self.get()).filter(|ms| *ms != Self::NONE)
    }
}

/// A [`Face`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packed {
    state: State,
    start: Instant,
    due: Instant,
    remaining: Instant,
    met: Instant,
    breached: Instant,
}

impl From<Face> for Packed {
    fn from(face: Face) -> Self {
        Self {
            state: face.state,
            start: Instant::new(face.start),
            due: Instant::maybe(face.due),
            remaining: Instant::maybe(face.remaining),
            met: Instant::maybe(face.met),
            breached: Instant::maybe(face.breached),
        }
    }
}

impl From<Packed> for Face {
    fn from(packed: Packed) -> Self {
        Self {
            state: packed.state,
            start: packed.start.get(),
            due: packed.due.get_maybe(),
            remaining: packed.remaining.get_maybe(),
            met: packed.met.get_maybe(),
            breached: packed.breached.get_maybe(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ms() -> impl Strategy<Value = i64> {
        -Instant::MOST..=Instant::MOST
    }

    proptest! {
        #[test]
        fn a_face_comes_out_as_it_went_in(
            start in ms(), due in prop::option::of(ms()), remaining in prop::option::of(ms()),
            met in prop::option::of(ms()), breached in prop::option::of(ms()),
        ) {
            let face = Face { state: State::Paused, start, due, remaining, met, breached };
            prop_assert_eq!(Face::from(Packed::from(face)), face);
        }

        #[test]
        fn what_is_too_far_keeps_its_side(ms: i64) {
            prop_assert_eq!(Instant::new(ms).get(), ms.clamp(-Instant::MOST, Instant::MOST));
            prop_assert!(Instant::maybe(Some(ms)).get_maybe().is_some());
        }
    }

    #[test]
    fn they_are_as_small_as_they_are_said_to_be() {
        assert_eq!((size_of::<Packed>(), size_of::<Instant>()), (31, 6));
    }
}
