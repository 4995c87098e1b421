//! One term of a filter: a field, how it is compared, with what. What a term holds was checked when it was read.

use std::sync::Arc;

use super::field::{Field, Kind};
use crate::fold;
use crate::model::{
    AgentId, Category, Channel, Impact, OrganisationId, Origin, Platform, Priority, TicketNumber, TicketState,
};
use crate::time::{Millis, Timestamp};

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// `:`, holds; with `*`: is set.
    Has,
}

impl Op {
    pub(super) const ALL: [Self; 7] = [Self::Eq, Self::Ne, Self::Lt, Self::Le, Self::Gt, Self::Ge, Self::Has];

    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Has => ":",
        }
    }
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    State(TicketState),
    Priority(Priority),
    Impact(Impact),
    Category(Category),
    Channel(Channel),
    Platform(Platform),
    Origin(Origin),
    Organisation(OrganisationId),
    Agent(AgentId),
    /// Folded where the field is compared so.
    Text(Arc<str>),
    Number(u64),
    Ticket(TicketNumber),
    Time(When),
    Bool(bool),
    /// The empty text: not set.
    Unset,
    /// `*`: anything.
    Any,
}

/// An instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    At(Timestamp),
    /// So long after now.
    FromNow(Millis),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) field: Field,
    pub(super) op: Op,
    pub(super) value: Value,
}

/// Which part of a term is wrong.
pub(super) enum Wrong {
    Field(String),
    Op(String),
    Value(String),
}

/// The most that a relative time may lie from now: 100 years.
const FARTHEST: Millis = Millis::hours(24 * 36_525);

/// Reads a term. `quoted`: the value stood in quotation marks.
pub(super) fn read(name: &str, symbol: &str, text: &str, quoted: bool) -> Result<Term, Wrong> {
    let Some(field) = Field::from_name(name) else {
        let known = nearest(name, Field::ALL.iter().map(|field| field.name()));
        return Err(Wrong::Field(format!("there is no field `{}`; did you mean {known}?", cut(name))));
    };
    let kind = field.kind();
    let op = Op::ALL.into_iter().find(|op| op.symbol() == symbol).unwrap_or(Op::Eq);
    if op == Op::Has && text == "*" && !quoted && kind.is_optional() {
        return Ok(Term { field, op, value: Value::Any });
    }
    if !kind.operators().contains(&op) {
        let known: Vec<&str> = kind.operators().iter().map(|op| op.symbol()).collect();
        return Err(Wrong::Op(format!(
            "`{}` can be compared with {}, not with {symbol}",
            field.name(),
            known.join(" ")
        )));
    }
    if text.is_empty() && kind.is_optional() {
        if matches!(op, Op::Eq | Op::Ne) {
            return Ok(Term { field, op, value: Value::Unset });
        }
        return Err(Wrong::Value("an empty text can be compared with = and != only".into()));
    }
    let value = value(field, text).map_err(Wrong::Value)?;
    Ok(Term { field, op, value })
}

fn value(field: Field, text: &str) -> Result<Value, String> {
    macro_rules! word {
        ($type:ident, $value:ident) => {
            $type::ALL
                .iter()
                .copied()
                .find(|v| fold::same_name(v.word(), text))
                .map(Value::$value)
                .ok_or_else(|| unknown(field, text, $type::ALL.iter().map(|v| v.word())))
        };
    }
    match field.kind() {
        Kind::State => word!(TicketState, State),
        Kind::Priority | Kind::OptionalPriority => word!(Priority, Priority),
        Kind::Impact => word!(Impact, Impact),
        Kind::Category => word!(Category, Category),
        Kind::Channel => word!(Channel, Channel),
        Kind::Platform => word!(Platform, Platform),
        Kind::Origin => word!(Origin, Origin),
        Kind::Organisation => OrganisationId::from_name(&fold::name(text))
            .or_else(|_| OrganisationId::new(&fold::name(text)))
            .map(Value::Organisation)
            .map_err(|_| format!("`{}` is not an organisation, such as \"organisations/acme\"", cut(text))),
        Kind::Agent => AgentId::from_name(&fold::name(text))
            .or_else(|_| AgentId::new(&fold::name(text)))
            .map(Value::Agent)
            .map_err(|_| format!("`{}` is not an agent, such as \"agents/olga\"", cut(text))),
        Kind::Names => Ok(Value::Text(fold::name(text).into())),
        // The key of another system is its own to compare.
        Kind::OptionalText if field == Field::ExternalId => Ok(Value::Text(text.into())),
        Kind::Text | Kind::OptionalText => Ok(Value::Text(fold::text(text).into())),
        Kind::Number => number(text.strip_prefix('#').unwrap_or(text), text).map(Value::Number),
        Kind::Ticket => {
            let digits = text.strip_prefix("tickets/").or_else(|| text.strip_prefix('#')).unwrap_or(text);
            number(digits, text).map(|n| Value::Ticket(TicketNumber(n)))
        }
        Kind::Time | Kind::OptionalTime => when(text).map(Value::Time),
        Kind::Bool => match &*fold::name(text) {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(format!("`{}` is neither true nor false", cut(text))),
        },
    }
}

fn number(digits: &str, text: &str) -> Result<u64, String> {
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let parsed = if plain { digits.parse().ok() } else { None };
    parsed.ok_or_else(|| format!("`{}` is not a number", cut(text)))
}

/// RFC 3339, `now`, `now+1h`, `now-30m`.
fn when(text: &str) -> Result<When, String> {
    let fail = || format!("`{}` is not a time, such as 2026-03-02T09:00:00Z, now or now-30m", cut(text));
    let Some(rest) = text.strip_prefix("now") else {
        let at: jiff::Timestamp = text.parse().map_err(|_| fail())?;
        return Ok(When::At(Timestamp::from_millis(at.as_millisecond())));
    };
    if rest.is_empty() {
        return Ok(When::FromNow(Millis::ZERO));
    }
    let (sign, rest) = match (rest.strip_prefix('+'), rest.strip_prefix('-')) {
        (Some(rest), _) => (1, rest),
        (_, Some(rest)) => (-1, rest),
        _ => return Err(fail()),
    };
    let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(fail)?;
    let (count, unit) = rest.split_at(digits);
    let unit = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, length)| *length).ok_or_else(fail)?;
    let count: i64 = count.parse().map_err(|_| fail())?;
    let length = count.checked_mul(unit).filter(|length| *length <= FARTHEST.0).ok_or_else(fail)?;
    Ok(When::FromNow(Millis(sign * length)))
}

/// The units of relative times, in milliseconds, longest first.
pub(super) const UNITS: [(&str, i64); 5] =
    [("w", 7 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];

fn unknown<'a>(field: Field, text: &str, words: impl Iterator<Item = &'a str> + Clone) -> String {
    let all: Vec<&str> = words.clone().collect();
    let near = nearest(&text.to_uppercase(), words);
    format!("`{}` is no {}; did you mean {near}? Known: {}", cut(text), field.name(), all.join(", "))
}

/// The known words nearest to one that is not, best first, three at most.
fn nearest<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> String {
    let text = cut(text);
    let mut scored: Vec<(usize, &str)> = words.map(|word| (strsim::damerau_levenshtein(&text, word), word)).collect();
    scored.sort_by_key(|(distance, _)| *distance);
    let best = scored.first().map_or(0, |(distance, _)| *distance);
    let near = scored.iter().take_while(|(distance, _)| *distance <= best + 1).take(3);
    near.map(|(_, word)| format!("`{word}`")).collect::<Vec<_>>().join(" or ")
}

/// A text short enough to be shown.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}
