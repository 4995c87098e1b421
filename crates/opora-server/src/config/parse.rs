//! Values of settings, read into types; what is wrong is collected.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use toml::Value;

use super::{Fault, Source};

/// Reads values one by one.
pub(super) struct Reader<'a> {
    pub(super) values: &'a BTreeMap<&'static str, (Value, Source)>,
    pub(super) faults: &'a mut Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(super) fn value(&self, key: &str) -> Option<&'a Value> {
        self.values.get(key).map(|(value, _)| value)
    }

    pub(super) fn origin(&self, key: &str) -> String {
        self.values.get(key).map_or_else(String::new, |(_, source)| source.to_string())
    }

    pub(super) fn wrong(&mut self, key: &str, detail: impl Into<String>) {
        // The path of a part of a table begins with the setting's key.
        let setting = key.split(['.', '[']).next().unwrap_or(key);
        let origin = self.origin(setting);
        self.faults.push(Fault::Wrong { key: key.to_owned(), origin, detail: detail.into() });
    }

    fn read<T>(&mut self, key: &str, what: &str, otherwise: T, read: impl Fn(&Value) -> Option<T>) -> T {
        if let Some(value) = self.value(key).and_then(read) {
            return value;
        }
        self.wrong(key, format!("is not {what}"));
        otherwise
    }

    pub(super) fn text(&mut self, key: &str) -> String {
        let text = |value: &Value| value.as_str().filter(|t| !t.trim().is_empty()).map(str::to_owned);
        self.read(key, "a text", String::new(), text)
    }

    /// A filter of `tracing`: one that names nothing that there is would silence the whole log.
    pub(super) fn filter(&mut self, key: &str) -> String {
        let filter = |value: &Value| value.as_str().filter(|text| is_filter(text)).map(str::to_owned);
        self.read(key, FILTERS, String::new(), filter)
    }

    pub(super) fn address(&mut self, key: &str) -> SocketAddr {
        let none = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        self.read(key, "an address such as 127.0.0.1:7420", none, |value| value.as_str()?.parse().ok())
    }

    pub(super) fn flag(&mut self, key: &str) -> bool {
        self.read(key, "`true` or `false`", false, |value| match value {
            Value::Boolean(flag) => Some(*flag),
            Value::String(text) => text.parse().ok(),
            _ => None,
        })
    }

    pub(super) fn size(&mut self, key: &str) -> u64 {
        self.read(key, "a size such as 256MiB", 0, size_of)
    }

    /// How long something may take or lasts: `0s` would end it before it began.
    pub(super) fn time(&mut self, key: &str) -> Duration {
        self.time_from(key, Duration::from_millis(1))
    }

    /// The same, no shorter than `least`.
    pub(super) fn time_from(&mut self, key: &str, least: Duration) -> Duration {
        let time = self.length(key);
        // What can't be read was told as that.
        let is_read = self.value(key).and_then(Value::as_str).and_then(length).is_some();
        if is_read && time < least {
            self.wrong(key, format!("is less than {least:?}"));
        }
        time
    }

    /// The same where `0s` says something; the table of settings says what.
    pub(super) fn length(&mut self, key: &str) -> Duration {
        self.read(key, "a length of time such as 10s or 7d", Duration::ZERO, |value| length(value.as_str()?))
    }

    pub(super) fn count(&mut self, key: &str) -> usize {
        self.read(key, "a number from 1 to 1,000,000", 1, |value| {
            let n = match value {
                Value::Integer(n) => usize::try_from(*n).ok()?,
                Value::String(text) => text.parse().ok()?,
                _ => return None,
            };
            (1..=1_000_000).contains(&n).then_some(n)
        })
    }

    /// Texts of any kind; in the environment with commas between. `None`: it is something else.
    pub(super) fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        self.read(key, "a list of texts", None, |value| {
            Some(match value {
                Value::Array(items) => {
                    Some(items.iter().map(|i| i.as_str().map(str::to_owned)).collect::<Option<_>>()?)
                }
                Value::String(text) if text.trim().is_empty() => Some(Vec::new()),
                Value::String(text) => Some(text.split(',').map(|word| word.trim().to_owned()).collect()),
                _ => return None,
            })
        })
    }

    pub(super) fn words(&mut self, key: &str) -> Vec<String> {
        self.read(key, "a list of ids, each once", Vec::new(), |value| {
            let words: Vec<String> = match value {
                Value::Array(items) => items.iter().map(|i| i.as_str().map(str::to_owned)).collect::<Option<_>>()?,
                Value::String(text) => text.split(',').map(|word| word.trim().to_owned()).collect(),
                _ => return None,
            };
            let mut sorted = words.clone();
            sorted.sort_unstable();
            sorted.dedup();
            let fits = sorted.len() == words.len() && words.len() <= 50;
            (fits && words.iter().all(|word| opora_core::model::is_id(word))).then_some(words)
        })
    }
}

/// The same, or a number of bytes.
pub(super) fn size_of(value: &Value) -> Option<u64> {
    match value {
        Value::Integer(n) => u64::try_from(*n).ok(),
        Value::String(text) => size(text),
        _ => None,
    }
}

/// `256MiB`, `1 GiB`, `4096`.
pub(super) fn size(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let factor = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// `500ms`, `10s`, `5 min`, `2h`, `7 days`.
pub(super) fn length(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let ms = match unit {
        "ms" => 1,
        "s" | "sec" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        _ => return None,
    };
    // Ten years are longer than anything that is waited for.
    number.checked_mul(ms).filter(|ms| *ms <= 3_660 * 86_400_000).map(Duration::from_millis)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim()))
}

/// What a filter of the log is, for people.
const FILTERS: &str = "a level (off, error, warn, info, debug, trace) or a filter such as `info,opora_server=debug`";

/// Whether a text is a list of levels, alone or each of a target: a word that is neither is no target, but a mistake.
fn is_filter(text: &str) -> bool {
    let mut depth = 0_u32;
    // A comma between the fields of a span is not one between two parts.
    let mut parts = text.split(|c: char| {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.all(|part| match part.trim().rsplit_once('=') {
        Some((target, level)) => is_level(level) && is_target(target),
        None => is_level(part.trim()),
    })
}

fn is_level(text: &str) -> bool {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    LEVELS.iter().any(|level| level.eq_ignore_ascii_case(text)) || matches!(text.as_bytes(), [b'0'..=b'5'])
}

/// A path of a module, with a span behind it or a span alone.
fn is_target(text: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    match text.split_once('[') {
        Some(("", span)) => span.ends_with(']'),
        Some((path, span)) => span.ends_with(']') && path.split("::").all(is_name),
        None => text.split("::").all(is_name),
    }
}
