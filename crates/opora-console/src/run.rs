//! The loop: takes what waits, applies it, does what is asked for, draws at most one frame. The edge of the console.

use std::io::{self, IsTerminal as _, Write as _};
use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::time::Duration;

use crossterm::style::Print;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use crossterm::{execute, queue};
use opora_proto::client::{ClientOptions, Desk};
use rand::RngCore as _;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

use crate::breaks::{Breaks, broken};
use crate::model::{Link, Model, Start};
use crate::msg::{Call, Edited, Effect, Msg, Net};
use crate::pace::Pace;
use crate::term::disk::{Disk, File};
use crate::term::editor;
use crate::term::guard::Guard;
use crate::term::home::Home;
use crate::term::idle::Idle;
use crate::term::input::Input;
use crate::term::linked::{self, Linked};
use crate::term::osc;
use crate::term::rows::{self, Rows};
use crate::term::signals::{Caught, Signals};
use crate::term::whole::Whole;
use crate::texts::Texts;
use crate::theme::{Depth, Theme};
use crate::update::{settle, update};
use crate::view::view;
use crate::{ConsoleError, ConsoleOptions, Left, edge, net};

/// How many messages may wait; whoever has more waits too.
const INBOX: usize = 1024;
/// How many messages of the network are applied before a frame at most.
const DRAIN: usize = 4096;
/// The most that the loop sleeps without looking at the time, milliseconds.
const LONG: i64 = 3_600_000;

/// How long what was typed before the terminal went may take to be kept.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Opens the console on the terminal and returns when the person leaves it: for what. Must be called within a tokio runtime.
///
/// # Errors
/// [`ConsoleError`]; the terminal is as it was before.
pub async fn run(options: ConsoleOptions) -> Result<Left, ConsoleError> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(ConsoleError::NoTerminal);
    }
    // Huge pages make memory of what is never touched: ten MiB of an empty console. Where they can't be refused, so be it.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    let desk = Desk::new(&ClientOptions {
        server: options.server.clone(),
        actor: Some(format!("agents/{}", options.me())),
        language: Some(options.language.code().to_owned()),
        ..ClientOptions::default()
    })?;
    let (sender, inbox) = mpsc::channel(INBOX);
    let (calls, asked) = mpsc::channel(INBOX);
    // The first rows are asked for while the terminal is.
    let mut tasks = JoinSet::new();
    tasks.spawn(net::run(desk, options.server.clone(), asked, sender.clone()));
    if options.panic.as_deref() == Some("network") {
        tasks.spawn(async { broken() });
    }
    // NO_COLOR would take reverse and bold away too: the monochrome palette keeps them.
    crossterm::style::force_color_output(true);
    let settings = options.config.0.clone();
    let theme = options.theme.or(settings.theme).unwrap_or_else(detect_theme);
    let tmux = std::env::var_os("TMUX").is_some_and(|value| !value.is_empty());
    let idle = Idle::new(options.idle.as_deref())?;
    let guard = Guard::take(settings.mouse)?;
    // Never dropped: ratatui would show the cursor, which the guard does, and panic where the terminal is gone.
    let terminal = ManuallyDrop::new(Terminal::new(CrosstermBackend::new(Whole::new(io::stdout())))?);
    let size = terminal.size()?;
    let mut seed = [0; 32];
    rand::rng().fill_bytes(&mut seed);
    let mut model = Model::new(Start {
        texts: Texts::new(options.language),
        theme,
        me: options.me().to_owned(),
        server: options.server.clone(),
        zone: options.time_zone()?,
        now: edge::now(),
        size: (size.width, size.height),
        seed,
    });
    model.depth = settings.depth.unwrap_or_else(detect_depth);
    model.split = settings.split;
    model.unnamed_server = options.unnamed_server;
    model.offers_demo = options.demo && options.unnamed_server;
    model.settings = settings;
    let home = Home::new(options.drafts.clone(), &options.server, options.me());
    let looped = Loop {
        drafts: home.drafts(),
        disk: Disk::start(home, sender.clone())?,
        input: Input::new()?,
        signals: Signals::new()?,
        editor: None,
        pace: Pace::default(),
        breaks: Breaks::of(options.panic.as_deref()),
        links: Linked::default(),
        rows: Rows::default(),
        clear: false,
        tmux,
        model,
        terminal,
        _guard: guard,
        calls,
        inbox,
        idle,
        _sender: sender,
    };
    let result = looped.run(&mut tasks).await;
    tasks.shutdown().await;
    result
}

/// How many colours the environment tells of.
fn detect_depth() -> Depth {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    Depth::of(&variable("COLORTERM"), &variable("TERM"))
}

