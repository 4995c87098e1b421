//! A real terminal: the built binary in a pseudo-terminal, its screen read back through a terminal emulator.
//!
//! Waits for what is on the screen, never for a time; what is waited for in vain is shown with the screen.

use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// How long anything may take. Generous: the machine is shared.
const PATIENCE: Duration = Duration::from_mins(1);

struct Seen {
    parser: vt100::Parser,
    /// Everything that was written, as it was written.
    bytes: Vec<u8>,
    /// When how much of it had come.
    times: Vec<(Duration, usize)>,
    ended: bool,
    /// What is written from now on is read by nobody.
    closing: bool,
}

/// A program in a terminal.
pub struct Terminal {
    seen: Arc<(Mutex<Seen>, Condvar)>,
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Option<Box<dyn std::io::Write + Send>>,
    reader: Option<JoinHandle<()>>,
    child: Box<dyn Child + Send + Sync>,
}

impl Terminal {
    /// The built binary with these arguments, in a terminal of that size, with these variables set.
    pub fn opora(arguments: &[&str], columns: u16, rows: u16, environment: &[(&str, &str)]) -> Self {
        let mut command = CommandBuilder::new(crate::binary());
        command.args(arguments);
        for key in ["NO_COLOR", "COLORTERM", "TMUX", "LC_ALL", "LC_MESSAGES", "EDITOR", "VISUAL", "OPORA_SERVER"] {
            command.env_remove(key);
        }
        command.env("TERM", "xterm-256color");
        command.env("LANG", "en_GB.UTF-8");
        for (key, value) in environment {
            command.env(key, value);
        }
        Self::start(command, columns, rows)
    }

    /// Any command in a terminal of that size.
    pub fn start(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let parser = vt100::Parser::new(cells(rows), cells(columns), 0);
        let seen = Seen { parser, bytes: Vec::new(), times: Vec::new(), ended: false, closing: false };
        let start = Instant::now();
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let mut output = pair.master.try_clone_reader().unwrap();
        let shared = Arc::clone(&seen);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            loop {
                let read = output.read(&mut buffer).unwrap_or(0);
                let mut seen = shared.0.lock().unwrap();
                seen.parser.process(&buffer[..read]);
                seen.bytes.extend_from_slice(&buffer[..read]);
                let length = seen.bytes.len();
                seen.times.push((start.elapsed(), length));
                seen.ended = read == 0;
                shared.1.notify_all();
                if read == 0 || seen.closing {
                    return;
                }
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { seen, master: Some(pair.master), keys: Some(keys), reader: Some(reader), child }
    }

    /// Types.
    pub fn send(&mut self, keys: &str) {
        let writer = self.keys.as_mut().expect("the terminal is open");
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.seen.0.lock().unwrap().parser.set_size(cells(rows), cells(columns));
        self.master.as_ref().expect("the terminal is open").resize(size(columns, rows)).unwrap();
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        self.seen.0.lock().unwrap().parser.screen().contents()
    }

    /// Everything that was written to the terminal so far, with its escape sequences.
    pub fn bytes(&self) -> Vec<u8> {
        self.seen.0.lock().unwrap().bytes.clone()
    }

    /// What was written, in the parts and at the times in which it came; no part ends inside a character.
    pub fn parts(&self) -> Vec<(Duration, String)> {
        let seen = self.seen.0.lock().unwrap();
        let (mut parts, mut from) = (Vec::new(), 0);
        for &(at, to) in &seen.times {
            let part = &seen.bytes[from..to];
            let whole = std::str::from_utf8(part).map_or_else(|error| error.valid_up_to(), str::len);
            if whole > 0 {
                parts.push((at, String::from_utf8_lossy(&part[..whole]).into_owned()));
                from += whole;
            }
        }
        parts
    }

    /// The state of the terminal: the screen it shows, its modes, its cursor.
    pub fn with_screen<T>(&self, read: impl FnOnce(&vt100::Screen) -> T) -> T {
        read(self.seen.0.lock().unwrap().parser.screen())
    }

    /// Waits until the screen shows a text.
    pub fn see(&self, text: &str) {
        self.until(&format!("`{text}`"), |screen| screen.contains(text));
    }

    /// Waits until the screen no longer shows a text.
    pub fn see_gone(&self, text: &str) {
        self.until(&format!("no `{text}`"), |screen| !screen.contains(text));
    }

    /// Waits until the screen is as wanted.
    pub fn until(&self, what: &str, mut wanted: impl FnMut(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.seen.0.lock().unwrap();
        loop {
            let screen = seen.parser.screen().contents();
            if wanted(&screen) {
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!seen.ended, "the program ended and {what} was not seen:\n{screen}");
            assert!(!left.is_zero(), "{what} was not seen:\n{screen}");
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Asks the program to end, as `kill` does, and waits for it.
    pub fn stop(&mut self) -> ExitStatus {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.wait()
    }

    /// Kills the program, as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.wait();
    }

    /// Waits for the end of the program and of what it wrote.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.seen.0.lock().unwrap();
        while !seen.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the program does not end:\n{}", seen.parser.screen().contents());
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
        drop(seen);
        self.child.wait().unwrap()
    }

    /// Closes the terminal, as a window that is closed or a line that is cut, and waits for the end of the program. It
    /// must answer `key` with something on the screen. What holds the terminal types Enter and Ctrl-D as it goes.
    pub fn close(&mut self, key: &str) -> ExitStatus {
        self.seen.0.lock().unwrap().closing = true;
        self.send(key);
        self.reader.take().expect("the terminal is open").join().unwrap();
        drop(self.master.take());
        drop(self.keys.take());
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the program outlives its terminal");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The screen as a picture.
    pub fn svg(&self) -> String {
        self.with_screen(crate::picture::svg)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).expect("a terminal has rows and columns")
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

#[cfg(test)]
mod tests {
    use super::Terminal;
    use portable_pty::CommandBuilder;

    #[test]
    fn a_program_is_seen_typed_to_pictured_and_ends() {
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", "printf '\\033[1;31mпривет <\\033[0m'; read x; printf \"$x\"; exit 3"]);
        let mut terminal = Terminal::start(command, 40, 5);
        terminal.see("привет");
        assert!(terminal.svg().contains(">привет &lt;</text>"), "{}", terminal.svg());
        terminal.send("answer\r");
        terminal.see("answer");
        assert_eq!(terminal.wait().exit_code(), 3);
    }
}
