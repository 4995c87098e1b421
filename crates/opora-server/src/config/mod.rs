//! Configuration: built-in values, then a TOML file, then the environment (`OPORA_…`), then flags. An unknown setting of
//! the file or a flag is an error that names the nearest known one; an unknown variable a warning, for others than the
//! operator put variables there too. Parsed whole before anything is opened or bound.
//!
//! One table (`settings::SETTINGS`) is the source of the keys, of `--print-config` and of `docs/configuration.md`.

mod bounds;
mod environment;
mod files;
mod parse;
mod rules;
mod settings;
mod show;
mod start;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use opora_core::calendar::CalendarDefinition;
use opora_core::decide::Rules;
use opora_core::ladder::Ladder;
use opora_core::sla::{Policies, Policy};
use opora_core::time::Millis;
use toml::Value;

pub use bounds::{Bounds, Network};
pub use files::Files;
pub use show::document;
pub use start::StartOptions;

use crate::warnings::{Topic, Warning, Warnings};
use settings::{SETTINGS, Setting};

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where settings come from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file, `--config` or `OPORA_CONFIG`.
    pub file: Option<PathBuf>,
    /// The environment: names and values.
    pub environment: Vec<(String, String)>,
    /// Flags: keys of settings and values.
    pub flags: Vec<(String, String)>,
}

impl Sources {
    /// This process's environment, with flags as given. `file`: of `--config`; else `OPORA_CONFIG`.
    pub fn of_process(file: Option<PathBuf>, flags: Vec<(String, String)>) -> Self {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| {
                let name = name.into_string().ok().filter(|name| name.starts_with("OPORA_"))?;
                Some((name, value.to_string_lossy().into_owned()))
            })
            .collect();
        let from_env = environment.iter().find(|(name, value)| name == "OPORA_CONFIG" && !value.is_empty());
        let file = file.or_else(|| from_env.map(|(_, value)| PathBuf::from(value)));
        Self { file, environment, flags }
    }
}

/// Where one value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Built in.
    Default,
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("built in"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(key) => write!(f, "--{}", key.replace('_', "-")),
        }
    }
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No such setting.
    #[error("{origin}: `{key}` is not a setting{}", nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    Unknown {
        /// What was given.
        key: String,
        /// Where.
        origin: String,
        /// The nearest known one.
        nearest: Option<String>,
    },
    /// The value is wrong.
    #[error("{origin}: `{key}` {detail}")]
    Wrong {
        /// Which setting.
        key: String,
        /// Where the value comes from.
        origin: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The file can't be read, or is no TOML.
    #[error("{0}: {1}", .path.display(), .trouble)]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        trouble: Trouble,
    },
}

/// What is wrong with a file of settings as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The system does not give it: the number of its error.
    System(i32),
    /// It can't be read as text, or as TOML: what the reader says.
    Content(String),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::System(number) => std::io::Error::from_raw_os_error(*number).fmt(f),
            Self::Content(detail) => f.write_str(detail),
        }
    }
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(pub Vec<Fault>);

/// The effective configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data directory.
    pub data: PathBuf,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Whether historical times are taken.
    pub importing_allowed: bool,
    /// Bytes that have to stay free on the disk.
    pub disk_reserve: u64,
    /// What is done with files that nobody needs.
    pub files: Files,
    /// What is logged, a filter of `tracing`.
    pub log: String,
    /// How logs are written.
    pub log_format: LogFormat,
    /// How long calls under way may take when the server stops.
    pub drain_timeout: Duration,
    /// What callers may hold.
    pub bounds: Bounds,
    /// The most watches at once.
    pub max_watches: usize,
    /// How long a watcher who does not read is waited for.
    pub watch_patience: Duration,
    /// The most requests that wait for the writer.
    pub max_waiting: usize,
    /// Whether there is full text.
    pub search: bool,
    /// The rules of the desk.
    pub rules: Rules,
    /// No settings, but of one start.
    pub start: StartOptions,
    /// No setting: what an operator should look at, for all parts of the process to put things on.
    pub warnings: Warnings,
    values: BTreeMap<&'static str, (Value, Source)>,
}

