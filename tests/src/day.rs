//! A console of an engineer on a real server, with the rule that nothing may be told that was not expected: a toast
//! that no step asks for fails the test.
//!
//! Waits for what is on the screen, or for what the program itself tells in the file of `OPORA_CONSOLE_IDLE`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use opora_proto::client::request_id;
use opora_proto::v1;

use crate::{Server, Terminal, fixtures};

/// How long the program may take to tell something. Generous: the machine is shared.
const PATIENCE: Duration = Duration::from_mins(1);

/// Ctrl-D: sends what was written.
pub const SEND: &str = "\u{4}";
/// Ctrl-E: opens the editor.
pub const EDIT: &str = "\u{5}";
/// Esc, and nothing else in one write: what follows at once would be read as Alt.
pub const ESC: &str = "\u{1b}";

/// A running console.
pub struct Console {
    /// Its terminal.
    pub terminal: Terminal,
    home: tempfile::TempDir,
    /// How many toasts were expected and came.
    told: usize,
}

impl Console {
    /// The console of `agents/olga` on a server.
    pub fn open(server: &Server, columns: u16, rows: u16) -> Self {
        Self::with(server, columns, rows, &[], tempfile::tempdir().unwrap())
    }

    /// The same with more variables, and with a home that may hold drafts.
    pub fn with(
        server: &Server,
        columns: u16,
        rows: u16,
        environment: &[(&str, &str)],
        home: tempfile::TempDir,
    ) -> Self {
        let (url, idle) = (server.url(), home.path().join("idle"));
        let mut all = vec![
            ("XDG_DATA_HOME", home.path().to_str().unwrap()),
            ("XDG_CONFIG_HOME", home.path().to_str().unwrap()),
            ("XDG_STATE_HOME", home.path().to_str().unwrap()),
            ("OPORA_CONSOLE_IDLE", idle.to_str().unwrap()),
            ("OPORA_SERVER", &url),
            ("TZ", "UTC"),
        ];
        all.extend_from_slice(environment);
        let terminal = Terminal::opora(&["--as", "agents/olga", "console"], columns, rows, &all);
        let console = Self { terminal, home, told: 0 };
        console.terminal.see("● live");
        console
    }

    /// The person's own directory.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Types.
    pub fn keys(&mut self, keys: &str) {
        self.terminal.send(keys);
    }

    /// Waits until the screen shows a text.
    pub fn see(&self, text: &str) {
        self.terminal.see(text);
    }

    /// The next thing that the console tells holds this text.
    pub fn told(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        let next = loop {
            if let Some(next) = self.toasts().into_iter().nth(self.told) {
                break next;
            }
            assert!(Instant::now() < deadline, "`{text}` was not told:\n{}", self.terminal.screen());
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(next.contains(text), "expected `{text}`, told was `{next}`:\n{}", self.terminal.screen());
        self.told += 1;
    }

    /// Everything that was told so far.
    fn toasts(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.home.path().join("idle")).unwrap_or_default();
        // A line that is being written has no end yet.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().filter_map(|line| line.strip_prefix("toast: ")).map(str::to_owned).collect()
    }

    /// Fails where something was told that no step expected.
    pub fn nothing_else_was_told(&self) {
        let toasts = self.toasts();
        assert!(toasts.len() <= self.told, "this was told and not expected: {:?}", &toasts[self.told..]);
    }

    /// The texts of the drafts that are on disk.
    pub fn drafts(&self) -> Vec<String> {
        files(&self.home.path().join("opora/drafts"), "draft")
            .into_iter()
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect()
    }

