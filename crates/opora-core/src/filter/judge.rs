//! Judging: whether a ticket matches, and what can be known of a filter without a ticket.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::sync::Arc;

use super::field::Field;
use super::term::{Op, Term, Value, When};
use super::{Judge, Node};
use crate::fold;
use crate::model::{Ticket, TicketNumber, TicketState};
use crate::sla::{Clock, ClockState};
use crate::time::Timestamp;

/// A ticket while a filter is judged on it: a text of it is folded when a term first asks for it, and once however many do.
pub(super) struct Seen<'a> {
    ticket: &'a Ticket,
    subject: OnceCell<String>,
    email: OnceCell<String>,
    name: OnceCell<String>,
}

impl<'a> Seen<'a> {
    pub(super) const fn new(ticket: &'a Ticket) -> Self {
        Self { ticket, subject: OnceCell::new(), email: OnceCell::new(), name: OnceCell::new() }
    }

    fn subject(&self) -> &str {
        self.subject.get_or_init(|| folded_once(&self.ticket.subject))
    }

    fn email(&self) -> &str {
        self.email.get_or_init(|| folded_once(&self.ticket.reporter.email))
    }

    fn name(&self) -> &str {
        self.name.get_or_init(|| folded_once(&self.ticket.reporter.display_name))
    }
}

fn folded_once(text: &str) -> String {
    #[cfg(test)]
    FOLDED.with(|folded| folded.set(folded.get() + 1));
    fold::text(text)
}

