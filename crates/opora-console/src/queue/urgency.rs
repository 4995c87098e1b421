//! A ticket's place in the queue, small enough to be held twice for all of them. Knows no row.

use std::fmt;

/// The bits of a rank below its class.
const BITS: u32 = 56;
/// Half of what a value may be: values of both signs are put above zero.
const HALF: i64 = 1 << (BITS - 1);

/// A ticket's place in the queue (docs/contract.md "Requests", `order_by` urgency); the smallest is the most urgent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Urgency {
    /// Class and value, ordered as the pair is.
    rank: i64,
    /// Ties go by number.
    pub(crate) number: u64,
}

impl Urgency {
    /// `class`: 0 continuous, 1 with a due time, 2 paused, 3 the rest. `value`: milliseconds: since when, due when, or
    /// what remains; what is further than a million years counts as that far.
    pub(crate) fn new(class: u8, value: i64, number: u64) -> Self {
        Self { rank: (i64::from(class) << BITS) + value.clamp(-HALF, HALF - 1) + HALF, number }
    }

    pub(crate) fn class(self) -> u8 {
        (self.rank >> BITS) as u8
    }

    pub(crate) fn value(self) -> i64 {
        (self.rank & ((1 << BITS) - 1)) - HALF
    }
}

impl fmt::Debug for Urgency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} ({} {})", self.number, self.class(), self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_order_is_that_of_class_value_and_number(
            a in (0_u8..4, -HALF..HALF, 0_u64..9), b in (0_u8..4, -HALF..HALF, 0_u64..9),
        ) {
            let key = |(class, value, number)| Urgency::new(class, value, number);
            prop_assert_eq!(key(a).cmp(&key(b)), a.cmp(&b));
            prop_assert_eq!((key(a).class(), key(a).value(), key(a).number), a);
        }
    }
}
