//! The tables of the configuration: calendars, ladder, policies. Read by hand, so that an unknown key is told with the
//! nearest known one.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use opora_core::calendar::{Calendar, CalendarDefinition, Hours, parse_date};
use opora_core::ladder::{Ladder, Rung};
use opora_core::log_name::LogNames;
use opora_core::model::{LogKind, PolicyId, is_id};
use opora_core::sla::{Cell, Policies, Policy, PolicyDefinition, PolicyRef, RaiseFrom, Target};
use opora_core::suggest::Thresholds;
use opora_core::time::Millis;
use toml::{Table, Value};

use super::parse::{Reader, length};
use super::{calendar, no_rungs, unknown, with_builtin};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const PRIORITIES: [&str; 4] = ["low", "medium", "high", "critical"];

/// One table with its path.
struct Part<'r, 'a> {
    read: &'r mut Reader<'a>,
    table: &'a Table,
    at: String,
}

impl<'a> Part<'_, 'a> {
    fn known(&mut self, keys: &[&str]) {
        for key in self.table.keys().filter(|key| !keys.contains(&key.as_str())) {
            let setting = self.at.split('[').next().unwrap_or_default().to_owned();
            let shown = format!("{}.{key}", self.at);
            let fault = unknown(key, self.read.origin(&setting), &shown, keys.iter().copied());
            self.read.faults.push(fault);
        }
    }

    fn wrong(&mut self, key: &str, detail: impl Into<String>) {
        let at = if key.is_empty() { self.at.clone() } else { format!("{}.{key}", self.at) };
        self.read.wrong(&at, detail);
    }

    fn text(&mut self, key: &str, default: Option<&str>) -> String {
        match (self.table.get(key), default) {
            (Some(Value::String(text)), _) if !text.is_empty() && text.len() <= 500 => text.clone(),
            (None, Some(default)) => default.to_owned(),
            _ => {
                self.wrong(key, "has to be a text");
                String::new()
            }
        }
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.table.get(key) else { return Vec::new() };
        value.as_array().and_then(|items| texts(items)).unwrap_or_else(|| {
            self.wrong(key, "has to be a list of texts");
            Vec::new()
        })
    }

    fn hours(&mut self, key: &str, texts: &[String]) -> Vec<Hours> {
        let mut hours = Vec::new();
        for text in texts {
            match text.parse::<Hours>() {
                Ok(read) => hours.push(read),
                Err(error) => self.wrong(key, error.to_string()),
            }
        }
        hours
    }

    fn length(&mut self, key: &str, default: Option<Millis>) -> Millis {
        match (self.table.get(key), default) {
            (None, Some(default)) => return default,
            (Some(Value::String(text)), _) => {
                if let Some(read) = length(text) {
                    return Millis(i64::try_from(read.as_millis()).unwrap_or(i64::MAX));
                }
            }
            _ => {}
        }
        self.wrong(key, "has to be a length of time such as 8h");
        // Nothing else is to be found wrong because of it.
        default.unwrap_or(Millis::ZERO)
    }

    fn flag(&mut self, key: &str) -> bool {
        match self.table.get(key) {
            None => false,
            Some(Value::Boolean(flag)) => *flag,
            Some(_) => {
                self.wrong(key, "has to be `true` or `false`");
                false
            }
        }
    }

    fn date(&mut self, key: &str, text: &str) -> Option<Date> {
        parse_date(text).map_err(|error| self.wrong(key, error.to_string())).ok()
    }

    /// A table from dates to something.
    fn dates(&mut self, key: &str) -> Vec<(Date, &'a Value)> {
        let table = match self.table.get(key) {
            None => return Vec::new(),
            Some(Value::Table(table)) => table,
            Some(_) => {
                self.wrong(key, "has to be a table of dates");
                return Vec::new();
            }
        };
        let mut read = Vec::new();
        for (text, value) in table {
            read.extend(self.date(key, text).map(|date| (date, value)));
        }
        read
    }
}

