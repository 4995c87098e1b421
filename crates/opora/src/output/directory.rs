//! Customers, their people and agents for people.

use opora_proto::v1;

use super::{Out, Tone, bare, cell, toned};
use crate::failure::Failure;

impl Out {
    /// Customers as a table.
    pub(crate) fn organisations(&self, list: &[v1::Organisation]) -> Result<(), Failure> {
        let heads =
            ["head-id", "head-name", "head-zone", "head-platform", "head-policy", "head-language", "field-archived"];
        let rows = list.iter().map(|one| {
            vec![
                bare(&one.name).to_owned(),
                one.display_name.clone(),
                one.time_zone.clone(),
                if one.platform == 0 { String::new() } else { self.text.word(one.platform().as_str_name()) },
                bare(&one.policy).to_owned(),
                one.language.clone(),
                self.flag(one.archived),
            ]
        });
        self.rows(&heads, rows)
    }

    /// People of customers as a table.
    pub(crate) fn contacts(&self, list: &[v1::Contact]) -> Result<(), Failure> {
        let heads = [
            "head-id",
            "head-name",
            "head-email",
            "head-organisation",
            "head-phone",
            "head-language",
            "field-archived",
        ];
        let rows = list.iter().map(|one| {
            vec![
                bare(&one.name).to_owned(),
                one.display_name.clone(),
                one.email.clone(),
                bare(&one.organisation).to_owned(),
                one.phone.clone(),
                one.language.clone(),
                self.flag(one.archived),
            ]
        });
        self.rows(&heads, rows)
    }

    /// Agents as a table.
    pub(crate) fn agents(&self, list: &[v1::Agent]) -> Result<(), Failure> {
        let heads = ["head-id", "head-name", "head-email", "head-zone", "head-language", "field-archived"];
        let rows = list.iter().map(|one| {
            vec![
                bare(&one.name).to_owned(),
                one.display_name.clone(),
                one.email.clone(),
                one.time_zone.clone(),
                one.language.clone(),
                self.flag(one.archived),
            ]
        });
        self.rows(&heads, rows)
    }

    fn flag(&self, set: bool) -> String {
        if set { self.text.get("yes") } else { String::new() }
    }

    fn rows(&self, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<(), Failure> {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return self.say("nothing-found", &[]);
        }
        let mut table = self.new_table(heads);
        for row in rows {
            table.add_row(
                row.iter()
                    .enumerate()
                    .map(|(column, value)| if column == 0 { toned(value, Tone::Strong) } else { cell(value) })
                    .collect::<Vec<_>>(),
            );
        }
        self.table(&table)
    }
}