/// Monochrome where `NO_COLOR` is set, else as the terminal's ground is; dark where it does not say.
fn detect_theme() -> Theme {
    use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};
    if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return Theme::Mono;
    }
    let mut options = QueryOptions::default();
    options.timeout = Duration::from_millis(100);
    match theme_mode(options) {
        Ok(ThemeMode::Light) => Theme::Light,
        _ => Theme::Dark,
    }
}

/// All that the loop holds.
struct Loop {
    model: Model,
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Whole<io::Stdout>>>>,
    _guard: Guard,
    inbox: mpsc::Receiver<Msg>,
    calls: mpsc::Sender<Call>,
    input: Input,
    disk: Disk,
    drafts: PathBuf,
    signals: Signals,
    editor: Option<JoinHandle<Edited>>,
    idle: Idle,
    pace: Pace,
    breaks: Option<Breaks>,
    /// The links that the terminal knows of.
    links: Linked,
    /// The rows whose width the terminal may see otherwise.
    rows: Rows,
    /// What is on the screen is not what was drawn.
    clear: bool,
    tmux: bool,
    /// Keeps the inbox open.
    _sender: mpsc::Sender<Msg>,
}

impl Loop {
    async fn run(mut self, tasks: &mut JoinSet<()>) -> Result<Left, ConsoleError> {
        let mut first = Vec::new();
        loop {
            Guard::drawn_here();
            let urgent = self.apply(std::mem::take(&mut first)).await?;
            self.idle.toasts(self.model.toasted, self.model.toasts.iter().rev().map(|toast| toast.text.as_str()));
            if self.model.quit {
                return Ok(if self.model.wants_demo { Left::ForDemo } else { Left::Done });
            }
            if let Err(error) = self.draw(urgent) {
                // Where the terminal went there is nothing to draw on, but what was typed before is on its way.
                let _ = tokio::time::timeout(LAST_WORDS, self.last_words()).await;
                return Err(error);
            }
            if self.inbox.is_empty() && !self.model.dirty && self.disk.is_idle() {
                self.idle.tell();
            }
            let wait = self.wait();
            tokio::select! {
                msgs = self.input.next(), if self.editor.is_none() => first = msgs,
                msg = self.inbox.recv() => first.extend(msg),
                () = tokio::time::sleep(wait) => {}
                () = self.disk.grown() => {}
                caught = self.signals.next() => first.push(match caught {
                    // The person means the editor: while the terminal is the editor's, Ctrl-C goes to both.
                    Caught::Interrupt if self.editor.is_some() => Msg::Now(edge::now()),
                    Caught::End | Caught::Interrupt => Msg::Terminate,
                    Caught::GoesOn => {
                        if self.editor.is_none() {
                            self.regain()?;
                        }
                        Msg::Now(edge::now())
                    }
                    Caught::Resized => {
                        let size = self.terminal.size()?;
                        Msg::Resize(size.width, size.height)
                    }
                }),
                result = edited(&mut self.editor), if self.editor.is_some() => {
                    first.push(self.back(result)?);
                }
                ended = tasks.join_next() => {
                    let why = ended.and_then(Result::err).map_or_else(String::new, |error| error.to_string());
                    return Err(ConsoleError::Broken(why));
                }
            }
        }
    }

    /// Applies what comes until the terminal's end is told.
    async fn last_words(&mut self) -> Result<(), ConsoleError> {
        while !self.model.quit {
            let msgs = self.input.next().await;
            self.apply(msgs).await?;
        }
        Ok(())
    }

    /// Applies all that waits; true where somebody waits for what of it is to be seen: a person did it, or it is the
    /// first rows.
    async fn apply(&mut self, mut first: Vec<Msg>) -> Result<bool, ConsoleError> {
        let mut effects = update(&mut self.model, Msg::Now(edge::now()));
        let mut urgent = false;
        if self.editor.is_none() {
            // No key waits for what the network brought.
            first.extend(self.input.now());
        }
        let inbox = std::iter::from_fn(|| self.inbox.try_recv().ok()).take(DRAIN);
        for msg in first.into_iter().chain(inbox) {
            urgent |= !matches!(msg, Msg::Net(_)) || matches!(msg, Msg::Net(Net::Head(_)));
            effects.extend(update(&mut self.model, msg));
            if self.model.quit {
                break;
            }
        }
        effects.extend(settle(&mut self.model));
        for effect in effects {
            self.perform(effect).await?;
        }
        Ok(urgent)
    }

