//! What is wrong with a mapping or a row: kinds, which are told in the language of whoever reads them.

use crate::text::{Text, Value};

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The mapping is no TOML at a place of its text.
    NoToml(Place),
    /// The mapping has a key that is none.
    NoKey { key: String, nearest: &'static str },
    /// The mapping lacks a key.
    MissingKey(&'static str),
    /// A key of the mapping has a value of another kind than it takes.
    WrongKind(Place),
    /// The mapping fills something that is no field of a ticket.
    NoField { field: String, nearest: &'static str },
    /// The mapping's zone is unknown.
    NoZone(String),
    /// The mapping, or a row, gives a word that an enum of the contract does not have.
    NoWord { word: String, field: String },
    /// The mapping fills no subject.
    NoSubject,
    /// The file lacks a column that the mapping names.
    NoColumn { file: String, column: String },
    /// A row is no text in UTF-8 from this byte of it on.
    NoUtf8(u64),
    /// The same in a column of CSV.
    NoUtf8In(String),
    /// A row is no JSON at this character of it.
    NoJson(u64),
    /// A row ends in the middle of its JSON.
    CutJson,
    /// A row is JSON, but no object.
    NoObject,
    /// A row that its reader refuses for a reason that is not known here: what it says.
    Unreadable(String),
    /// A row of CSV has another length than the heading.
    Length { values: usize, columns: usize },
    /// A row does not say which ticket it is of.
    NoId(String),
    /// A row without a subject.
    EmptySubject,
    /// A time in none of the forms that the mapping gives.
    NoTime(String),
    /// A time in a year that the mapping does not take.
    FarTime { text: String, time: String, from: i16, to: i16 },
    /// The mapping takes years that no desk takes, or none at all.
    Years { from: i16, to: i16, first: i16, last: i16 },
    /// A time that no calendar has.
    BadTime(String),
    /// A row that does not tell when the ticket was made.
    NoCreation,
    /// Rows of a ticket that could not be made.
    LeftOut(String),
    /// A state that was played otherwise than it stands.
    Played { told: &'static str, played: &'static str },
    /// A state that can't be reached from the one before.
    NoWay { from: &'static str, to: &'static str },
    /// The ticket does not end in the state of its last row.
    Stands { found: &'static str, wanted: &'static str },
    /// The desk has that id on a ticket that did not come from this row: `#7`.
    OtherTicket { ticket: String, id: String },
    /// A customer's or an owner's name, told by its field, has more characters than a desk takes.
    LongName { field: &'static str, most: usize },
    /// A customer's or an owner's name, told by its field, has a control character or a line break.
    BrokenName(&'static str),
    /// Nothing in a collection of the desk has that name.
    NoneCalled { collection: &'static str, name: String },
    /// The desk's own words, which are in the caller's language.
    Refused(String),
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// From 1.
    pub(crate) line: u64,
    /// From 1, in characters.
    pub(crate) column: u64,
    /// What stands in that line.
    pub(crate) text: String,
}

impl Place {
    /// The place of a byte of a text.
    pub(crate) fn of(text: &str, byte: usize) -> Self {
        let before = text.get(..text.floor_char_boundary(byte)).unwrap_or(text);
        let begin = before.rfind('\n').map_or(0, |end| end + 1);
        let column = before.chars().rev().take_while(|c| *c != '\n').count() as u64 + 1;
        let line = text.get(begin..).and_then(|rest| rest.lines().next()).unwrap_or_default().trim().to_owned();
        Self { line: before.matches('\n').count() as u64 + 1, column, text: line }
    }
}

impl Fault {
    /// In words.
    pub(crate) fn told(&self, text: &Text) -> String {
        let say = |key: &str, arguments: &[(&str, Value<'_>)]| text.with(key, arguments);
        let count = |n: &usize| Value::Count(*n as u64);
        match self {
            Self::Unreadable(detail) | Self::Refused(detail) => detail.trim_end().to_owned(),
            Self::NoToml(place) => say("import-no-toml", &at(place)),
            Self::WrongKind(place) => say("import-wrong-kind", &at(place)),
            Self::NoKey { key, nearest } => {
                say("import-no-key", &[("key", key.into()), ("nearest", (*nearest).into())])
            }
            Self::MissingKey(key) => say("import-missing-key", &[("key", (*key).into())]),
            Self::NoUtf8(byte) => say("import-no-utf8", &[("byte", byte.to_string().into())]),
            Self::NoUtf8In(column) => say("import-no-utf8-in", &[("column", column.into())]),
            Self::NoJson(column) => say("import-no-json", &[("column", column.to_string().into())]),
            Self::CutJson => say("import-cut-json", &[]),
            Self::NoObject => say("import-no-object", &[]),
            Self::BadTime(time) => say("import-bad-time", &[("time", time.into())]),
            Self::NoField { field, nearest } => {
                say("import-no-field", &[("field", field.into()), ("nearest", (*nearest).into())])
            }
            Self::NoZone(zone) => say("import-no-zone", &[("zone", zone.into())]),
            Self::NoWord { word, field } => say("import-no-word", &[("word", word.into()), ("field", field.into())]),
            Self::NoSubject => say("import-no-subject", &[]),
            Self::NoColumn { file, column } => {
                say("import-no-column", &[("file", file.into()), ("column", column.into())])
            }
            Self::Length { values, columns } => {
                say("import-length", &[("values", count(values)), ("columns", count(columns))])
            }
            Self::NoId(column) => say("import-no-id", &[("column", column.into())]),
            Self::EmptySubject => say("import-empty-subject", &[]),
            Self::FarTime { text, time, from, to } => {
                let years = (from.to_string(), to.to_string());
                let time = [("text", text.into()), ("time", time.into())];
                let years = [("from", (&years.0).into()), ("to", (&years.1).into())];
                say("import-far-time", &[time, years].concat())
            }
            Self::Years { from, to, first, last } => {
                let years = [from, to, first, last].map(ToString::to_string);
                let arguments: Vec<(&str, Value<'_>)> =
                    ["from", "to", "first", "last"].into_iter().zip(years.iter().map(Into::into)).collect();
                say("import-years", &arguments)
            }
            Self::NoTime(time) => say("import-no-time", &[("time", time.into())]),
            Self::OtherTicket { ticket, id } => {
                say("import-other-ticket", &[("ticket", ticket.into()), ("id", id.into())])
            }
            Self::LongName { field, most } => {
                say("import-long-name", &[("field", (*field).into()), ("most", count(most))])
            }
            Self::BrokenName(field) => say("import-broken-name", &[("field", (*field).into())]),
            Self::NoneCalled { collection, name } => {
                say("import-none-called", &[("collection", (*collection).into()), ("name", name.into())])
            }
            Self::NoCreation => say("import-no-creation", &[]),
            Self::LeftOut(id) => say("import-left-out", &[("id", id.into())]),
            Self::Played { told, played } => {
                say("import-played", &[("told", (*told).into()), ("played", (*played).into())])
            }
            Self::NoWay { from, to } => say("import-no-way", &[("from", (*from).into()), ("to", (*to).into())]),
            Self::Stands { found, wanted } => {
                say("import-stands", &[("found", (*found).into()), ("wanted", (*wanted).into())])
            }
        }
    }
}

fn at(place: &Place) -> [(&'static str, Value<'_>); 3] {
    let number = |number: u64| Value::Owned(number.to_string());
    [("line", number(place.line)), ("column", number(place.column)), ("text", (&place.text).into())]
}
