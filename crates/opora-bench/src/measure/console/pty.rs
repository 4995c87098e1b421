//! A program in a pseudo-terminal: keys go in, bytes and frames come out with the instant at which they came. Answers
//! what programs ask a terminal. Knows nothing of what runs in it.

use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::error::{BenchError, Outcome};

/// The size of the terminal, columns and rows.
pub(super) const SIZE: (u16, u16) = (120, 40);
/// How long anything may take to be seen.
const PATIENCE: Duration = Duration::from_secs(40);
/// Synchronised output: where a frame begins and ends.
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";
/// What a program may ask, and what this terminal says: its ground and ink, and what it is.
const ANSWERS: [(&[u8], &[u8]); 3] = [
    (b"\x1b]10;?", b"\x1b]10;rgb:dddd/dddd/dddd\x1b\\"),
    (b"\x1b]11;?", b"\x1b]11;rgb:0000/0000/0000\x1b\\"),
    (b"\x1b[c", b"\x1b[?62;22c"),
];

/// A frame: all between the marks of synchronised output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) began: Instant,
    pub(super) ended: Instant,
    /// The number in the row under the cursor, if it can be told.
    pub(super) selected: Option<u64>,
}

/// What came out so far.
pub(super) struct Seen {
    parser: vt100::Parser,
    /// When something came.
    pub(super) chunks: Vec<Instant>,
    pub(super) bytes: u64,
    pub(super) frames: Vec<Frame>,
    began: Option<Instant>,
    /// The end of what came before: a mark may lie across two reads.
    tail: Vec<u8>,
    ended: bool,
}

impl Seen {
    fn take(&mut self, bytes: &[u8], at: Instant) {
        self.chunks.push(at);
        self.bytes += bytes.len() as u64;
        let mut rest = bytes;
        loop {
            let mut window = self.tail.clone();
            let before = window.len();
            window.extend_from_slice(rest);
            let mark = if self.began.is_some() { END } else { BEGIN };
            let Some(found) = window.windows(mark.len()).position(|part| part == mark) else { break };
            let (now, later) = rest.split_at((found + mark.len()).saturating_sub(before).min(rest.len()));
            self.parser.process(now);
            self.tail.clear();
            rest = later;
            self.began = match self.began.take() {
                None => Some(at),
                Some(began) => {
                    let selected = selected(self.parser.screen());
                    self.frames.push(Frame { began, ended: at, selected });
                    None
                }
            };
        }
        self.parser.process(rest);
        self.tail.extend_from_slice(rest);
        let keep = self.tail.len().saturating_sub(BEGIN.len() - 1);
        self.tail.drain(..keep);
    }

    /// What is on the screen.
    pub(super) fn screen(&self) -> String {
        self.parser.screen().contents()
    }
}

/// The number in the row that has the console's cursor.
fn selected(screen: &vt100::Screen) -> Option<u64> {
    screen.rows(0, SIZE.0).find_map(|row| {
        let (_, rest) = row.split_once('▌')?;
        rest.split_whitespace().take(5).find_map(|word| word.parse().ok())
    })
}

/// A program in a terminal.
pub(super) struct Pty {
    seen: Arc<(Mutex<Seen>, Condvar)>,
    keys: Arc<Mutex<Box<dyn Write + Send>>>,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    /// When it was started.
    pub(super) started: Instant,
}

impl Pty {
    /// Starts a command.
    pub(super) fn start(mut command: CommandBuilder) -> Outcome<Self> {
        for key in ["NO_COLOR", "COLORTERM", "TMUX", "STY", "LC_ALL", "LC_MESSAGES"] {
            command.env_remove(key);
        }
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        let size = PtySize { rows: SIZE.1, cols: SIZE.0, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).map_err(void)?;
        let mut output = pair.master.try_clone_reader().map_err(void)?;
        let keys = Arc::new(Mutex::new(pair.master.take_writer().map_err(void)?));
        let cells = |n| NonZeroU16::new(n).unwrap_or(NonZeroU16::MIN);
        let seen = Seen {
            parser: vt100::Parser::new(cells(SIZE.1), cells(SIZE.0), 0),
            chunks: Vec::new(),
            bytes: 0,
            frames: Vec::new(),
            began: None,
            tail: Vec::new(),
            ended: false,
        };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).map_err(void)?;
        drop(pair.slave);
        let (shared, answers) = (Arc::clone(&seen), Arc::clone(&keys));
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let read = output.read(&mut buffer).unwrap_or(0);
                let at = Instant::now();
                let bytes = buffer.get(..read).unwrap_or_default();
                for (question, answer) in ANSWERS {
                    if bytes.windows(question.len()).any(|part| part == question) {
                        let mut keys = answers.lock().unwrap_or_else(PoisonError::into_inner);
                        // A program that is gone needs no answer.
                        let _ = keys.write_all(answer).and_then(|()| keys.flush());
                    }
                }
                let mut seen = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
                seen.ended = read == 0;
                if read > 0 {
                    seen.take(bytes, at);
                }
                shared.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        Ok(Self { seen, keys, child, _master: pair.master, started })
    }

    /// Types.
    pub(super) fn send(&self, keys: &str) -> Outcome<Instant> {
        let mut writer = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let at = Instant::now();
        writer.write_all(keys.as_bytes())?;
        writer.flush()?;
        Ok(at)
    }

    /// What came out so far.
    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something is seen; gives what was made of it.
    pub(super) fn until<T>(&self, what: &str, mut wanted: impl FnMut(&Seen) -> Option<T>) -> Outcome<T> {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.seen();
        loop {
            if let Some(found) = wanted(&seen) {
                return Ok(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || seen.ended {
                return Err(BenchError::Void(format!("{what} was not seen in the terminal:\n{}", seen.screen())));
            }
            seen = self.seen.1.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until nothing has come for so long.
    pub(super) fn quiet(&self, long: Duration) -> Outcome<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let last = self.seen().chunks.last().copied().unwrap_or(self.started);
            let since = last.elapsed();
            if since >= long {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(BenchError::Void("the terminal is never quiet".into()));
            }
            std::thread::sleep(long.saturating_sub(since));
        }
    }

    /// Its process.
    pub(super) fn id(&self) -> Outcome<u32> {
        self.child.process_id().ok_or_else(|| BenchError::Void("the program has ended".into()))
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn void(error: impl std::fmt::Display) -> BenchError {
    BenchError::Void(format!("no pseudo-terminal: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_however_they_are_cut() {
        for size in 1..12 {
            let mut command = CommandBuilder::new("true");
            command.arg("x");
            let pty = Pty::start(command).unwrap();
            let mut seen = pty.seen();
            let text = "\x1b[?2026h\x1b[2;1H▌! 1042 a\x1b[?2026l..\x1b[?2026h\x1b[2;1H▌  1043 b\x1b[?2026l";
            for part in text.as_bytes().chunks(size) {
                seen.take(part, Instant::now());
            }
            let selected: Vec<_> = seen.frames.iter().map(|frame| frame.selected).collect();
            assert_eq!(selected, [Some(1042), Some(1043)], "cut every {size} bytes");
            assert_eq!(seen.bytes, text.len() as u64);
        }
    }
}