    async fn perform(&mut self, effect: Effect) -> Result<(), ConsoleError> {
        match effect {
            // The network task ends with this side only; its end is met in the loop.
            Effect::Call(call) => drop(self.calls.send(call).await),
            Effect::SaveDraft(key, draft) => {
                self.disk.order(File::Draft(key), Some(draft.encode()));
                if self.breaks == Some(Breaks::Typed) && draft.text.ends_with('!') {
                    broken();
                }
            }
            Effect::DeleteDraft(key) => self.disk.order(File::Draft(key), None),
            Effect::Queue(queued) => self.disk.order(File::Queued(queued.file_name()), Some(queued.encode())),
            Effect::Unqueue(name) => self.disk.order(File::Queued(name), None),
            Effect::Redraw => self.clear = true,
            Effect::Editor(key, text) if self.editor.is_none() => {
                Guard::release();
                let directory = self.drafts.clone();
                self.editor = Some(tokio::task::spawn_blocking(move || editor::run(&directory, key, &text)));
            }
            Effect::Editor(..) => {}
            Effect::Unedit(name) => {
                self.disk.order(File::Edited(editor::lock_name(&name)), None);
                self.disk.order(File::Edited(name), None);
            }
            Effect::Suspend => self.suspend().await?,
            Effect::Copy(text) => tell(&osc::copy(&text, self.tmux))?,
            Effect::Alert(text) => {
                let bell = &self.model.settings.bell;
                tell(&osc::call(&text, bell.sound, bell.notify, self.tmux))?;
            }
        }
        Ok(())
    }

    /// The editor ended: the terminal is the console's again.
    fn back(&mut self, edited: Option<Edited>) -> Result<Msg, ConsoleError> {
        self.editor = None;
        self.regain()?;
        Ok(edited.map_or_else(|| Msg::Now(edge::now()), Msg::Edited))
    }

    /// The next frame is drawn whole. Not `Terminal::clear`: it asks the terminal where the cursor is, and a slow line
    /// would then be an error.
    fn forget_screen(&mut self) -> Result<(), ConsoleError> {
        let size = self.terminal.size()?;
        self.terminal.resize(ratatui::layout::Rect::new(0, 0, size.width, size.height))?;
        Ok(())
    }

    fn regain(&mut self) -> Result<(), ConsoleError> {
        Guard::set()?;
        self.clear = true;
        let size = self.terminal.size()?;
        self.model.size = (size.width, size.height);
        self.model.dirty = true;
        Ok(())
    }

    /// Ctrl-Z: the shell has the terminal until the console goes on.
    async fn suspend(&mut self) -> Result<(), ConsoleError> {
        Guard::release();
        // A process without job control is not stopped: then it goes on at once.
        if rustix::process::kill_current_process_group(rustix::process::Signal::TSTP).is_ok() {
            let _ = tokio::time::timeout(Duration::from_millis(500), self.signals.gone_on()).await;
        }
        self.regain()
    }

    /// One frame, if something visible changed; for the network alone at the network's pace.
    fn draw(&mut self, urgent: bool) -> Result<(), ConsoleError> {
        if !self.model.dirty || self.editor.is_some() {
            return Ok(());
        }
        let now = edge::now();
        if !urgent && now < self.pace.next() {
            return Ok(());
        }
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate, Print(rows::NO_WRAP))?;
        if self.breaks == Some(Breaks::Draw) && self.model.link == Link::Live {
            broken();
        }
        if std::mem::take(&mut self.clear) {
            self.forget_screen()?;
            self.links = Linked::default();
            self.rows = Rows::default();
        }
        let frame = self.terminal.draw(|frame| view(&self.model, frame))?;
        let whole = self.rows.tell(frame.buffer);
        // Only a frame with such rows has to be kept for what is drawn after it.
        let buffer = (!whole.is_empty()).then(|| frame.buffer.clone());
        self.links.erased(&whole);
        let cells = self.links.tell(&self.model, frame.buffer);
        if let Some(buffer) = buffer {
            rows::draw(self.terminal.backend_mut(), &buffer, &whole)?;
        }
        linked::draw(self.terminal.backend_mut(), cells)?;
        execute!(self.terminal.backend_mut(), Print(rows::WRAP), EndSynchronizedUpdate)?;
        self.model.dirty = false;
        if !urgent {
            self.pace.drawn(now);
        }
        Ok(())
    }

    /// Until the next frame that is due by time alone, or that was put off.
    fn wait(&self) -> Duration {
        let now = edge::now();
        let put_off = (self.model.dirty && self.editor.is_none()).then_some(self.pace.next());
        let at = [self.model.deadline, self.model.wake, put_off].into_iter().flatten().min().unwrap_or(now + LONG);
        Duration::from_millis((at - now).clamp(1, LONG) as u64)
    }
}

/// Says something to the terminal beside the frame.
fn tell(sequence: &str) -> io::Result<()> {
    let mut out = io::stdout();
    out.write_all(sequence.as_bytes())?;
    out.flush()
}

/// What came of the editor; nothing where its thread broke: what is in its file is found at the next start.
async fn edited(editor: &mut Option<JoinHandle<Edited>>) -> Option<Edited> {
    match editor {
        Some(running) => running.await.ok(),
        None => std::future::pending().await,
    }
}
