//! Canned replies: which can be used, and their placeholders filled in from the ticket. Knows no widget.

use opora_proto::v1::Visibility;

use super::pick::Pick;
use crate::clock;
use crate::model::Model;
use crate::text::clean_line;
use crate::theme::{priority_word, state_word};

/// The picker of canned replies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snippets {
    pub(crate) pick: Pick,
    /// Name and text of each that can be used here.
    pub(crate) list: Vec<(String, String)>,
    /// They are still being asked for.
    pub(crate) waiting: bool,
}

impl Snippets {
    /// Of the replies that were read before; newer ones are on their way.
    pub(crate) fn open(model: &Model, visibility: Visibility) -> Self {
        let mut snippets = Self { waiting: true, ..Self::default() };
        snippets.fill(model, visibility);
        snippets
    }

    /// The replies that can be used: of everybody or of this agent, and none for colleagues in what a customer reads.
    pub(crate) fn fill(&mut self, model: &Model, visibility: Visibility) {
        let me = format!("agents/{}", model.me);
        self.list = model
            .snippets
            .iter()
            .filter(|s| s.owner.is_empty() || s.owner == me)
            .filter(|s| visibility == Visibility::Internal || s.visibility() != Visibility::Internal)
            .map(|s| (clean_line(&s.display_name), s.body.clone()))
            .collect();
        self.look();
    }

    pub(crate) fn look(&mut self) {
        self.pick.look(self.list.iter().map(|(name, _)| name.as_str()));
    }

    /// The text of the one that is marked.
    pub(crate) fn chosen(&self) -> Option<&str> {
        self.pick.chosen().and_then(|at| self.list.get(at)).map(|(_, body)| body.as_str())
    }
}

/// A text with the placeholders `{{key}}` for which there is a value replaced.
pub(crate) fn fill(body: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = placeholder(rest) {
        let (before, tail) = rest.split_at(at.0);
        let (found, after) = tail.split_at(at.1 - at.0);
        out.push_str(before);
        let key = found.trim_start_matches('{').trim_end_matches('}').trim();
        match value(key).filter(|value| !value.is_empty()) {
            Some(value) => out.push_str(&value),
            None => out.push_str(found),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Where the first placeholder of a text begins and ends, in bytes: `{{`, a word of at most 40 characters, `}}`.
pub(crate) fn placeholder(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(start) = text.get(from..).and_then(|rest| rest.find("{{")).map(|at| from + at) {
        let inner = text.get(start + 2..).unwrap_or_default();
        let word = |key: &str| {
            let key = key.trim();
            !key.is_empty()
                && key.chars().count() <= 40
                && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' '))
        };
        match inner.find("}}").filter(|end| inner.get(..*end).is_some_and(word)) {
            Some(end) => return Some((start, start + 2 + end + 2)),
            None => from = start + 2,
        }
    }
    None
}

/// What is known of the ticket, the customer and the agent.
pub(crate) fn value(model: &Model, number: u64, key: &str) -> Option<String> {
    let row = model.queue.row(number).or_else(|| model.peek.as_ref().filter(|row| row.number == number))?;
    let loaded = model.details.ready(number);
    let ticket = loaded.map(|loaded| &loaded.ticket);
    match key {
        "number" => Some(format!("#{number}")),
        "customer" | "organisation" => Some(row.customer.to_string()),
        "subject" => Some(row.subject()),
        "agent" => Some(clean_line(model.agent_name(&model.me))),
        "assignee" | "owner" if !row.owner.is_empty() => Some(clean_line(model.agent_name(&row.owner))),
        "priority" => Some(model.texts.get(priority_word(row.priority))),
        "state" => Some(model.texts.get(state_word(row.state))),
        "reporter" | "contact" | "name" => {
            let reporter = ticket?.reporter.as_ref()?;
            let name = if reporter.display_name.is_empty() { &reporter.email } else { &reporter.display_name };
            Some(clean_line(name))
        }
        "email" => Some(clean_line(&ticket?.reporter.as_ref()?.email)),
        // The customer reads it: by the customer's clock, and with its name.
        "due" => {
            let clock = row.resolution();
            let due = clock.due.filter(|_| clock.is_unmet())?;
            let zone = loaded.and_then(|loaded| loaded.zone.as_ref()).unwrap_or(&model.zone);
            Some(format!("{} {}", clock::moment(due, model.now, zone), clock::zone_name(due, zone)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_known_is_filled_in_and_the_rest_stays() {
        let value = |key: &str| match key {
            "number" => Some("#7".to_owned()),
            "customer" => Some("{{number}}".to_owned()),
            "due" => Some(String::new()),
            _ => None,
        };
        assert_eq!(
            fill("{{ number }} для {{customer}}: {{due}}, {{город}} {{}} {{a\n}} }} {{number", value),
            "#7 для {{number}}: {{due}}, {{город}} {{}} {{a\n}} }} {{number"
        );
        assert_eq!(placeholder("{{ }} {{город}}"), Some((6, "{{ }} {{город}}".len())));
    }

    proptest! {
        #[test]
        fn a_text_without_values_stays_as_it_is(text in "[{}a-zа-я \\n]{0,60}") {
            prop_assert_eq!(fill(&text, |_| None), text);
        }
    }
}
