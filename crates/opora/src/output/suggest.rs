//! What many tickets of one kind suggest, for people.

use opora_proto::v1;

use super::{Out, Tone, bare, cell, short, toned};
use crate::failure::Failure;

/// How many names of a suggestion a row shows.
const SHOWN: usize = 10;

impl Out {
    /// Suggestions as a table.
    pub(crate) fn suggestions(&self, response: &v1::ListSuggestionsResponse) -> Result<(), Failure> {
        if response.suggestions.is_empty() {
            return self.say("nothing-suggested", &[]);
        }
        let heads = ["head-suggestion", "head-category", "head-time", "head-organisation", "head-tickets"];
        let mut table = self.new_table(&heads);
        for one in &response.suggestions {
            let organisations = one.organisations.iter().map(|name| bare(name).to_owned());
            let tickets = one.tickets.iter().map(|name| short(name));
            table.add_row(vec![
                toned(&self.text.word(one.kind().as_str_name()), Tone::Strong),
                cell(&self.text.word(one.category().as_str_name())),
                cell(&self.wire_time(one.since_time.as_ref())),
                cell(&some(organisations, one.organisation_count)),
                cell(&some(tickets, one.ticket_count)),
            ]);
        }
        self.table(&table)?;
        let hidden = u64::from(response.total_size).saturating_sub(response.suggestions.len() as u64);
        if hidden == 0 { Ok(()) } else { self.say("more-suggestions", &[("count", hidden.into())]) }
    }
}

/// The first names, and how many more there are.
fn some(names: impl Iterator<Item = String>, count: u32) -> String {
    let shown: Vec<String> = names.take(SHOWN).collect();
    let more = (count as usize).saturating_sub(shown.len());
    let shown = shown.join(", ");
    if more == 0 { shown } else { format!("{shown} +{more}") }
}
