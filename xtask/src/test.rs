//! `cargo xtask test`: runs every suite by itself and accounts for each one.
//!
//! Nothing is left out in silence: a suite that could not run is named at the end, and the task fails.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use clap::Args;

use crate::cargo;
use crate::counts::{self, Counts};
use crate::needs;
use crate::suites::{self, PROFILE, Suite};

/// The name of the suite of examples in the documentation.
const DOC: &str = "doc";

/// The file into which a suite writes a line about what it could not try on this machine.
const NOTES: &str = "OPORA_TEST_NOTES";

/// What a change is tried with: the same inputs each time, so that what fails is the change's own doing.
const SEED: (&str, &str) = ("PROPTEST_RNG_SEED", "20261130");

/// How many inputs a property is tried with.
const CASES: &str = "PROPTEST_CASES";

/// How the suites are run.
#[derive(Args, Default)]
pub(crate) struct Options {
    /// Install nothing: name what is missing, and which suites did not run for it.
    #[arg(long)]
    no_install: bool,
    /// Run with cargo's own runner even where nextest is present.
    #[arg(long)]
    no_nextest: bool,
    /// Name the suites and run none.
    #[arg(long)]
    list: bool,
    /// Of the suites run only the tests whose name contains this.
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Try each property with this many inputs, other ones at each run. Default: the same 256 each time.
    #[arg(long, value_name = "NUMBER")]
    cases: Option<u32>,
    /// Run only suites whose name contains one of these. Default: all.
    filters: Vec<String>,
}

/// Runs what `options` ask for. An error when a test failed or a suite did not run.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let nextest = !options.no_nextest && cargo::present("cargo-nextest");
    println!("building the binary and the suites (profile {PROFILE})");
    let built = suites::build()?;
    let mut names: Vec<&str> = built.suites.iter().map(|suite| suite.name.as_str()).collect();
    names.push(DOC);
    unknown_needs(&names)?;
    names.retain(|name| options.filters.is_empty() || options.filters.iter().any(|filter| name.contains(filter)));
    if names.is_empty() {
        return Err("no suite has such a name: see `cargo xtask test --list`".to_owned());
    }
    if options.list {
        println!("{}", names.join("\n"));
        return Ok(());
    }
    let missing = needs::install(needs::missing(names.iter().copied()), !options.no_install);

    let notes = cargo::target_directory()?.join("test-notes.txt");
    fs::write(&notes, "").map_err(|error| format!("{}: {error}", notes.display()))?;
    let mut total = Counts::default();
    let (mut failed, mut left_out) = (Vec::new(), Vec::new());
    for &name in &names {
        if let Some(need) = missing.iter().find(|need| need.suite == name) {
            left_out.push(format!("{name}: the command `{}` is missing (Debian: {})", need.command, need.package));
            continue;
        }
        println!("\n== {name}");
        let suite = built.suites.iter().find(|suite| suite.name == name);
        let mut command = match suite {
            None => doc_tests(options),
            Some(suite) if nextest => with_nextest(suite, options),
            Some(suite) => by_itself(suite, options),
        };
        inputs(&mut command, options.cases);
        let (counts, good) = watched(command.env("OPORA_BIN", &built.opora).env(NOTES, &notes))?;
        total += counts;
        if !good || counts.failed > 0 {
            failed.push(name);
        }
    }
    for note in fs::read_to_string(&notes).unwrap_or_default().lines() {
        println!("not tried here: {note}");
    }
    closing(total, &failed, &left_out)
}

/// What `cargo xtask release-check` runs of it: every suite, with as many inputs as somebody waits for before a release.
pub(crate) fn at_length(cases: u32) -> Result<(), String> {
    run(&Options { cases: Some(cases), ..Options::default() })
}

/// Which inputs the properties are tried with. What the caller's own environment says of it wins.
fn inputs(command: &mut Command, cases: Option<u32>) {
    match cases {
        Some(cases) => command.env(CASES, cases.to_string()),
        None if env::var_os(SEED.0).is_some() || env::var_os(CASES).is_some() => command,
        None => command.env(SEED.0, SEED.1),
    };
}

/// A need of a suite that does not exist is a mistake in the table.
fn unknown_needs(names: &[&str]) -> Result<(), String> {
    match needs::NEEDS.iter().find(|need| !names.contains(&need.suite)) {
        Some(need) => Err(format!("xtask/src/needs.rs speaks of a suite `{}` that does not exist", need.suite)),
        None => Ok(()),
    }
}

fn closing(total: Counts, failed: &[&str], left_out: &[String]) -> Result<(), String> {
    println!();
    for name in failed {
        println!("failed: {name}");
    }
    for line in left_out {
        println!("did not run: {line}");
    }
    if total.ignored > 0 {
        println!("{} tests are marked to be ignored, which they must not be", total.ignored);
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    if failed.is_empty() && left_out.is_empty() && total.ignored == 0 {
        return Ok(());
    }
    Err(format!("{} suites failed, {} did not run", failed.len(), left_out.len()))
}

fn with_nextest(suite: &Suite, options: &Options) -> Command {
    let mut command = cargo::cargo();
    command.args(["nextest", "run", "--workspace", "--lib", "--bins", "--tests", "--cargo-profile", PROFILE]);
    command.args(["--cargo-quiet", "--no-fail-fast", "--no-tests", "pass", "--status-level", "fail"]);
    command.args(["--filterset", &format!("binary_id(={})", suite.name)]);
    command.args(&options.name);
    command
}

/// A test binary as cargo would start it.
fn by_itself(suite: &Suite, options: &Options) -> Command {
    let mut command = Command::new(&suite.executable);
    command.current_dir(&suite.directory).env("CARGO_MANIFEST_DIR", &suite.directory);
    command.env("CARGO", cargo::cargo().get_program()).args(&options.name);
    command
}

fn doc_tests(options: &Options) -> Command {
    let mut command = cargo::cargo();
    command.args(["test", "--workspace", "--doc", "--profile", PROFILE, "--quiet", "--no-fail-fast", "--"]);
    command.args(&options.name);
    command
}

/// Runs a command, passes on what it prints, and counts the tests that it tells of.
fn watched(command: &mut Command) -> Result<(Counts, bool), String> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{}: {error}", program(command)))?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let errors = thread::spawn(move || errors.map(passed_on).unwrap_or_default());
    let mut counts = output.map(passed_on).unwrap_or_default();
    counts += errors.join().map_err(|_| "reading a suite's output failed".to_owned())?;
    let status = child.wait().map_err(|error| format!("{}: {error}", program(command)))?;
    Ok((counts, status.success()))
}

fn program(command: &Command) -> String {
    Path::new(command.get_program()).display().to_string()
}

fn passed_on(stream: impl Read) -> Counts {
    let mut counts = Counts::default();
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        println!("{line}");
        counts += counts::of_line(&line).unwrap_or_default();
    }
    counts
}
