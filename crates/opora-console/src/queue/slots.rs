//! Where rows lie: in blocks that never move, so that a hundred thousand of them are neither copied as they come nor
//! held twice. Knows no order.

use super::row::Row;

/// Rows of a block.
const BLOCK: usize = 1024;

/// Rows by the place that they were given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots {
    blocks: Vec<Vec<Option<Row>>>,
    free: Vec<u32>,
}

impl Slots {
    /// Gives a row a place.
    pub(crate) fn add(&mut self, row: Row) -> u32 {
        if let Some(slot) = self.free.pop()
            && let Some(place) = self.place(slot)
        {
            *place = Some(row);
            return slot;
        }
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let before = (self.blocks.len().saturating_sub(1)) * BLOCK;
        let Some(block) = self.blocks.last_mut() else { return 0 };
        block.push(Some(row));
        (before + block.len() - 1) as u32
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&Row> {
        self.blocks.get(slot as usize / BLOCK)?.get(slot as usize % BLOCK)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut Row> {
        self.place(slot)?.as_mut()
    }

    /// Takes a row away; its place is given to another.
    pub(crate) fn take(&mut self, slot: u32) -> Option<Row> {
        let row = self.place(slot)?.take()?;
        self.free.push(slot);
        Some(row)
    }

    /// All rows in the order of their places, with nothing where none is.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Option<&Row>> {
        self.blocks.iter().flatten().map(Option::as_ref)
    }

    /// The same, block by block.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &[Option<Row>]> {
        self.blocks.iter().map(Vec::as_slice)
    }

    fn place(&mut self, slot: u32) -> Option<&mut Option<Row>> {
        self.blocks.get_mut(slot as usize / BLOCK)?.get_mut(slot as usize % BLOCK)
    }
}
