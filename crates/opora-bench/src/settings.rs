//! What the user can ask for.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::error::{BenchError, Outcome};

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measure {
    /// Durable creation against etcd's Put and 7-key transaction; reading one ticket against a bare echo.
    Desk,
    /// A page of 50 by urgency with a two-term filter, at each size.
    List,
    /// Full-text search at the largest size.
    Search,
    /// From commit to delivery, with 1, 100 and 1,000 watchers.
    Watch,
    /// Resident memory at each size.
    Memory,
    /// Ready after a clean stop, after kill -9, and after the view was deleted, at the largest size.
    Start,
    /// Disk use against the bytes of tickets and events, at the largest size.
    Disk,
    /// The console in a terminal, against neomutt in the same: start, keys, frames, memory, what it costs when idle.
    Console,
    /// A caller that behaves beside each kind of those that do not: what it gets, against without them.
    Hostile,
    /// Everything but that.
    All,
    /// Not a measure: serves the bare echo that the measures compare with.
    #[value(hide = true)]
    Echo,
    /// Not a measure: the caller that behaves, in a process of its own.
    #[value(hide = true)]
    Probe,
}

/// Measures a release build of Opora against references in the same run.
///
/// Figures are ratios of passes that alternate, as median (smallest..largest). etcd 3.4 comes from Debian's package
/// `etcd-server`; where it is missing and this is root on Debian, it is installed.
#[derive(Debug, Parser)]
#[command(name = "opora-bench", version)]
pub(crate) struct Settings {
    /// What to measure.
    #[arg(value_enum, default_value = "all")]
    pub(crate) measure: Measure,
    /// Short passes and few of them, at 1,000 and 100,000 tickets: for seeing where things stand, not for quoting.
    #[arg(long)]
    pub(crate) quick: bool,
    /// How long a pass measures, after its warm-up [default: 5, quick: 2].
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// How many passes of each subject [default: 5, quick: 3].
    #[arg(long, value_name = "N")]
    passes: Option<usize>,
    /// Calls in flight, for what is measured at several numbers of them [default: 1,16,64,256].
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) in_flight: Vec<u16>,
    /// How many tickets are stored, for what depends on it [default: 1000,100000,1000000, quick: 1000,100000].
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    sizes: Vec<u64>,
    /// Where the results go, as JSON.
    #[arg(long, value_name = "FILE", default_value = "bench/results.json")]
    pub(crate) output: PathBuf,
    /// The page whose table of all figures is made anew, between `<!-- measured -->` and `<!-- end of measured -->`.
    #[arg(long, value_name = "FILE", default_value = "docs/benchmarks.md")]
    pub(crate) page: PathBuf,
    /// The page that has the same in short, between `<!-- measured, in short -->` and
    /// `<!-- end of measured, in short -->`.
    #[arg(long, value_name = "FILE", default_value = "README.md")]
    pub(crate) readme: PathBuf,
    /// The server's binary. Unset: the one beside this program.
    #[arg(long, value_name = "PATH")]
    opora: Option<PathBuf>,
    /// Where data directories are made; all of them on the same disk. They are removed at the end.
    #[arg(long, value_name = "DIR", default_value = "target/bench-data")]
    pub(crate) directory: PathBuf,
    /// Never installs anything.
    #[arg(long)]
    pub(crate) no_install: bool,
    /// The server that a probe asks.
    #[arg(long, value_name = "HOST:PORT", default_value = "", hide = true)]
    pub(crate) probed: String,
    /// Measures the references alone, without a server.
    #[arg(long)]
    pub(crate) references_only: bool,
}

impl Settings {
    /// Makes the place for data.
    pub(crate) fn prepare(&self) -> Outcome<()> {
        Ok(std::fs::create_dir_all(&self.directory)?)
    }

    /// Whether a measure was asked for.
    pub(crate) fn wants(&self, measure: Measure) -> bool {
        self.measure == measure || self.measure == Measure::All
    }

    /// How long a pass measures.
    pub(crate) fn window(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(if self.quick { 2 } else { 5 }).max(1))
    }

    /// How long a pass runs before it measures.
    pub(crate) fn warm_up(&self) -> Duration {
        Duration::from_millis(if self.quick { 500 } else { 1000 })
    }

    /// How many passes each subject gets.
    pub(crate) fn passes(&self) -> usize {
        self.passes.unwrap_or(if self.quick { 3 } else { 5 }).max(1)
    }

    /// The sizes, smallest first.
    pub(crate) fn sizes(&self) -> Vec<u64> {
        let mut sizes = self.sizes.clone();
        if sizes.is_empty() {
            sizes = vec![1_000, 100_000];
            if !self.quick {
                sizes.push(1_000_000);
            }
        }
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// The server's binary.
    pub(crate) fn binary(&self) -> Outcome<PathBuf> {
        let path = match &self.opora {
            Some(path) => path.clone(),
            None => std::env::current_exe()?.with_file_name("opora"),
        };
        if path.is_file() { Ok(path) } else { Err(BenchError::NoBinary(path)) }
    }
}
