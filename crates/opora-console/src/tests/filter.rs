//! A filter typed letter by letter shows what it shows when it is made from scratch, whatever changes meanwhile.

use std::collections::BTreeMap;

use opora_proto::v1::Priority;
use proptest::prelude::*;

use crate::queue::filter::Filter;
use crate::queue::row::Row;
use crate::queue::rows::Rows;
use crate::queue::{Left, Queue};
use crate::testing::row;

#[derive(Clone, Debug)]
enum Step {
    /// A letter more.
    Type(char),
    /// A letter less.
    Back,
    Put(Row),
    Remove(u64),
    Cursor(usize),
    Freeze(bool),
}

fn any_row() -> impl Strategy<Value = Row> {
    (1_u64..80, "[АбвЁ ]{0,6}", prop::sample::select(vec!["", "olga", "ivan"]), any::<bool>()).prop_map(
        |(number, subject, owner, high)| {
            let priority = if high { Priority::High } else { Priority::Low };
            row(number, &subject, if high { "Вектор" } else { "Ромашка" }, priority, owner)
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::sample::select("абве рo:phl!m7#1f".chars().collect::<Vec<_>>()).prop_map(Step::Type),
        2 => Just(Step::Back),
        2 => any_row().prop_map(Step::Put),
        1 => (1_u64..80).prop_map(Step::Remove),
        1 => (0_usize..80).prop_map(Step::Cursor),
        1 => any::<bool>().prop_map(Step::Freeze),
    ]
}

proptest! {
    #[test]
    fn what_is_typed_shows_what_it_shows_from_scratch(
        rows in prop::collection::vec(any_row(), 0..80), steps in prop::collection::vec(step(), 0..60),
    ) {
        let mut queue = Queue::default();
        queue.add_set(rows);
        queue.end_set();
        queue.begin();
        let mut text = String::new();
        for step in steps {
            match step {
                Step::Type(letter) => text.push(letter),
                Step::Back => drop(text.pop()),
                Step::Put(row) => queue.put(row, false, true),
                Step::Remove(number) => {
                    if let Some(row) = queue.rows.get(number).cloned() {
                        queue.remove(row, Left::Gone);
                    }
                }
                Step::Cursor(at) => queue.go(at, 10),
                Step::Freeze(frozen) => queue.freeze(frozen),
            }
            queue.set_filter(Filter::parse(&text, "olga"));
            prop_assert!(queue.is_as_filtered(), "{text:?}");
        }
    }
}

proptest! {
    #[test]
    fn what_matches_is_what_a_look_at_every_row_finds(
        rows in prop::collection::vec((any_row(), prop::sample::select(vec![0, (1 << 24) - 80, 1 << 24, u64::MAX - 80])), 0..60),
        text in "(а|р|o:olga|!o:ivan|p:h|b)?",
    ) {
        let beyond = |(mut row, beyond): (Row, u64)| {
            row.number += beyond;
            (row.number, row)
        };
        let rows: BTreeMap<u64, Row> = rows.into_iter().map(beyond).collect();
        let filter = Filter::parse(&text, "olga");
        let mut found: Vec<_> = rows.values().filter(|row| filter.matches(row)).map(Row::key).collect();
        found.sort_unstable();
        let mut table = Rows::default();
        table.extend(rows.into_values().collect());
        prop_assert_eq!(table.matching(&filter), found);
    }
}
