//! Where lines of the log go. One that can't be written is dropped and counted, and nothing ends or waits of it: standard
//! error may be on a full disk, its reader may have gone away, or may not read. How many were dropped is told as soon as
//! lines get through again, and meanwhile in the server's warnings. Of what somebody else can cause at will only so many
//! lines are written.

use std::fs::File;
use std::io::{self, Stderr, Write};
use std::sync::{Mutex, PoisonError};

use opora_server::config::LogFormat;
use opora_server::{Topic, Warning, Warnings};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::time::Instant;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use crate::often::{Came, MOST, Often, WHILE};

/// How long a line waits for a reader who is slow, in nanoseconds: as long as a busy collector of logs may not run.
/// After one that waited in vain none waits, until one gets through.
const PATIENCE: i64 = 50_000_000;

/// What a log is written to.
pub(crate) trait Sink: Write + Send + 'static {
    /// Whether it takes a line now, or within a time in nanoseconds.
    fn takes(&self, within: i64) -> bool;
}

impl Sink for Stderr {
    fn takes(&self, within: i64) -> bool {
        let mut fds = [PollFd::new(self, PollFlags::OUT)];
        let within = Timespec { tv_sec: 0, tv_nsec: within };
        // What can't be asked is tried.
        !matches!(poll(&mut fds, Some(&within)), Ok(0))
    }
}

impl Sink for File {
    fn takes(&self, _: i64) -> bool {
        true
    }
}

/// Takes the lines of a log one by one.
pub(crate) struct Lines<S> {
    state: Mutex<State<S>>,
    format: LogFormat,
    warnings: Warnings,
    often: Often,
}

struct State<S> {
    sink: S,
    /// Dropped since the start.
    dropped: u64,
    /// Of these, how many nobody was told of.
    untold: u64,
    /// The last line broke off in its middle.
    torn: bool,
}

impl<S: Sink> Lines<S> {
    /// Lines of a log in that form; what is dropped stands in the warnings.
    pub(crate) fn new(sink: S, format: LogFormat, warnings: Warnings) -> Self {
        let state = Mutex::new(State { sink, dropped: 0, untold: 0, torn: false });
        Self { state, format, warnings, often: Often::default() }
    }

    fn put(&self, line: &[u8]) {
        // Nothing panics while it is held.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.untold > 0 {
            let message = Warning::LogLinesDropped { count: state.untold }.to_string();
            let told = self.own(&message, state.untold);
            if state.write(told.as_bytes()) {
                state.untold = 0;
            }
        }
        if state.untold > 0 || !state.write(line) {
            state.untold += 1;
            state.dropped += 1;
            self.warnings.set(Topic::Log, vec![Warning::LogLinesDropped { count: state.dropped }]);
        }
    }

    /// The line of one event, or nothing: of its kind there were too many.
    fn line_of(&self, event: &Metadata<'_>, now: Instant) -> Line<'_, S> {
        // Who asks for more than what is worth a line by itself asks for all of it.
        if *event.level() > Level::INFO {
            return Line(Some(self));
        }
        match self.often.line(event.callsite(), now) {
            Came::LeftOut => Line(None),
            Came::Written(0) => Line(Some(self)),
            Came::Written(left_out) => {
                let (target, time) = (event.target(), WHILE.as_secs());
                let message = format!(
                    "{left_out} lines like the next one ({target}) were left out: there were more than {MOST} in {time} s"
                );
                self.put(self.own(&message, left_out).as_bytes());
                Line(Some(self))
            }
        }
    }

    /// A line of the log's own that tells of so many others, in the form of the log.
    fn own(&self, message: &str, count: u64) -> String {
        let now = crate::context::now();
        match self.format {
            LogFormat::Text => format!("{now:.6}  WARN opora: {message}\n"),
            LogFormat::Json => {
                let fields = serde_json::json!({ "message": message, "count": count });
                let timestamp = format!("{now:.6}");
                let line = serde_json::json!({
                    "timestamp": timestamp, "level": "WARN", "fields": fields, "target": "opora",
                });
                format!("{line}\n")
            }
        }
    }
}

impl<S: Sink> State<S> {
    /// Writes a line, whole or not at all as far as the sink can; whether it did.
    fn write(&mut self, line: &[u8]) -> bool {
        if self.torn && self.piece(b"\n") == 0 {
            return false;
        }
        self.torn = false;
        let written = self.piece(line);
        // The rest of a line that broke off would look like one of its own.
        self.torn = written > 0 && written < line.len();
        written == line.len()
    }

    /// Writes as much as can be; how much it was.
    fn piece(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        let patience = if self.untold == 0 { PATIENCE } else { 0 };
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            if !self.sink.takes(patience) {
                break;
            }
            match self.sink.write(rest) {
                Ok(0) => break,
                Ok(more) => written += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        written
    }
}

/// One line on its way; `None`: it is left out.
pub(crate) struct Line<'a, S>(Option<&'a Lines<S>>);

