//! What a filter can be found by: values one of which every ticket that matches has. So a change is judged only for the
//! filters that it can concern.

use std::sync::Arc;

use super::Node;
use super::field::Field;
use super::term::{Op, Term, Value};
use crate::fold;
use crate::model::{AgentId, OrganisationId, Priority, Ticket, TicketNumber};

/// A value of a ticket that filters are found by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Its number.
    Number(TicketNumber),
    /// Its incident.
    Incident(TicketNumber),
    /// Whose it is, or that it is nobody's.
    Organisation(Option<OrganisationId>),
    /// Who works on it, or that nobody does.
    Assignee(Option<AgentId>),
    /// One of its tags, folded.
    Tag(Arc<str>),
    /// Its priority.
    Priority(Priority),
}

impl Key {
    /// All keys of a ticket.
    pub fn of(ticket: &Ticket) -> impl Iterator<Item = Self> {
        let single = [
            Self::Number(ticket.number),
            Self::Organisation(ticket.organisation.clone()),
            Self::Assignee(ticket.assignee.clone()),
            Self::Priority(ticket.priority),
        ];
        let tags = ticket.shown_tags().map(|tag| Self::Tag(fold::name(tag).into()));
        single.into_iter().chain(ticket.shown_incidents().map(Self::Incident)).chain(tags)
    }

    /// The key that a term asks for.
    fn asked(term: &Term) -> Option<Self> {
        if !matches!(term.op, Op::Eq | Op::Has) {
            return None;
        }
        match (term.field, &term.value) {
            (Field::Number, Value::Number(number)) => Some(Self::Number(TicketNumber(*number))),
            (Field::Incident, Value::Ticket(number)) => Some(Self::Incident(*number)),
            (Field::Organisation, Value::Organisation(id)) => Some(Self::Organisation(Some(id.clone()))),
            (Field::Organisation, Value::Unset) => Some(Self::Organisation(None)),
            (Field::Assignee, Value::Agent(id)) => Some(Self::Assignee(Some(id.clone()))),
            (Field::Assignee, Value::Unset) => Some(Self::Assignee(None)),
            (Field::Tag, Value::Text(tag)) => Some(Self::Tag(tag.clone())),
            (Field::Priority, Value::Priority(priority)) => Some(Self::Priority(*priority)),
            _ => None,
        }
    }

    /// How many tickets are likely to share it: lower is fewer.
    const fn commonness(&self) -> usize {
        match self {
            Self::Number(_) => 1,
            Self::Incident(_) => 2,
            Self::Organisation(_) | Self::Tag(_) => 3,
            Self::Assignee(_) => 4,
            Self::Priority(_) => 5,
        }
    }
}

/// Keys one of which every ticket that matches has; `None`: there are none.
pub(super) fn keys(node: &Node) -> Option<Vec<Key>> {
    match node {
        Node::Term(term) => Key::asked(term).map(|key| vec![key]),
        Node::And(parts) => parts.iter().filter_map(keys).min_by_key(|keys| cost(keys)),
        Node::Or(parts) => parts.iter().map(keys).try_fold(Vec::new(), |mut all, keys| {
            all.extend(keys?);
            Some(all)
        }),
        Node::Not(_) | Node::Text(_) => None,
    }
}

/// How much a filter that is found by these keys is judged.
fn cost(keys: &[Key]) -> usize {
    keys.iter().map(|key| 8_usize.pow(key.commonness() as u32)).sum()
}
