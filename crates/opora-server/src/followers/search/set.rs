//! Sets of ticket numbers, as bits.

use opora_core::model::TicketNumber;

/// A set of ticket numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberSet {
    words: Vec<u64>,
    len: usize,
}

impl NumberSet {
    /// Whether a number is in it.
    pub fn contains(&self, number: TicketNumber) -> bool {
        let (word, bit) = place(number.0);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The numbers in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = TicketNumber> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let bits = (0..64_u64).filter(move |bit| word & (1 << bit) != 0);
            bits.map(move |bit| TicketNumber(index as u64 * 64 + bit))
        })
    }

    /// Puts a number in.
    pub fn add(&mut self, number: TicketNumber) {
        self.insert(number.0);
    }

    pub(super) fn insert(&mut self, number: u64) {
        let (word, bit) = place(number);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        if let Some(word) = self.words.get_mut(word).filter(|word| **word & bit == 0) {
            *word |= bit;
            self.len += 1;
        }
    }

    /// Keeps what is in the other too.
    pub(super) fn intersect(&mut self, other: &Self) {
        self.words.truncate(other.words.len());
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
        self.len = self.words.iter().map(|word| word.count_ones() as usize).sum();
    }

    /// Takes over what is in the other.
    pub(super) fn unite(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
        self.len = self.words.iter().map(|word| word.count_ones() as usize).sum();
    }
}

fn place(number: u64) -> (usize, u64) {
    (usize::try_from(number / 64).unwrap_or(usize::MAX), 1 << (number % 64))
}