/// A list of nothing but texts.
fn texts(items: &[Value]) -> Option<Vec<String>> {
    items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

/// The tables of a setting, each given to `take`.
fn each<T>(read: &mut Reader<'_>, key: &str, mut take: impl FnMut(Part<'_, '_>) -> Option<T>) -> Vec<T> {
    let Some(Value::Array(items)) = read.value(key) else {
        read.wrong(key, "has to be a list of tables");
        return Vec::new();
    };
    let mut taken = Vec::new();
    for (n, item) in items.iter().enumerate() {
        let at = format!("{key}[{n}]");
        match item {
            Value::Table(table) => taken.extend(take(Part { read: &mut *read, table, at })),
            _ => read.wrong(&at, "has to be a table"),
        }
    }
    taken
}

pub(super) fn suggest(read: &mut Reader<'_>) -> Thresholds {
    let (tickets, organisations) = (read.count("suggest_tickets"), read.count("suggest_organisations"));
    let window = read.time("suggest_window");
    Thresholds { tickets, organisations, window: Millis(i64::try_from(window.as_millis()).unwrap_or(i64::MAX)) }
}

/// How logs are told by their names.
pub(super) fn log_names(read: &mut Reader<'_>) -> LogNames {
    let prefixes = each(read, "log_prefixes", |mut part| {
        part.known(&["prefix", "kind"]);
        let (prefix, kind) = (part.text("prefix", None), part.text("kind", None));
        let Some(kind) = LogKind::from_word(&kind) else {
            part.wrong("kind", "is no kind of log, such as `BPCLIENT`");
            return None;
        };
        Some((prefix.to_lowercase(), kind))
    });
    LogNames { prefixes, browsers: read.words("log_browsers") }
}

/// The calendars.
pub(super) fn calendars(read: &mut Reader<'_>) -> Vec<CalendarDefinition> {
    each(read, "calendars", |mut part| {
        let keys = ["id", "time_zone", "day_length", "holidays", "moved_days", "short_days"];
        part.known(&keys.into_iter().chain(DAYS).collect::<Vec<_>>());
        let id = part.text("id", None);
        if !is_id(&id) {
            part.wrong("id", "is not an id");
        }
        let weekdays = DAYS.map(|day| {
            let texts = part.texts(day);
            part.hours(day, &texts)
        });
        let holidays = part.texts("holidays").iter().filter_map(|text| part.date("holidays", text)).collect();
        let mut moved_days = BTreeMap::new();
        for (date, value) in part.dates("moved_days") {
            match value.as_str().and_then(|day| (0_u8..).zip(DAYS).find(|(_, d)| *d == day)) {
                Some((n, _)) => drop(moved_days.insert(date, n)),
                None => part.wrong("moved_days", "has to name a weekday, `mon` to `sun`"),
            }
        }
        let mut short_days = BTreeMap::new();
        for (date, value) in part.dates("short_days") {
            let texts = value.as_array().and_then(|items| texts(items)).unwrap_or_else(|| {
                part.wrong("short_days", "has to hold a list of texts for each date");
                Vec::new()
            });
            short_days.insert(date, part.hours("short_days", &texts));
        }
        let definition = CalendarDefinition {
            id,
            version: 1,
            time_zone: part.text("time_zone", Some("UTC")),
            day_length: part.length("day_length", Some(Millis::hours(24))),
            weekdays,
            holidays,
            moved_days,
            short_days,
        };
        match Calendar::new(definition.clone()) {
            Ok(_) => Some(definition),
            Err(error) => {
                part.wrong("", error.to_string());
                None
            }
        }
    })
}

/// The ladder.
pub(super) fn ladder(read: &mut Reader<'_>, calendars: &[CalendarDefinition]) -> Ladder {
    let rungs = each(read, "ladder", |mut part| {
        part.known(&["whom", "means", "reach", "calendar"]);
        let (means, reach) = (part.texts("means"), part.texts("reach"));
        if means.is_empty() || means.iter().any(|means| means != "email" && means != "phone") {
            part.wrong("means", "has to name `email` or `phone`");
        }
        if reach.len() != means.len() {
            part.wrong("reach", "has to hold one address or number for each of the means");
        }
        let id = part.text("calendar", Some("24x7"));
        let definition = match calendar(calendars, &id) {
            Some(definition) => definition.clone(),
            None if id == "24x7" => CalendarDefinition::always(),
            None => {
                part.wrong("calendar", format!("`{id}` is not defined"));
                return None;
            }
        };
        let arcs = |texts: Vec<String>| texts.into_iter().map(Arc::from).collect();
        Some(Rung {
            whom: part.text("whom", None).into(),
            means: arcs(means),
            reach: arcs(reach),
            calendar: Arc::new(Calendar::new(definition).ok()?),
        })
    });
    let ladder = Ladder(rungs);
    if no_rungs(&ladder) {
        read.wrong("ladder", "has to have a rung");
    }
    ladder
}

/// The first versions of policies.
pub(super) fn policies(read: &mut Reader<'_>, calendars: &[CalendarDefinition]) -> Policies {
    let policies = each(read, "policies", |mut part| {
        let keys = ["id", "raise_from", "update_every", "escalate_on_breach"];
        part.known(&keys.into_iter().chain(PRIORITIES).collect::<Vec<_>>());
        let id = part.text("id", None);
        let raise_from = match part.text("raise_from", Some("change")).as_str() {
            "creation" => RaiseFrom::Creation,
            "change" => RaiseFrom::Change,
            _ => {
                part.wrong("raise_from", "is neither `change` nor `creation`");
                RaiseFrom::Change
            }
        };
        let [low, medium, high, critical] = PRIORITIES.map(|priority| cell(&mut part, priority));
        let cells = [low?, medium?, high?, critical?];
        let named = |c: &&CalendarDefinition| {
            cells.iter().any(|cell| cell.first_response_calendar == c.id || cell.resolution_calendar == c.id)
        };
        let definition = PolicyDefinition {
            policy: PolicyRef { id: PolicyId::new(&id).map_err(|e| part.wrong("id", e.to_string())).ok()?, version: 1 },
            raise_from,
            update_every: part.length("update_every", Some(Millis::minutes(30))),
            escalate_on_breach: part.flag("escalate_on_breach"),
            calendars: calendars.iter().filter(named).cloned().collect(),
            cells,
        };
        Policy::new(definition).map_err(|error| part.wrong("", error.to_string())).ok()
    });
    with_builtin(policies)
}

fn cell(part: &mut Part<'_, '_>, priority: &'static str) -> Option<Cell> {
    let Some(Value::Table(table)) = part.table.get(priority) else {
        part.wrong(priority, "has to be a table with `first_response` and `resolution`");
        return None;
    };
    let at = format!("{}.{priority}", part.at);
    let mut part = Part { read: &mut *part.read, table, at };
    part.known(&["first_response", "resolution", "calendar", "first_response_calendar", "resolution_calendar"]);
    let mut target = |key: &str| {
        let text = part.text(key, None);
        text.parse::<Target>().map_err(|error| part.wrong(key, error.to_string())).ok()
    };
    let (first_response, resolution) = (target("first_response"), target("resolution"));
    let both = part.text("calendar", Some("24x7"));
    Some(Cell {
        first_response: first_response?,
        resolution: resolution?,
        first_response_calendar: part.text("first_response_calendar", Some(&both)),
        resolution_calendar: part.text("resolution_calendar", Some(&both)),
    })
}
