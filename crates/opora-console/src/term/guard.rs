//! The guard of the terminal: undoes *every* mode that was set, from Drop, from the panic hook before the report, on
//! signals, before an editor, on suspend.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::thread::ThreadId;

use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste};
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, queue};

/// Whether the modes are set. One terminal, one process: a static, because the panic hook needs it.
static SET: AtomicBool = AtomicBool::new(false);
/// Whether the mouse is asked for.
static MOUSE: AtomicBool = AtomicBool::new(true);
/// Presses, the wheel and drags, with columns beyond 223; not every motion, as crossterm's own would: over ssh that is a
/// byte stream for nothing.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1015h\x1b[?1006h";
/// The thread that draws: a panic in any other one must not touch the screen.
static DRAWER: Mutex<Option<ThreadId>> = Mutex::new(None);
static HOOK: Once = Once::new();

/// While it lives, the terminal is the console's.
#[derive(Debug)]
pub(crate) struct Guard(());

impl Guard {
    /// Takes the terminal.
    ///
    /// # Errors
    /// What the terminal refused; what was set already is undone.
    pub(crate) fn take(mouse: bool) -> io::Result<Self> {
        MOUSE.store(mouse, Ordering::SeqCst);
        HOOK.call_once(|| {
            let previous = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                let here = Some(std::thread::current().id());
                let drawer = *DRAWER.lock().unwrap_or_else(PoisonError::into_inner);
                if SET.load(Ordering::SeqCst) && drawer != here {
                    // Somebody else's panic: into the log, not over the screen.
                    tracing::error!(%info, "a panic in another part of the process");
                    return;
                }
                restore();
                previous(info);
            }));
        });
        let guard = Self(());
        Self::set()?;
        Ok(guard)
    }

    /// Notes that this thread draws.
    pub(crate) fn drawn_here() {
        *DRAWER.lock().unwrap_or_else(PoisonError::into_inner) = Some(std::thread::current().id());
    }

    /// Gives the terminal back for a while.
    pub(crate) fn release() {
        restore();
    }

    /// Takes it again.
    ///
    /// # Errors
    /// What the terminal refused.
    pub(crate) fn set() -> io::Result<()> {
        SET.store(true, Ordering::SeqCst);
        let mut out = io::stdout();
        enable_raw_mode()?;
        // 22;0t puts the title on the terminal's stack, 23;0t takes it from there.
        write!(out, "\x1b[22;0t")?;
        queue!(out, EnterAlternateScreen, EnableBracketedPaste, cursor::Hide, SetTitle("Opora"))?;
        if MOUSE.load(Ordering::SeqCst) {
            write!(out, "{MOUSE_ON}")?;
        }
        out.flush()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Undoes every mode, once. What fails is not told: there is nobody left to tell.
pub(crate) fn restore() {
    if !SET.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    let _ = queue!(
        out,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        crossterm::style::ResetColor,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = write!(out, "\x1b[0m\x1b[23;0t");
    let _ = out.flush();
    let _ = disable_raw_mode();
}
