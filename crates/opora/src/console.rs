//! `opora console`: opens the console on a desk.

use std::path::{Path, PathBuf};

use opora_console::{Config, ConsoleError, ConsoleOptions, Language as Tongue, Left};

use crate::cli::value::Language;
use crate::cli::work::ConsoleArgs;
use crate::cli::{ClientArgs, DEFAULT_SERVER};
use crate::failure::{Exit, Failure};
use crate::output::Out;
use crate::reader::while_read;

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) server: &'a str,
    pub(crate) actor: &'a str,
    /// The file of settings that was named.
    pub(crate) config: Option<&'a Path>,
}

/// Runs `opora console` as its arguments say; for what it was left.
pub(crate) async fn run(client: &ClientArgs, args: &ConsoleArgs) -> Result<Left, Failure> {
    let out = &crate::context::out(client);
    let actor = client.actor.as_deref().unwrap_or("agents/anonymous");
    let asked = Asked { server: &client.server, actor, config: args.config.as_deref() };
    let options = options(out, asked)?;
    if args.print_keys {
        return out.raw(&opora_console::print_keys(&options.config, options.language)).map(|()| Left::Done);
    }
    let stdout = std::io::stdout();
    match (args.once, args.plain) {
        (true, _) => Box::pin(opora_console::once(options, stdout)).await.map(|()| Left::Done),
        (false, true) => {
            let plain = async { Box::pin(opora_console::plain(options, stdout)).await.map_err(failed) };
            return while_read(plain).await.map(|()| Left::Done);
        }
        (false, false) => Box::pin(opora_console::run(options)).await,
    }
    .map_err(failed)
}

/// Opens the console; returns when the person leaves it.
pub(crate) async fn open(out: &Out, server: &str, actor: &str) -> Result<(), Failure> {
    let options = options(out, Asked { server, actor, config: None })?;
    Box::pin(opora_console::run(options)).await.map(|_| ()).map_err(failed)
}

fn options(out: &Out, asked: Asked<'_>) -> Result<ConsoleOptions, Failure> {
    let language = match out.text.language() {
        Language::Ru => Tongue::Ru,
        Language::En => Tongue::En,
    };
    Ok(ConsoleOptions {
        server: asked.server.to_owned(),
        actor: asked.actor.to_owned(),
        language,
        drafts: drafts(),
        theme: None,
        zone: None,
        config: config(asked.config, language)?,
        unnamed_server: asked.server == DEFAULT_SERVER && set("OPORA_SERVER").is_none(),
        demo: cfg!(feature = "server"),
        panic: panics(),
        idle: std::env::var_os("OPORA_CONSOLE_IDLE").map(PathBuf::from),
    })
}

/// Where a test wants the console to break; in a build for use nowhere.
fn panics() -> Option<String> {
    std::env::var("OPORA_CONSOLE_PANIC").ok().filter(|_| cfg!(debug_assertions))
}

/// A variable that is set to something.
fn set(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The settings: of the file that was named, else of the person's own if there is one.
fn config(named: Option<&Path>, language: Tongue) -> Result<Config, Failure> {
    let own = || set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
    let path = match named {
        Some(path) => path.to_owned(),
        None => match own() {
            Some(directory) => directory.join("opora/console.toml"),
            None => return Ok(Config::default()),
        },
    };
    let text = match std::fs::read_to_string(&path) {
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(Config::default()),
        text => text.map_err(|error| Failure::config(format!("{}: {error}", path.display())))?,
    };
    Config::parse(&text, &path.display().to_string()).map_err(|error| Failure::config(error.told(language)))
}

/// Where drafts are kept: the person's own data directory.
fn drafts() -> PathBuf {
    set("XDG_DATA_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".local/share")))
        .unwrap_or_else(std::env::temp_dir)
        .join("opora/drafts")
}

fn failed(error: ConsoleError) -> Failure {
    let exit = match error {
        // Whoever read the lines went away.
        ConsoleError::Terminal(cause) if cause.kind() == std::io::ErrorKind::BrokenPipe => {
            return Failure::stream("io-stdout", cause);
        }
        ConsoleError::NoTerminal | ConsoleError::Connect(_) | ConsoleError::Zone(_) => Exit::Usage,
        ConsoleError::Terminal(_) => Exit::Io,
        ConsoleError::Server(_) => Exit::Unreachable,
        ConsoleError::Broken(_) => Exit::Bug,
    };
    Failure::new(exit, error.to_string())
}