    /// Waits until a draft on disk ends with a text.
    pub fn kept(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.drafts().iter().any(|draft| draft.ends_with(text)) {
            assert!(Instant::now() < deadline, "`{text}` is in no draft: {:?}", self.drafts());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until so many changes wait on disk for the server.
    pub fn waits_on_disk(&self, count: usize) {
        let waiting = || files(&self.home.path().join("opora/queued"), "json").len();
        let deadline = Instant::now() + PATIENCE;
        while waiting() != count {
            assert!(Instant::now() < deadline, "{} changes wait on disk, not {count}", waiting());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The person's own directory, once the console is gone.
    pub fn into_home(self) -> tempfile::TempDir {
        self.home
    }

    /// Leaves with `q`: the terminal is as it was, and nothing was told beside what was expected.
    pub fn leave(mut self) -> tempfile::TempDir {
        self.keys("q");
        assert!(self.terminal.wait().success());
        is_as_it_was(&self.terminal);
        self.nothing_else_was_told();
        self.into_home()
    }
}

/// The files of a kind below a directory, which keeps each desk's and each agent's apart.
pub fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|end| end == extension) {
            found.push(path);
        }
    }
    found
}

/// Every mode that the console sets is unset again.
pub fn is_as_it_was(terminal: &Terminal) {
    terminal.with_screen(|screen| {
        assert!(!screen.alternate_screen(), "the alternate screen is still shown");
        assert!(!screen.hide_cursor(), "the cursor is still hidden");
        assert!(!screen.bracketed_paste(), "pastes are still bracketed");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    });
    let bytes = terminal.bytes();
    let count = |what: &str| bytes.windows(what.len()).filter(|part| *part == what.as_bytes()).count();
    for (set, unset) in [
        ("\x1b[?2026h", "\x1b[?2026l"),
        ("\x1b[?1049h", "\x1b[?1049l"),
        ("\x1b[?2004h", "\x1b[?2004l"),
        ("\x1b[?1002h", "\x1b[?1002l"),
        ("\x1b[?1006h", "\x1b[?1006l"),
        ("\x1b[?25l", "\x1b[?25h"),
        ("\x1b[22;0t", "\x1b[23;0t"),
    ] {
        assert!(count(set) > 0, "{set:?} was never set");
        let last = |what: &str| bytes.windows(what.len()).rposition(|part| part == what.as_bytes());
        assert!(last(unset) > last(set), "{set:?} was not undone");
    }
}

/// A server with two agents.
pub async fn desk() -> Server {
    let server = Server::start();
    fixtures::agent(&server.desk(), "olga").await;
    fixtures::agent(&server.desk(), "ivan").await;
    server
}

/// A message of Ivan's to the customer, written meanwhile.
pub async fn ivan_answers(server: &Server, ticket: &str, body: &str) {
    let request = v1::AddCommentRequest {
        name: ticket.to_owned(),
        body: body.to_owned(),
        visibility: v1::Visibility::Public.into(),
        request_id: request_id(),
        ..Default::default()
    };
    server.desk_as("agents/ivan").tickets().add_comment(request).await.unwrap();
}

/// What was written on a ticket, oldest first.
pub async fn bodies(server: &Server, ticket: &str) -> Vec<String> {
    let request = v1::ListCommentsRequest { name: ticket.to_owned(), oldest_first: true, ..Default::default() };
    let comments = server.desk().tickets().list_comments(request).await.unwrap().into_inner().comments;
    comments.into_iter().map(|comment| comment.body).collect()
}

/// An `$EDITOR` that puts a line under what it is given, and after it what the console told its own allocator, which is
/// none of an editor's business: its path.
pub fn editor(directory: &Path, line: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = directory.join("editor.sh");
    std::fs::write(&path, format!("#!/bin/sh\nprintf '%s%s' '{line}' \"$MIMALLOC_PURGE_DELAY\" >> \"$1\"\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// The day's steps, each on the ticket under the cursor.
impl Console {
    /// Takes the ticket.
    pub fn take(&mut self, number: u64) {
        self.keys("t");
        self.told(&format!("#{number} is assigned to olga"));
    }

    /// Opens the reply.
    pub fn write(&mut self, text: &str) {
        self.keys("r");
        self.see("PUBLIC");
        self.keys(text);
        self.kept(text);
    }

    /// Sends what was written.
    pub fn sent(&mut self, number: u64) {
        self.keys(SEND);
        self.told(&format!("The reply on #{number} went out"));
    }

    /// Another priority, `moves` times down or up from the present one, after seeing what it would mean.
    pub fn priority(&mut self, number: u64, moves: &str, shown: &str, word: &str) {
        self.keys("p");
        self.see("continuous, at once");
        self.see(shown);
        self.keys(moves);
        self.keys("\r");
        self.see("Reason:");
        self.keys("the customer says so\r");
        self.told(&format!("#{number} has priority {word}"));
    }

    /// One rung up.
    pub fn escalate(&mut self, number: u64, whom: &str) {
        self.keys("E");
        self.see(whom);
        self.keys("nobody answers there\r");
        self.told(&format!("#{number} was escalated to"));
    }

    /// The first state that is offered.
    pub fn first_state(&mut self, number: u64, word: &str) {
        self.keys("s");
        self.see(&format!("State of #{number}"));
        self.keys("\r");
        self.told(&format!("#{number} is now: {word}"));
    }

    /// Takes the last change back.
    pub fn undo(&mut self, number: u64) {
        self.keys("u");
        self.told(&format!("#{number}: taken back"));
    }
}