#[cfg(test)]
thread_local! {
    static FOLDED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// How many texts this thread has folded.
#[cfg(test)]
pub(crate) fn folded() -> usize {
    FOLDED.with(std::cell::Cell::get)
}

pub(super) fn matches(node: &Node, seen: &Seen<'_>, judge: &Judge<'_>) -> bool {
    match node {
        Node::And(parts) => parts.iter().all(|part| matches(part, seen, judge)),
        Node::Or(parts) => parts.iter().any(|part| matches(part, seen, judge)),
        Node::Not(inner) => !matches(inner, seen, judge),
        Node::Term(term) => holds(term, seen, judge.now),
        Node::Text(index) => (judge.text)(*index, seen.ticket.number),
    }
}

pub(super) fn is_relative(node: &Node) -> bool {
    match node {
        Node::And(parts) | Node::Or(parts) => parts.iter().any(is_relative),
        Node::Not(inner) => is_relative(inner),
        Node::Term(term) => matches!(term.value, Value::Time(When::FromNow(_))),
        Node::Text(_) => false,
    }
}

/// Judged for each state that is not open with everything else unknown: yes where each gives a sure no.
pub(super) fn only_open(node: &Node) -> bool {
    TicketState::ALL.into_iter().filter(|state| !state.is_open()).all(|state| sure(node, state) == Some(false))
}

/// What is sure of every ticket in a state that is not open; `None`: nothing.
fn sure(node: &Node, state: TicketState) -> Option<bool> {
    let all = |parts: &[Node], settles: bool| {
        let mut known = Some(!settles);
        for part in parts {
            match sure(part, state) {
                Some(value) if value == settles => return Some(settles),
                Some(_) => {}
                None => known = None,
            }
        }
        known
    };
    match node {
        Node::And(parts) => all(parts, false),
        Node::Or(parts) => all(parts, true),
        Node::Not(inner) => sure(inner, state).map(|value| !value),
        Node::Text(_) => None,
        Node::Term(term) => match (term.field, &term.value) {
            (Field::State, Value::State(wanted)) => Some(compare(term.op, state.cmp(wanted))),
            // No clock of such a ticket runs.
            (Field::Open | Field::Continuous, Value::Bool(wanted)) => Some(compare(term.op, false.cmp(wanted))),
            (Field::DueTime, value) => Some(unset(term.op, value)),
            _ => None,
        },
    }
}

const fn compare(op: Op, order: Ordering) -> bool {
    match op {
        Op::Eq | Op::Has => order.is_eq(),
        Op::Ne => order.is_ne(),
        Op::Lt => order.is_lt(),
        Op::Le => order.is_le(),
        Op::Gt => order.is_gt(),
        Op::Ge => order.is_ge(),
    }
}

/// What a comparison gives for a field that is not set: it equals nothing but "not set" and is neither before nor after
/// anything.
const fn unset(op: Op, value: &Value) -> bool {
    match value {
        Value::Unset => matches!(op, Op::Eq),
        _ => matches!(op, Op::Ne),
    }
}

/// For a field that may be unset.
fn optional<T>(op: Op, have: Option<&T>, value: &Value, judge: impl Fn(&T) -> Option<bool>) -> bool {
    match (have, value) {
        (None, value) => unset(op, value),
        (Some(_), Value::Unset) => matches!(op, Op::Ne),
        (Some(_), Value::Any) => true,
        (Some(have), _) => judge(have).unwrap_or(false),
    }
}

fn holds(term: &Term, seen: &Seen<'_>, now: Timestamp) -> bool {
    let (op, ticket) = (term.op, seen.ticket);
    /// Compares an optional value with a wanted one of that kind.
    macro_rules! ordered {
        ($have:expr, $variant:ident) => {
            optional(op, $have, &term.value, |have| match &term.value {
                Value::$variant(wanted) => Some(compare(op, have.cmp(wanted))),
                _ => None,
            })
        };
    }
    match term.field {
        Field::State => ordered!(Some(&ticket.state), State),
        Field::Priority => ordered!(Some(&ticket.priority), Priority),
        Field::RequestedPriority => ordered!(ticket.requested_priority.as_ref(), Priority),
        Field::Impact => ordered!(ticket.impact.as_ref(), Impact),
        Field::Category => ordered!(ticket.category.as_ref(), Category),
        Field::Platform => ordered!(ticket.platform.as_ref(), Platform),
        Field::Origin => ordered!(Some(&ticket.origin), Origin),
        Field::Organisation => ordered!(ticket.organisation.as_ref(), Organisation),
        Field::Assignee => ordered!(ticket.assignee.as_ref(), Agent),
        Field::Incident => {
            let incidents: Vec<TicketNumber> = ticket.shown_incidents().collect();
            among(op, &incidents, &term.value, |have, value| matches!(value, Value::Ticket(wanted) if have == wanted))
        }
        Field::Number => ordered!(Some(&ticket.number.0), Number),
        Field::Rung => ordered!(Some(&u64::from(ticket.rung())), Number),
        Field::Channel => among(op, &ticket.channels, &term.value, |have, value| match value {
            Value::Channel(wanted) => have == wanted,
            _ => false,
        }),
        Field::Workstation => among(op, &ticket.workstations, &term.value, is_name),
        Field::Tag if ticket.parts.is_empty() => among(op, &ticket.tags, &term.value, is_name),
        Field::Tag => {
            let tags: Vec<Arc<str>> = ticket.shown_tags().cloned().collect();
            among(op, &tags, &term.value, is_name)
        }
        Field::Subject | Field::Reporter | Field::ExternalId => text(term, seen),
        Field::CreateTime => time(term, Some(ticket.create_time), now),
        Field::UpdateTime => time(term, Some(ticket.update_time), now),
        Field::ResolveTime => time(term, ticket.resolve_time, now),
        Field::OccurTime => time(term, ticket.occur_time, now),
        Field::DueTime => time(term, due(ticket), now),
        Field::Breached => {
            let breached = ticket.sla.first_response.breach.is_some() || ticket.sla.resolution.breach.is_some();
            ordered!(Some(&breached), Bool)
        }
        Field::Unassessed => ordered!(Some(&ticket.unassessed), Bool),
        Field::Importing => ordered!(Some(&ticket.importing), Bool),
        Field::Open => ordered!(Some(&ticket.state.is_open()), Bool),
        Field::Continuous => ordered!(Some(&ticket.sla.continuous_since.is_some()), Bool),
    }
}

/// The earliest due time of the clocks that run.
fn due(ticket: &Ticket) -> Option<Timestamp> {
    let runs = |clock: &&Clock| matches!(clock.state, ClockState::Running | ClockState::Continuous);
    [&ticket.sla.first_response, &ticket.sla.resolution].into_iter().filter(runs).filter_map(|clock| clock.due).min()
}

fn time(term: &Term, have: Option<Timestamp>, now: Timestamp) -> bool {
    optional(term.op, have.as_ref(), &term.value, |have| match term.value {
        Value::Time(When::At(at)) => Some(compare(term.op, have.cmp(&at))),
        Value::Time(When::FromNow(length)) => Some(compare(term.op, have.cmp(&(now + length)))),
        _ => None,
    })
}

/// One of several equals; `!=`: none does.
fn among<T>(op: Op, have: &[T], value: &Value, equals: impl Fn(&T, &Value) -> bool) -> bool {
    let found = match value {
        Value::Unset => have.is_empty(),
        Value::Any => !have.is_empty(),
        _ => have.iter().any(|item| equals(item, value)),
    };
    found != (op == Op::Ne)
}

fn is_name(have: &Arc<str>, value: &Value) -> bool {
    matches!(value, Value::Text(wanted) if fold::is_name(have, wanted))
}

fn text(term: &Term, seen: &Seen<'_>) -> bool {
    let (have, also) = match term.field {
        Field::Subject => (seen.subject(), None),
        Field::Reporter => (seen.email(), (term.op == Op::Has).then(|| seen.name())),
        _ => (seen.ticket.external_id.as_deref().unwrap_or_default(), None),
    };
    let mut all = std::iter::once(have).chain(also);
    let found = match &term.value {
        Value::Text(wanted) if term.op == Op::Has => all.any(|have| have.contains(&**wanted)),
        Value::Text(wanted) => all.any(|have| have == &**wanted),
        Value::Any => all.any(|have| !have.is_empty()),
        _ => all.all(str::is_empty),
    };
    found != (term.op == Op::Ne)
}

/// The texts without which nothing matches: those joined by AND at the top.
pub(super) fn required_texts(node: &Node) -> Vec<usize> {
    match node {
        Node::Text(text) => vec![*text],
        Node::And(nodes) => nodes.iter().flat_map(required_texts).collect(),
        Node::Or(_) | Node::Not(_) | Node::Term(_) => Vec::new(),
    }
}
