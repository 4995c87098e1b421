//! Sets of ticket numbers.

use opora_core::model::TicketNumber;
use roaring::RoaringTreemap;

/// A set of ticket numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NumberSet(RoaringTreemap);

impl NumberSet {
    /// Whether a number is in it.
    pub fn contains(&self, number: TicketNumber) -> bool {
        self.0.contains(number.0)
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The numbers in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = TicketNumber> + '_ {
        self.0.iter().map(TicketNumber)
    }

    /// Some numbers in order, up or down, from one on (including it).
    pub fn from(&self, from: TicketNumber, descending: bool, most: usize) -> Vec<TicketNumber> {
        let mut numbers = self.0.iter();
        if descending {
            numbers.advance_back_to(from.0);
            return numbers.rev().take(most).map(TicketNumber).collect();
        }
        numbers.advance_to(from.0);
        numbers.take(most).map(TicketNumber).collect()
    }

    /// Puts a number in.
    pub fn add(&mut self, number: TicketNumber) {
        self.insert(number.0);
    }

    pub(super) fn insert(&mut self, number: u64) {
        self.0.insert(number);
    }

    /// Keeps what is in the other too.
    pub(super) fn intersect(&mut self, other: &Self) {
        self.0 &= &other.0;
    }

    /// Takes over what is in the other.
    pub(super) fn unite(&mut self, other: &Self) {
        self.0 |= &other.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_from_a_place_on_up_and_down() {
        let mut set = NumberSet::default();
        [3_u64, 7, 1 << 40, 9].map(TicketNumber).into_iter().for_each(|number| set.add(number));
        let from = |at, descending, most| set.from(TicketNumber(at), descending, most).iter().map(|n| n.0).collect();
        let numbers: Vec<Vec<u64>> = vec![from(4, false, 2), from(7, false, 9), from(8, true, 9), from(3, true, 1)];
        assert_eq!(numbers, [vec![7, 9], vec![7, 9, 1 << 40], vec![7, 3], vec![3]]);
        assert_eq!(from(u64::MAX, false, 5), Vec::<u64>::new());
        assert_eq!(from(0, true, 5), Vec::<u64>::new());
        assert_eq!((set.len(), set.contains(TicketNumber(9)), set.contains(TicketNumber(8))), (4, true, false));
    }
}
