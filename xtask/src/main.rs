//! How Opora is tested, checked and measured. `cargo xtask --help` lists the tasks.
//!
//! Knows cargo and the tree; must never be needed by anything that ships.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool: its output is its purpose")]

mod bans;
mod cargo;
mod citations;
mod contract;
mod counts;
mod glossary;
mod image;
mod layers;
mod lengths;
mod modules;
mod needs;
mod stated;
mod suites;
mod test;
mod texts;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// How Opora is tested, checked and measured.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs every suite, each by itself, and installs what a suite needs beyond cargo.
    Test(test::Options),
    /// Tries what takes longer than a change should wait for: every suite, its properties with many inputs that are
    /// others at each run. An input that fails is printed and kept beside the test, to be committed.
    ReleaseCheck {
        /// How many inputs each property is tried with.
        #[arg(long, value_name = "NUMBER", default_value_t = 10_000)]
        cases: u32,
    },
    /// Measures a release build against references in the same run; writes bench/results.json.
    Bench {
        /// What to measure and how: see `cargo xtask bench --help`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Checks who depends on whom, how long files are, what texts must not say, and that what they cite is there.
    Check,
    /// Builds the container image `opora:latest` of a binary that is built here first.
    Image(image::Options),
    /// Works on the contract.
    Proto {
        #[command(subcommand)]
        task: ProtoTask,
    },
}

#[derive(Subcommand)]
enum ProtoTask {
    /// Keeps the contract as it is now as the image that `buf breaking` guards.
    Image,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Test(options) => test::run(&options),
        Task::ReleaseCheck { cases } => test::at_length(cases),
        Task::Bench { arguments } => bench(&arguments),
        Task::Check => check(),
        Task::Image(options) => image::run(&options),
        Task::Proto { task: ProtoTask::Image } => contract::keep_image(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Builds server and load in release and hands over to the load generator, which knows the rest.
fn bench(arguments: &[String]) -> Result<(), String> {
    cargo::run(&["build", "--release", "--package", "opora", "--package", "opora-bench"])?;
    let bench = cargo::target_directory()?.join("release").join(format!("opora-bench{}", std::env::consts::EXE_SUFFIX));
    cargo::succeed(std::process::Command::new(bench).args(arguments).current_dir(cargo::root()))
}

fn check() -> Result<(), String> {
    let mut faults = layers::faults(&cargo::metadata()?);
    faults.extend(modules::faults()?);
    faults.extend(bans::faults()?);
    let files = cargo::tracked_files()?;
    faults.extend(lengths::faults(&files)?);
    faults.extend(texts::faults(&files)?);
    faults.extend(citations::faults(&files)?);
    faults.extend(glossary::faults()?);
    faults.extend(stated::faults()?);
    if faults.is_empty() {
        println!("layers, lengths, texts and citations: nothing to say about {} files", files.len());
        return Ok(());
    }
    Err(faults.join("\n"))
}
