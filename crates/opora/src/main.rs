//! The one binary: desk, console and command line. Reads arguments, runs a command, turns what came of it into an
//! exit code.

mod again;
#[cfg(feature = "server")]
mod check;
mod cli;
mod command;
#[cfg(feature = "console")]
mod console;
mod context;
#[cfg(feature = "server")]
mod demo;
mod failure;
mod import;
mod interrupt;
#[cfg(any(feature = "console", feature = "server"))]
mod lean;
#[cfg(feature = "server")]
mod log;
#[cfg(feature = "server")]
mod often;
#[cfg(feature = "server")]
mod opening;
mod output;
mod panic;
mod reader;
mod sanitise;
#[cfg(feature = "server")]
mod serve;
#[cfg(feature = "server")]
mod settings;
mod system;
mod text;

use std::process::ExitCode;
use std::time::Duration;

use cli::{Cli, Command};
use context::Context;
use failure::Failure;

/// Commits are made by one thread and freed by others, which glibc's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long the end of a client waits for its threads, which are done with their files by then.
const AT_MOST: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    panic::install();
    let cli = match cli::read() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let text = context::text(cli.client.lang);
    let result = std::panic::catch_unwind(|| run(cli)).unwrap_or_else(|_| Err(panic::failure()));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            panic::tell(&failure.lines(&text));
            if let Some(signal) = failure.signal() {
                interrupt::end_by(signal);
            }
            failure.exit().map_or(ExitCode::SUCCESS, |exit| ExitCode::from(exit as u8))
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    match &cli.command {
        #[cfg(feature = "console")]
        Command::Console(console) if console.stays() => lean::begin_anew(lean::AT_ONCE),
        #[cfg(feature = "server")]
        Command::Serve(serve) if !serve.print_config && !serve.dry_run => lean::begin_anew(lean::SOON),
        _ => {}
    }
    match cli.command {
        Command::Completions(args) => {
            let mut script = Vec::new();
            let mut tree = cli::tree(context::language(cli.client.lang));
            clap_complete::generate(args.shell, &mut tree, "opora", &mut script);
            context::out(&cli.client).raw(&String::from_utf8_lossy(&script))
        }
        Command::Docs => context::out(&cli.client).raw(&command::reference::reference()),
        #[cfg(feature = "server")]
        Command::Serve(args) => serve::run(&context::out(&cli.client), args),
        #[cfg(feature = "server")]
        Command::ProbeView { dir } => serve::probe(&dir),
        #[cfg(feature = "server")]
        Command::Check(args) => check::run(&context::out(&cli.client), &args),
        #[cfg(feature = "console")]
        Command::Console(args) => console(&cli.client, &args),
        other => {
            let runtime = runtime()?;
            let ended = runtime.block_on(Box::pin(client(cli.client, other)));
            // A thread that waits at a pipe for whoever reads it must not keep the process.
            runtime.shutdown_timeout(AT_MOST);
            ended
        }
    }
}

/// The console, and the demo where a person asks for it there.
#[cfg(feature = "console")]
fn console(client: &cli::ClientArgs, args: &cli::work::ConsoleArgs) -> Result<(), Failure> {
    // One thread waits for keys, network and time: to wake another one would cost a key a tenth of its way.
    let mut one = tokio::runtime::Builder::new_current_thread();
    let left = built(&mut one)?.block_on(Box::pin(console::run(client, args)))?;
    #[cfg(feature = "server")]
    if left == opora_console::Left::ForDemo {
        return runtime()?.block_on(Box::pin(demo::run(client, cli::work::DemoArgs::default())));
    }
    #[cfg(not(feature = "server"))]
    let _ = left;
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    built(tokio::runtime::Builder::new_multi_thread().worker_threads(2))
}

fn built(runtime: &mut tokio::runtime::Builder) -> Result<tokio::runtime::Runtime, Failure> {
    runtime.enable_all().build().map_err(|cause| Failure::stream("io-starting", cause))
}

async fn client(args: cli::ClientArgs, command: Command) -> Result<(), Failure> {
    let args = match &command {
        Command::Health(_) => command::health::at_listen_port(args, std::env::var("OPORA_LISTEN").ok().as_deref()),
        _ => args,
    };
    let context = Context::new(&args)?;
    match command {
        // It hears signals itself.
        #[cfg(feature = "server")]
        Command::Demo(demo) => Box::pin(demo::run(&args, demo)).await,
        command => interrupt::until_interrupted(&context, Box::pin(call(&context, command))).await,
    }
}

async fn call(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Ticket(command) => command::ticket::run(context, command).await,
        Command::Org(command) => command::directory::organisations(context, command).await,
        Command::Contact(command) => command::directory::contacts(context, command).await,
        Command::Agent(command) => command::directory::agents(context, command).await,
        Command::Rename(command) => Box::pin(command::rename::run(context, command)).await,
        Command::Attach(args) => command::attach::run(context, args).await,
        Command::Health(args) => command::health::run(context, args).await,
        Command::Import(args) => import::run(context, args).await,
        Command::FinishImport(args) => import::finish_import(context, args).await,
        #[cfg(feature = "server")]
        Command::Demo(_) | Command::Serve(_) | Command::Check(_) | Command::ProbeView { .. } => {
            Err(Failure::bug("no client"))
        }
        #[cfg(feature = "console")]
        Command::Console(_) => Err(Failure::bug("no client")),
        Command::Completions(_) | Command::Docs => Err(Failure::bug("no client")),
    }
}
