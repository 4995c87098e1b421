//! Answers on standard output: tables and lines for people, the contract's JSON for scripts. Whatever goes through
//! here is made safe for a terminal.

pub(crate) mod clock;
pub(crate) mod directory;
pub(crate) mod event;
pub(crate) mod explain;
pub(crate) mod suggest;
pub(crate) mod ticket;

use std::io::Write as _;

use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};
use jiff::{Timestamp, tz::TimeZone};
use prost::{Message, Name};

use crate::cli::value::OutputFormat;
use crate::failure::Failure;
use crate::sanitise;
use crate::text::Text;

/// Where answers go, and how they are to look.
#[derive(Debug)]
pub(crate) struct Out {
    /// Tables or JSON.
    pub(crate) format: OutputFormat,
    /// Standard output is a terminal.
    pub(crate) terminal: bool,
    /// Colour may be used.
    pub(crate) colour: bool,
    /// Columns of the terminal.
    pub(crate) width: u16,
    /// The texts.
    pub(crate) text: Text,
    /// The zone in which times are shown.
    pub(crate) zone: TimeZone,
    /// Now, for relative times.
    pub(crate) now: Timestamp,
}

/// How much a value wants to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it is.
    Plain,
    /// A heading.
    Strong,
    /// In the background.
    Dim,
    /// Done well.
    Good,
    /// Soon.
    Warn,
    /// Burning.
    Bad,
}

impl Tone {
    const fn sequence(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "\u{1b}[1m",
            Self::Dim => "\u{1b}[2m",
            Self::Good => "\u{1b}[32m",
            Self::Warn => "\u{1b}[33m",
            Self::Bad => "\u{1b}[1;31m",
        }
    }
}

impl Out {
    /// Whether people read it.
    pub(crate) fn is_table(&self) -> bool {
        self.format == OutputFormat::Table
    }

    /// A line for people.
    pub(crate) fn line(&self, text: &str) -> Result<(), Failure> {
        self.toned(Tone::Plain, text)
    }

    /// A line for people, in a tone.
    pub(crate) fn toned(&self, tone: Tone, text: &str) -> Result<(), Failure> {
        let clean = sanitise::block(text);
        if self.colour && tone != Tone::Plain {
            self.raw(&format!("{}{clean}\u{1b}[0m\n", tone.sequence()))
        } else {
            self.raw(&format!("{clean}\n"))
        }
    }

    /// A text of a catalogue as a line for people.
    pub(crate) fn say(&self, key: &str, arguments: &[(&str, crate::text::Value<'_>)]) -> Result<(), Failure> {
        self.line(&self.text.with(key, arguments))
    }

    /// A whole message as JSON: the response of the contract.
    pub(crate) fn message<M: Message + Name>(&self, message: &M) -> Result<(), Failure> {
        let value = opora_proto::json::to_value(message).map_err(|error| Failure::bug(error.to_string()))?;
        let text = if self.format == OutputFormat::Json {
            serde_json::to_string_pretty(&value)
        } else {
            serde_json::to_string(&value)
        }
        .map_err(|error| Failure::bug(error.to_string()))?;
        let text = if self.terminal { sanitise::json(&text).into_owned() } else { text };
        self.raw(&format!("{text}\n"))
    }

    /// A list: as JSON the response, as NDJSON each element on a line, for people whatever `table` prints.
    pub(crate) fn list<R, E>(
        &self,
        response: &R,
        elements: &[E],
        table: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure>
    where
        R: Message + Name,
        E: Message + Name,
    {
        match self.format {
            OutputFormat::Table => table(),
            OutputFormat::Json => self.message(response),
            OutputFormat::Ndjson => elements.iter().try_for_each(|element| self.message(element)),
        }
    }

    /// One answer: JSON the response, for people whatever `table` prints.
    pub(crate) fn one<R: Message + Name>(
        &self,
        response: &R,
        table: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if self.is_table() { table() } else { self.message(response) }
    }

    /// A table with these headings, to be filled and printed with [`Out::table`].
    pub(crate) fn new_table(&self, headings: &[&str]) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.force_no_tty();
        if self.colour {
            table.enforce_styling();
        }
        if self.terminal {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(self.width);
        }
        if !headings.is_empty() {
            table.set_header(headings.iter().map(|key| Cell::new(self.text.get(key)).add_attribute(Attribute::Bold)));
        }
        table
    }

    /// Prints a table.
    pub(crate) fn table(&self, table: &Table) -> Result<(), Failure> {
        // Only cells were filled in, each made safe; what is left are the table's own sequences.
        self.raw(&format!("{}\n", table.trim_fmt()))
    }

    /// Bytes as they are.
    #[expect(clippy::unused_self, reason = "whoever has no output has nothing to write to")]
    pub(crate) fn raw(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = std::io::stdout().lock();
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
            .map_err(|cause| Failure::stream("io-stdout", cause))
    }

    /// A time in the local zone: the hour today, the date too on other days.
    pub(crate) fn time(&self, time: Timestamp) -> String {
        let (local, today) = (time.to_zoned(self.zone.clone()), self.now.to_zoned(self.zone.clone()));
        let form = if local.date() == today.date() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
        local.strftime(form).to_string()
    }

    /// As [`Out::time`], for a time of the contract; a dash for none.
    pub(crate) fn wire_time(&self, time: Option<&prost_types::Timestamp>) -> String {
        instant(time).map_or_else(|| "—".to_owned(), |time| self.time(time))
    }
}

/// A cell with text from anywhere.
pub(crate) fn cell(text: &str) -> Cell {
    Cell::new(sanitise::line(text))
}

/// A cell in a tone.
pub(crate) fn toned(text: &str, tone: Tone) -> Cell {
    let cell = cell(text);
    match tone {
        Tone::Plain => cell,
        Tone::Strong => cell.add_attribute(Attribute::Bold),
        Tone::Dim => cell.add_attribute(Attribute::Dim),
        Tone::Good => cell.fg(Color::Green),
        Tone::Warn => cell.fg(Color::Yellow),
        Tone::Bad => cell.fg(Color::Red).add_attribute(Attribute::Bold),
    }
}

/// A time of the contract.
pub(crate) fn instant(time: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    let time = time?;
    Timestamp::new(time.seconds, time.nanos).ok()
}

/// A time for the contract.
pub(crate) fn wire(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() }
}

/// `#123` of `tickets/123`; a uid as it is.
pub(crate) fn short(name: &str) -> String {
    let id = name.strip_prefix("tickets/").unwrap_or(name);
    if id.bytes().all(|b| b.is_ascii_digit()) { format!("#{id}") } else { id.to_owned() }
}

/// `olga` of `agents/olga`.
pub(crate) fn bare(name: &str) -> &str {
    name.split_once('/').map_or(name, |(_, id)| id)
}
