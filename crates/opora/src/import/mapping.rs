//! The mapping: which column is what. A small TOML file that is read whole and checked before anything is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use opora_proto::v1;
use serde::Deserialize;

use super::fault::{Fault, Place};
use crate::failure::Failure;
use crate::text::Text;

/// Fields of a ticket that a column, a constant or a template can fill.
pub(crate) const FIELDS: &[&str] = &[
    "subject",
    "description",
    "organisation",
    "reporter",
    "email",
    "category",
    "channel",
    "impact",
    "requested_priority",
    "priority",
    "platform",
    "occur_time",
    "workstation",
    "tags",
    "assignee",
    "state",
    "create_time",
    "update_time",
    "origin",
    "comment",
    "note",
];

/// Keys of a mapping.
const KEYS: &[&str] = &[
    "name",
    "id",
    "external_id_prefix",
    "order",
    "time_formats",
    "time_zone",
    "years",
    "unknown",
    "register_missing",
    "columns",
    "templates",
    "constants",
    "values",
];
/// Those that it can't do without.
const NEEDED: &[&str] = &["name", "id"];

/// A mapping as it stands in its file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    /// Names the import: the ids of its requests follow from it.
    pub(crate) name: String,
    /// The column that tells tickets apart.
    pub(crate) id: String,
    /// Put before the id to make the external id.
    #[serde(default)]
    pub(crate) external_id_prefix: String,
    /// The column by which the rows of one ticket are ordered; without it they stay in the file's order.
    pub(crate) order: Option<String>,
    /// How times are written, as `strptime` reads them; tried in order. RFC 3339 is always understood.
    #[serde(default)]
    pub(crate) time_formats: Vec<String>,
    /// The zone of times without one.
    #[serde(default = "utc")]
    pub(crate) time_zone: String,
    /// The first and the last year in which a time may lie, within those that a desk takes. Two digits of a year, or
    /// another unit than the one that was meant, give a time that is far away.
    #[serde(default = "years")]
    pub(crate) years: (i16, i16),
    /// Values that mean "not known".
    #[serde(default)]
    pub(crate) unknown: BTreeSet<String>,
    /// Agents and organisations that the desk does not know are registered.
    #[serde(default)]
    pub(crate) register_missing: bool,
    /// Field → column.
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, String>,
    /// Field → text with `{column}` in it.
    #[serde(default)]
    pub(crate) templates: BTreeMap<String, String>,
    /// Field → constant.
    #[serde(default)]
    pub(crate) constants: BTreeMap<String, String>,
    /// Field → value in the file → value of the contract.
    #[serde(default)]
    pub(crate) values: BTreeMap<String, BTreeMap<String, String>>,
}

fn utc() -> String {
    "UTC".to_owned()
}

const fn years() -> (i16, i16) {
    (2000, 2099)
}

