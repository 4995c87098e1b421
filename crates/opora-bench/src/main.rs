//! How fast and how small Opora is: starts a release server and its references, puts load on them from a process of
//! its own, and prints ratios taken in the same run with their spread.
//!
//! Knows the contract and nothing of how the server works inside. Only ratios are worth quoting: figures of one
//! machine say nothing on another.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool: its output is its purpose")]

mod echo;
mod error;
mod etcd;
mod hostile;
mod load;
mod machine;
mod measure;
mod opora;
mod pace;
mod page;
mod populate;
mod process;
mod raw;
mod report;
mod settings;
mod stats;
mod texts;

/// The generated messages of etcd that the benchmark uses.
#[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]
mod etcdserverpb {
    tonic::include_proto!("etcdserverpb");
}

/// The generated code of the bare echo.
#[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]
mod echopb {
    tonic::include_proto!("opora.bench.v1");
}

/// Answers of the contract reduced to what is read of them.
#[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]
mod slim {
    tonic::include_proto!("opora.bench.slim");
}

use std::process::ExitCode;

use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::error::{BenchError, Outcome};
use crate::report::Report;
use crate::settings::{Measure, Settings};

/// The load is to leave as much of the machine to the servers as can be.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let settings = Settings::parse();
    match run(&settings).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("opora-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything asked for could be measured. A goal that is missed is a finding, not a failure.
async fn run(settings: &Settings) -> Outcome<bool> {
    if settings.measure == Measure::Echo {
        return echo::serve().await.map(|()| true);
    }
    if settings.measure == Measure::Probe {
        return hostile::probe(&settings.probed, settings.window()).await;
    }
    settings.prepare()?;
    if settings.measure == Measure::Hostile {
        return hostile::measure(settings).await;
    }
    let mut report = Report::new(settings)?;
    // Dropping the measures' future ends every process that they started and removes their directories.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        () = measure::all(settings, &mut report) => {}
        _ = interrupt.recv() => return Err(BenchError::Interrupted),
        _ = terminate.recv() => return Err(BenchError::Interrupted),
    }
    println!("{}", report.table());
    report.write(&settings.output)?;
    println!("written: {}", settings.output.display());
    page::write(&settings.page, &settings.output)?;
    page::write(&settings.readme, &settings.output)?;
    Ok(report.complete())
}
