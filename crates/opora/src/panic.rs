//! What a panic comes to: exit code 70 and a short report, never a raw backtrace unless it was asked for.

use std::io::Write as _;
use std::sync::Mutex;

use crate::failure::Failure;
use crate::sanitise;

static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Keeps a panic's message and place for the report. With `RUST_BACKTRACE` set the usual report comes too.
pub(crate) fn install() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map(|at| format!(" ({}:{})", at.file(), at.line())).unwrap_or_default();
        let said = info.payload_as_str().unwrap_or("a panic without words");
        if let Ok(mut last) = LAST.lock() {
            *last = Some(format!("{said}{place}"));
        }
        tracing::error!(panic = said, place, "a panic");
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            usual(info);
        }
    }));
}

/// The failure that the last panic comes to.
pub(crate) fn failure() -> Failure {
    let last = LAST.lock().ok().and_then(|mut last| last.take());
    Failure::bug(last.unwrap_or_else(|| "a panic".to_owned()))
}

/// Lines for people on standard error, made safe for a terminal.
pub(crate) fn tell(lines: &[String]) {
    let mut stderr = std::io::stderr().lock();
    for (index, line) in lines.iter().enumerate() {
        let head = if index == 0 { "opora: " } else { "" };
        // If standard error is gone there is nobody to tell.
        let _ = writeln!(stderr, "{head}{}", sanitise::block(line));
    }
}