impl Mapping {
    /// Reads a mapping.
    pub(crate) fn load(path: &Path, words: &Text) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|cause| Failure::io(path.display().to_string(), cause))?;
        Self::parse(&text).map_err(|fault| Failure::config(format!("{}: {}", path.display(), fault.told(words))))
    }

    /// Reads the text of a mapping and checks it.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let mapping = Self::read(text)?;
        for field in mapping.columns.keys().chain(mapping.templates.keys()).chain(mapping.constants.keys()) {
            if !FIELDS.contains(&field.as_str()) {
                return Err(Fault::NoField { field: field.clone(), nearest: nearest(FIELDS, field) });
            }
        }
        TimeZone::get(&mapping.time_zone).map_err(|_| Fault::NoZone(mapping.time_zone.clone()))?;
        let ((from, to), (first, last)) = (mapping.years, years());
        if from < first || to > last || from > to {
            return Err(Fault::Years { from, to, first, last });
        }
        for (field, table) in &mapping.values {
            for value in table.values().filter(|value| !value.is_empty()) {
                number(field, value)?;
            }
        }
        if !["subject"].iter().all(|field| mapping.has(field)) {
            return Err(Fault::NoSubject);
        }
        Ok(mapping)
    }

    /// The text as it stands: what is wrong with it is told by kind, since its readers tell it in one language.
    fn read(text: &str) -> Result<Self, Fault> {
        let place = |error: &toml::de::Error| Place::of(text, error.span().map_or(0, |span| span.start));
        let table: toml::Table = toml::from_str(text).map_err(|error| Fault::NoToml(place(&error)))?;
        if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(Fault::NoKey { key: key.clone(), nearest: nearest(KEYS, key) });
        }
        if let Some(key) = NEEDED.iter().find(|key| !table.contains_key(**key)) {
            return Err(Fault::MissingKey(key));
        }
        toml::from_str(text).map_err(|error| Fault::WrongKind(place(&error)))
    }

    fn has(&self, field: &str) -> bool {
        self.columns.contains_key(field) || self.templates.contains_key(field) || self.constants.contains_key(field)
    }

    /// The value of a field in a row; `None`: not known.
    pub(crate) fn value(&self, field: &str, row: &BTreeMap<String, String>) -> Option<String> {
        let known = |text: &str| !text.is_empty() && !self.unknown.contains(text);
        let from_column = self.columns.get(field).and_then(|column| row.get(column)).map(|text| text.trim());
        let raw = match from_column.filter(|text| known(text)) {
            Some(text) => text.to_owned(),
            None => match self.templates.get(field) {
                Some(template) => fill(template, row),
                None => self.constants.get(field)?.clone(),
            },
        };
        let mapped = match self.values.get(field) {
            Some(table) => table.get(&raw).cloned().unwrap_or(raw),
            None => raw,
        };
        Some(mapped).filter(|text| known(text))
    }

    /// A time as it stands in the file.
    pub(crate) fn time(&self, text: &str) -> Result<Timestamp, Fault> {
        let zone = TimeZone::get(&self.time_zone).map_err(|_| Fault::NoZone(self.time_zone.clone()))?;
        let time = self.read_time(text, &zone)?;
        let (from, to) = self.years;
        let is_told = opora_core::time::Timestamp::from_millis(time.as_millisecond()).can_be_told();
        if is_told && (from..=to).contains(&zone.to_datetime(time).year()) {
            return Ok(time);
        }
        Err(Fault::FarTime { text: text.to_owned(), time: time.to_string(), from, to })
    }

    fn read_time(&self, text: &str, zone: &TimeZone) -> Result<Timestamp, Fault> {
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok(time);
        }
        let bad = |_| Fault::BadTime(text.to_owned());
        for format in &self.time_formats {
            let Ok(read) = jiff::fmt::strtime::parse(format, text) else { continue };
            // An offset, or a zone by its name, says more than the mapping's zone.
            if read.offset().is_some() {
                return read.to_timestamp().map_err(bad);
            }
            if read.iana_time_zone().is_some() {
                return read.to_zoned().map(|zoned| zoned.timestamp()).map_err(bad);
            }
            let local = read.to_datetime().map_err(bad)?;
            return local.to_zoned(zone.clone()).map(|zoned| zoned.timestamp()).map_err(bad);
        }
        Err(Fault::NoTime(text.to_owned()))
    }
}

/// The word that is most like another one.
fn nearest(words: &[&'static str], word: &str) -> &'static str {
    let alike = |one: &str| strsim::jaro_winkler(one, word);
    words.iter().max_by(|a, b| alike(a).total_cmp(&alike(b))).copied().unwrap_or_default()
}

/// Puts the row's values into `{column}`.
fn fill(template: &str, row: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((column, later)) = after.split_once('}') else { break };
        text.push_str(row.get(column).map_or("", String::as_str));
        rest = later;
    }
    text.push_str(rest);
    text
}

/// The number of a word of an enum of the contract; words of fields that are no enum give 0.
pub(crate) fn number(field: &str, word: &str) -> Result<i32, Fault> {
    let upper = word.trim().to_ascii_uppercase().replace([' ', '-'], "_");
    let found = match field {
        "priority" | "requested_priority" => v1::Priority::from_str_name(&format!("PRIORITY_{upper}")).map(i32::from),
        "impact" => v1::Impact::from_str_name(&format!("IMPACT_{upper}")).map(i32::from),
        "category" => v1::Category::from_str_name(&format!("CATEGORY_{upper}")).map(i32::from),
        "channel" => v1::Channel::from_str_name(&format!("CHANNEL_{upper}")).map(i32::from),
        "platform" => v1::Platform::from_str_name(&format!("PLATFORM_{upper}")).map(i32::from),
        "state" => v1::TicketState::from_str_name(&format!("TICKET_STATE_{upper}")).map(i32::from),
        "origin" => v1::Origin::from_str_name(&format!("ORIGIN_{upper}")).map(i32::from),
        _ => Some(0),
    };
    found.ok_or_else(|| Fault::NoWord { word: word.to_owned(), field: field.to_owned() })
}
