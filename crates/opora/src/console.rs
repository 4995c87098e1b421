//! `opora console`: opens the console on a desk.

use std::path::PathBuf;

use opora_console::{ConsoleError, ConsoleOptions, Language as Tongue};

use crate::cli::value::Language;
use crate::failure::{Exit, Failure};
use crate::output::Out;

/// Opens the console; returns when the person leaves it.
pub(crate) async fn open(out: &Out, server: &str, actor: &str) -> Result<(), Failure> {
    Box::pin(opora_console::run(options(out, server, actor))).await.map_err(failed)
}

/// Prints the queue once, without a terminal.
pub(crate) async fn once(out: &Out, server: &str, actor: &str) -> Result<(), Failure> {
    Box::pin(opora_console::once(options(out, server, actor), std::io::stdout())).await.map_err(failed)
}

fn options(out: &Out, server: &str, actor: &str) -> ConsoleOptions {
    let language = match out.text.language() {
        Language::Ru => Tongue::Ru,
        Language::En => Tongue::En,
    };
    ConsoleOptions {
        server: server.to_owned(),
        actor: actor.to_owned(),
        language,
        drafts: drafts(),
        theme: None,
        zone: None,
        idle: std::env::var_os("OPORA_CONSOLE_IDLE").map(PathBuf::from),
    }
}

/// Where drafts are kept: the person's own data directory.
fn drafts() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_DATA_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".local/share")))
        .unwrap_or_else(std::env::temp_dir)
        .join("opora/drafts")
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: ConsoleError) -> Failure {
    let exit = match error {
        ConsoleError::NoTerminal | ConsoleError::Connect(_) | ConsoleError::Zone(_) => Exit::Usage,
        ConsoleError::Terminal(_) => Exit::Io,
        ConsoleError::Server(_) => Exit::Unreachable,
        ConsoleError::Broken(_) => Exit::Bug,
    };
    Failure::new(exit, error.to_string())
}