impl<S: Sink> Write for Line<'_, S> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(lines) = self.0 {
            lines.put(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a, S: Sink> MakeWriter<'a> for Lines<S> {
    type Writer = Line<'a, S>;

    fn make_writer(&'a self) -> Line<'a, S> {
        Line(Some(self))
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Line<'a, S> {
        self.line_of(event, Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// A disk of so many bytes, which somebody empties.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(Vec<u8>, usize, bool)>>);

    impl Disk {
        fn room(&self, bytes: usize) {
            self.0.lock().unwrap().1 = bytes;
        }

        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().0.clone()).unwrap()
        }
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut disk = self.0.lock().unwrap();
            let fits = bytes.len().min(disk.1);
            if fits == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            disk.1 -= fits;
            disk.0.extend_from_slice(&bytes[..fits]);
            Ok(fits)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Sink for Disk {
        fn takes(&self, _: i64) -> bool {
            !self.0.lock().unwrap().2
        }
    }

    fn lines(format: LogFormat) -> (Disk, Lines<Disk>, Warnings) {
        let (disk, warnings) = (Disk::default(), Warnings::default());
        (disk.clone(), Lines::new(disk, format, warnings.clone()), warnings)
    }

    #[test]
    fn a_line_that_cant_be_written_is_dropped_and_counted_and_told_when_there_is_room_again() {
        let (disk, lines, warnings) = lines(LogFormat::Text);
        lines.make_writer().write_all(b"no room\n").unwrap();
        lines.make_writer().write_all(b"none yet\n").unwrap();
        assert_eq!(warnings.all(), [Warning::LogLinesDropped { count: 2 }]);
        disk.room(1_000);
        lines.make_writer().write_all(b"room\n").unwrap();
        lines.make_writer().write_all(b"more\n").unwrap();
        let text = disk.text();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(
            text.contains(" WARN opora: 2 lines of the log could not be written") && text.ends_with("\nroom\nmore\n")
        );
        assert_eq!(warnings.all(), [Warning::LogLinesDropped { count: 2 }]);
    }

    #[test]
    fn a_line_that_broke_off_is_counted_and_the_next_begins_a_line_of_its_own() {
        let (disk, lines, warnings) = lines(LogFormat::Json);
        disk.room(4);
        lines.make_writer().write_all(b"{\"a\":1}\n").unwrap();
        disk.room(1_000);
        lines.make_writer().write_all(b"{\"b\":2}\n").unwrap();
        let text = disk.text();
        let all: Vec<&str> = text.lines().collect();
        assert_eq!((all[0], all[2]), ("{\"a\"", "{\"b\":2}"));
        let told: serde_json::Value = serde_json::from_str(all[1]).unwrap();
        assert_eq!((&told["level"], &told["fields"]["count"]), (&"WARN".into(), &1.into()));
        assert_eq!(warnings.all(), [Warning::LogLinesDropped { count: 1 }]);
    }

    /// The lines that a log has when something happens.
    fn log_of(happens: impl FnOnce()) -> String {
        let (disk, lines, _) = lines(LogFormat::Text);
        disk.room(usize::MAX);
        let log = tracing_subscriber::fmt().with_max_level(Level::DEBUG).with_ansi(false).with_writer(lines).finish();
        tracing::subscriber::with_default(log, happens);
        disk.text()
    }

    #[test]
    fn of_what_somebody_else_can_cause_at_will_so_many_lines_are_written_and_every_other_line_stays() {
        let text = log_of(|| {
            for n in 0..MOST * 5 {
                tracing::warn!(n, "somebody floods");
                tracing::debug!(n, "each is asked for");
            }
            tracing::warn!("something else");
        });
        let count = |what: &str| text.lines().filter(|line| line.contains(what)).count() as u64;
        assert_eq!(count("somebody floods"), MOST);
        assert_eq!((count("each is asked for"), count("something else")), (MOST * 5, 1));
    }

    #[test]
    fn how_many_lines_were_left_out_is_told_before_the_next_one_of_their_kind() {
        let event = tracing::callsite! { name: "flood", kind: tracing::metadata::Kind::EVENT, level: Level::WARN, fields: message };
        let event = tracing::callsite::Callsite::metadata(event);
        for (format, mark) in [(LogFormat::Text, " WARN opora: "), (LogFormat::Json, "\"count\":7")] {
            let (disk, lines, _) = lines(format);
            disk.room(usize::MAX);
            let began = Instant::now();
            for _ in 0..MOST + 7 {
                lines.line_of(event, began).write_all(b"x\n").unwrap();
            }
            lines.line_of(event, began + WHILE).write_all(b"after\n").unwrap();
            lines.line_of(event, began + WHILE).write_all(b"more\n").unwrap();
            let text = disk.text();
            let rest: Vec<_> = text.lines().skip_while(|line| *line == "x").collect();
            assert_eq!((text.lines().count() as u64, rest.len()), (MOST + 3, 3), "{text}");
            assert!(rest[0].contains(mark) && rest[0].contains("7 lines like the next one"), "{text}");
            assert_eq!(rest[1..], ["after", "more"]);
        }
    }

    #[test]
    fn a_line_that_nobody_takes_is_dropped() {
        let (disk, lines, warnings) = lines(LogFormat::Text);
        disk.room(1_000);
        disk.0.lock().unwrap().2 = true;
        lines.make_writer().write_all(b"stuck\n").unwrap();
        assert_eq!((disk.text().as_str(), warnings.all()), ("", vec![Warning::LogLinesDropped { count: 1 }]));
    }
}
