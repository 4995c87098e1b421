//! `opora serve`: the desk in a process of its own. Reads flags, sets up the log, and leaves the rest to the server.

use std::io::{IsTerminal as _, Write as _};

use opora_server::config::{Config, LogFormat, Sources};
use opora_server::{Opened, ServeError, dry_run, serve};
use opora_store::ProbeError;
use tracing_subscriber::EnvFilter;

use crate::cli::work::ServeArgs;
use crate::failure::{Exit, Failure};
use crate::log::Lines;
use crate::opening::why;
use crate::output::Out;
use crate::settings::told;
use crate::system;
use crate::text::Text;

/// Runs the desk until it is asked to stop.
pub(crate) fn run(out: &Out, args: ServeArgs) -> Result<(), Failure> {
    let mut flags = args.settings;
    flags.extend(args.data.map(|data| ("data".to_owned(), data)));
    flags.extend(args.listen.map(|listen| ("listen".to_owned(), listen)));
    let sources = Sources::of_process(args.config, flags);
    let mut config = Config::load(&sources).map_err(|error| Failure::config(told(&error, &out.text)))?;
    if args.print_config {
        return out.raw(&config.print());
    }
    if args.dry_run {
        let found = dry_run(&config).map_err(|error| failed(&error, &out.text))?;
        let (open, recomputed) = (found.open.to_string(), found.recomputed.to_string());
        return out.say("serve-dry-run", &[("open", (&open).into()), ("recomputed", (&recomputed).into())]);
    }
    // After an unclean stop the view is first opened in a process that may die of it.
    config.start.probe = std::env::current_exe().ok().map(|me| vec![me.into(), "probe-view".into()]);
    config.start.accept_restored = args.accept_restored;
    config.start.degraded = args.degraded;
    log(&config)?;
    for warning in config.warnings.all() {
        tracing::warn!("{warning}");
    }
    // Of a page of two megabytes a little is used here and there: it costs memory, and time to be cleared. A system that
    // has no such switch goes on with them.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("opora")
        .build()
        .map_err(|cause| Failure::stream("io-starting", cause))?;
    let data = config.data.display().to_string();
    let listening = |address, opened: &Opened| {
        for line in loudly(&data, opened, &out.text) {
            // As loud as can be, whatever the log is set to; who closed standard error does not want to hear it.
            let _ = writeln!(std::io::stderr(), "{line}");
        }
        // A supervisor that reads no standard output is none of the desk's business.
        let _ = out.raw(&format!("listening on http://{address}\n"));
    };
    let served = runtime.block_on(Box::pin(serve(config, listening)));
    // What is still being opened is not waited for: it was to be ended, and loses nothing by it.
    runtime.shutdown_background();
    served.map_err(|error| failed(&error, &out.text))
}

/// Opens a view as a server after an unclean stop would; some damage ends the process that meets it, so not the server.
pub(crate) fn probe(dir: &std::path::Path) -> Result<(), Failure> {
    opora_store::probe_view(dir).map_err(|error| match error {
        ProbeError::Damaged(detail) => Failure::new(Exit::Io, detail),
        ProbeError::Short(detail) => Failure::new(Exit::TryAgain, detail),
    })
}

/// What a server's failure means for the process.
pub(crate) fn failed(error: &ServeError, text: &Text) -> Failure {
    let exit = match error.exit_code() {
        78 => Exit::Config,
        70 => Exit::Bug,
        _ => Exit::Io,
    };
    match error {
        ServeError::Open(error) => Failure::new(exit, why(error, text)),
        ServeError::Bind { address, cause } => {
            let arguments = [("address", address.to_string().into()), ("cause", system::told(cause, text).into())];
            Failure::new(exit, text.with("serve-bind", &arguments))
        }
        ServeError::Failed(detail) => Failure::new(exit, text.with("serve-failed", &[("detail", detail.into())])),
        other => Failure::new(exit, other.to_string()),
    }
}

/// What everybody has to know who starts it so.
fn loudly(data: &str, opened: &Opened, text: &Text) -> Vec<String> {
    let degraded = opened.damage.as_ref().map(|damage| {
        let arguments = [("data", data.into()), ("revisions", damage.revisions.to_string().into())];
        text.with("serve-degraded", &arguments)
    });
    let accepted = opened.accepted.map(|revision| {
        let arguments = [("data", data.into()), ("revision", revision.0.to_string().into())];
        text.with("serve-accepted", &arguments)
    });
    degraded.into_iter().chain(accepted).collect()
}

fn log(config: &Config) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&config.log).map_err(|error| Failure::config(format!("`log`: {error}")))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // What it can't write it would tell on standard error, and end the process where that can't be written either.
        .log_internal_errors(false)
        .with_writer(Lines::new(std::io::stderr(), config.log_format, config.warnings.clone()))
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none());
    let installed = match config.log_format {
        LogFormat::Json => builder.json().try_init(),
        LogFormat::Text => builder.try_init(),
    };
    installed.map_err(|error| Failure::bug(format!("the log: {error}")))
}