impl Config {
    /// Reads all sources. Blocks on the file: called before a runtime is there, or on a blocking thread.
    ///
    /// # Errors
    /// [`ConfigError`], with everything that is wrong.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let mut faults = Vec::new();
        let mut values = defaults();
        if let Some(path) = &sources.file {
            match read_file(path) {
                Ok(table) => take_file(path, table, &mut values, &mut faults),
                Err(trouble) => faults.push(Fault::File { path: path.clone(), trouble }),
            }
        }
        let unknown_variables = environment::take(&sources.environment, &mut values);
        for (key, value) in &sources.flags {
            match setting(key) {
                Some(setting) => put(&mut values, setting, Value::String(value.clone()), Source::Flag(key.clone())),
                None => faults.push(unknown(key, "flags".into(), key, known())),
            }
        }
        let config = Self::build(values, faults)?;
        config.warnings.set(Topic::Environment, unknown_variables);
        if !config.listen.ip().is_loopback() {
            config.warnings.set(Topic::Access, vec![Warning::NoSignIn { address: config.listen }]);
        }
        Ok(config)
    }

    /// A desk for a trial: this directory, any free port, nothing else changed.
    ///
    /// # Errors
    /// [`ConfigError`], never for a path and the built-in values.
    pub fn for_demo(data: &Path) -> Result<Self, ConfigError> {
        let flags = [("data", data.display().to_string()), ("listen", "127.0.0.1:0".into())];
        let mut flags: Vec<(String, String)> = flags.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        flags.push(("importing_allowed".into(), "true".into()));
        Self::load(&Sources { flags, ..Sources::default() })
    }

    fn build(values: BTreeMap<&'static str, (Value, Source)>, mut faults: Vec<Fault>) -> Result<Self, ConfigError> {
        let mut read = parse::Reader { values: &values, faults: &mut faults };
        let data = PathBuf::from(read.text("data"));
        let listen = read.address("listen");
        let (importing_allowed, search) = (read.flag("importing_allowed"), read.flag("search"));
        let (disk_reserve, files) = (read.size("disk_reserve"), files::files(&mut read));
        let log = read.filter("log");
        let log_format = match read.text("log_format").as_str() {
            "json" => LogFormat::Json,
            "text" => LogFormat::Text,
            _ => {
                read.wrong("log_format", "is neither `text` nor `json`");
                LogFormat::Text
            }
        };
        let drain_timeout = read.length("drain_timeout");
        let bounds = bounds::bounds(&mut read);
        let max_watches = read.count("max_watches");
        let watch_patience = bounds.watch_patience;
        let max_waiting = read.count("max_waiting");
        let close_after = read.time("close_after");
        let checklist = read.words("checklist").iter().map(|word| Arc::from(word.as_str())).collect();
        let log_names = rules::log_names(&mut read);
        let suggest = rules::suggest(&mut read);
        let calendars = rules::calendars(&mut read);
        let ladder = rules::ladder(&mut read, &calendars);
        let policies = rules::policies(&mut read, &calendars);
        if !faults.is_empty() {
            return Err(ConfigError(faults));
        }
        let close_after = Millis(i64::try_from(close_after.as_millis()).unwrap_or(i64::MAX));
        let rules = Rules { policies, ladder, checklist, close_after, log_names, suggest };
        Ok(Self {
            data,
            listen,
            importing_allowed,
            disk_reserve,
            files,
            log,
            log_format,
            drain_timeout,
            bounds,
            max_watches,
            watch_patience,
            max_waiting,
            search,
            rules,
            start: StartOptions::default(),
            warnings: Warnings::default(),
            values,
        })
    }
}

fn setting(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

fn known() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().map(|setting| setting.key)
}

fn put(values: &mut BTreeMap<&'static str, (Value, Source)>, setting: &'static Setting, value: Value, from: Source) {
    values.insert(setting.key, (value, from));
}

/// The built-in values; a test looks that each can be read.
fn defaults() -> BTreeMap<&'static str, (Value, Source)> {
    let read = |setting: &Setting| {
        let table: toml::Table = format!("value = {}", setting.default).parse().ok()?;
        table.get("value").cloned()
    };
    SETTINGS.iter().filter_map(|setting| Some((setting.key, (read(setting)?, Source::Default)))).collect()
}

fn read_file(path: &Path) -> Result<toml::Table, Trouble> {
    #[expect(clippy::disallowed_methods, reason = "before the runtime starts")]
    let text = std::fs::read_to_string(path).map_err(|error| match error.raw_os_error() {
        Some(number) => Trouble::System(number),
        None => Trouble::Content(error.to_string()),
    })?;
    text.parse().map_err(|error: toml::de::Error| Trouble::Content(error.to_string()))
}

fn take_file(
    path: &Path,
    table: toml::Table,
    values: &mut BTreeMap<&'static str, (Value, Source)>,
    faults: &mut Vec<Fault>,
) {
    for (key, mut value) in table {
        if key == "calendars" {
            keep_builtin_calendars(&mut value, values);
        }
        match setting(&key) {
            Some(setting) => put(values, setting, value, Source::File(path.to_owned())),
            None => faults.push(unknown(&key, path.display().to_string(), &key, known())),
        }
    }
}

/// A file's calendars stand beside the built-in ones, which the built-in ladder names.
fn keep_builtin_calendars(value: &mut Value, builtin: &BTreeMap<&'static str, (Value, Source)>) {
    let (Value::Array(own), Some((Value::Array(builtin), _))) = (value, builtin.get("calendars")) else { return };
    let missing = builtin.iter().filter(|b| !own.iter().any(|o| o.get("id") == b.get("id")));
    let missing: Vec<Value> = missing.cloned().collect();
    own.extend(missing);
}

/// An unknown key with the nearest known one, if any is near.
fn unknown<'a>(key: &str, origin: String, shown: &str, known: impl Iterator<Item = &'a str>) -> Fault {
    Fault::Unknown { key: shown.to_owned(), origin, nearest: nearest(key, known) }
}

/// The known key that is nearest to one that is not, if any is near.
fn nearest<'a>(key: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let near = known.map(|name| (strsim::damerau_levenshtein(key, name), name)).min();
    near.filter(|(distance, name)| *distance <= name.len().max(4) / 2).map(|(_, name)| name.to_owned())
}

/// A calendar by its id; `24x7` is there without being defined.
fn calendar<'a>(calendars: &'a [CalendarDefinition], id: &str) -> Option<&'a CalendarDefinition> {
    calendars.iter().find(|calendar| calendar.id == id)
}

/// The built-in policies with those of the configuration on top.
fn with_builtin(policies: Vec<Policy>) -> Policies {
    let mut all = Policies::builtin();
    for policy in policies {
        all.add(policy);
    }
    all
}

/// A ladder that has no rung is none.
fn no_rungs(ladder: &Ladder) -> bool {
    ladder.0.is_empty()
}

#[cfg(test)]
mod tests;
