//! Everything but tickets and the directory, as clap reads it.

use std::path::PathBuf;

use clap::Args;

use super::ticket::RepeatArgs;
use super::value::{Origin, ticket_name};

pub(crate) const ATTACH_EXAMPLES: &str = "\
Examples:
  opora attach 1042 bpclient_2026_03_02_13_39_02.log chromehost.log
  opora attach 1042 --list
  opora attach 1042 --download chromehost.log --to ./logs
  opora attach --download tickets/1042/attachments/48211 --to - | less

A broken upload goes on where it broke when the same command is given again.";

#[cfg(feature = "server")]
pub(crate) const SERVE_EXAMPLES: &str = "\
Examples:
  opora serve --data /var/lib/opora
  opora serve --config /etc/opora.toml --print-config
  opora serve --data /var/lib/opora --dry-run
  opora serve --data ./data --listen 127.0.0.1:0 --set importing_allowed=true

Settings come from built-in values, then the file, then OPORA_… variables, then flags.";

#[cfg(feature = "server")]
pub(crate) const CHECK_EXAMPLES: &str = "\
Examples:
  opora check --data /var/lib/opora
  opora check --data /var/lib/opora --repair

The desk has to be stopped. Exit code 1 says that something is wrong.";

pub(crate) const HEALTH_EXAMPLES: &str = "\
Examples:
  opora health                                   0 when the server takes calls
  opora health --live                            0 when the process answers at all, also while it opens its store
  opora health --service opora.v1.TicketService

Where no server is named it is looked for at the port of OPORA_LISTEN, so that the probe of a container needs no
arguments. Exit code 1: it answers, and says that it takes no calls; 69: it does not answer.";

pub(crate) const IMPORT_EXAMPLES: &str = "\
Examples:
  opora import incidents.csv --map incidents.toml --dry-run
  opora import incident_event_log.csv --map examples/import/incident_event_log.toml --replay

Running an import twice creates nothing twice. What the desk refused is written, with its line numbers and reasons,
to a file named at the end.";

/// `opora serve`.
#[cfg(feature = "server")]
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct ServeArgs {
    /// The data directory (OPORA_DATA)
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<String>,
    /// The address to listen on (OPORA_LISTEN); port 0 takes any free one [default: 127.0.0.1:7420]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// A file of settings (OPORA_CONFIG)
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Any setting of the configuration, as KEY=VALUE
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(crate) settings: Vec<(String, String)>,
    /// The directory is a copy that is put to use: it becomes another store, and its revisions go on 1,000,000 further;
    /// for one start
    #[arg(long, conflicts_with = "degraded")]
    pub(crate) accept_restored: bool,
    /// Serve a damaged directory to be read only: what is sound is answered, what is not is refused
    #[arg(long)]
    pub(crate) degraded: bool,
    /// Print the effective configuration with each value's origin, and end
    #[arg(long)]
    pub(crate) print_config: bool,
    /// Read the data directory as a start would, say what that would change in it, change nothing, and end
    #[arg(long, conflicts_with = "print_config")]
    pub(crate) dry_run: bool,
}

#[cfg(feature = "server")]
fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("a setting is KEY=VALUE")?;
    Ok((key.trim().replace('-', "_"), value.to_owned()))
}

/// `opora check`.
#[cfg(feature = "server")]
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The data directory
    #[arg(long, value_name = "DIR", env = "OPORA_DATA")]
    pub(crate) data: PathBuf,
    /// Build the view again where it is wrong; the journal and the attachments are never altered
    #[arg(long)]
    pub(crate) repair: bool,
}

/// `opora health`.
#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    /// Ask only whether the process answers: fails where a restart would help
    #[arg(long, conflicts_with_all = ["ready", "service"])]
    pub(crate) live: bool,
    /// Ask whether it takes calls; what is asked without any option
    #[arg(long)]
    pub(crate) ready: bool,
    /// Ask for one service by its full name [default: the server as a whole]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) service: String,
}

/// `opora demo`.
#[cfg(feature = "server")]
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Serve only, and print how to connect
    #[arg(long)]
    pub(crate) no_console: bool,
    /// How many tickets to invent
    #[arg(long, default_value_t = Self::default().tickets, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) tickets: u32,
    /// The same seed invents the same tickets
    #[arg(long, default_value_t = Self::default().seed)]
    pub(crate) seed: u64,
    /// Seconds between new tickets on average; 0 for none
    #[arg(long, default_value_t = Self::default().every, value_name = "SECONDS")]
    pub(crate) every: u32,
}

#[cfg(feature = "server")]
impl Default for DemoArgs {
    /// As on a command line without options.
    fn default() -> Self {
        Self { no_console: false, tickets: 200, seed: 1, every: 8 }
    }
}

/// `opora console`.
#[cfg(feature = "console")]
#[derive(Debug, Args)]
pub(crate) struct ConsoleArgs {
    /// Print the queue once, a line a ticket, and end: needs no terminal
    #[arg(long)]
    pub(crate) once: bool,
    /// Print the queue, then a line for each change as it comes: for screen readers and pipes
    #[arg(long)]
    pub(crate) plain: bool,
    /// The file of settings: keys, bell, theme [default: opora/console.toml in the configuration directory]
    #[arg(long, env = "OPORA_CONSOLE_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<std::path::PathBuf>,
    /// Print the keys in force, in the form of the file of settings
    #[arg(long)]
    pub(crate) print_keys: bool,
}

#[cfg(feature = "console")]
impl ConsoleArgs {
    /// It stays open, and does not only print and end.
    pub(crate) fn stays(&self) -> bool {
        !self.once && !self.print_keys
    }
}

/// `opora attach`.
#[derive(Debug, Args)]
pub(crate) struct AttachArgs {
    /// The ticket
    #[arg(value_parser = ticket_name, required_unless_present = "download")]
    pub(crate) ticket: Option<String>,
    /// The files to send
    #[arg(value_name = "FILE", required_unless_present_any = ["list", "download"])]
    pub(crate) files: Vec<PathBuf>,
    /// List the ticket's files
    #[arg(long, conflicts_with_all = ["files", "download"])]
    pub(crate) list: bool,
    /// Fetch a file, by its file name, its number or its full name in the list; may be given several times
    #[arg(long, value_name = "NAME", conflicts_with = "files")]
    pub(crate) download: Vec<String>,
    /// Where to put it: a directory, a file, or `-` for standard output [default: here]
    #[arg(long, value_name = "PATH", requires = "download")]
    pub(crate) to: Option<PathBuf>,
    /// Replace a file that is there already
    #[arg(long, requires = "download")]
    pub(crate) force: bool,
    /// The media type of the files
    #[arg(long, value_name = "TYPE", default_value = "application/octet-stream")]
    pub(crate) content_type: String,
}

/// `opora import`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct ImportArgs {
    /// The file: CSV, or NDJSON if it ends with .ndjson or .jsonl
    pub(crate) file: PathBuf,
    /// Which column is what [default: FILE with the ending .toml]
    #[arg(long, value_name = "MAP")]
    pub(crate) map: Option<PathBuf>,
    /// Play every row of a ticket as a change at its time, not only the last one
    #[arg(long)]
    pub(crate) replay: bool,
    /// Read and check everything, send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Ask the desk first what it has of this import, and send only the rest
    #[arg(long)]
    pub(crate) resume: bool,
    /// How many tickets are sent at the same time
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parallel: u16,
    /// Where refused rows are written [default: the file's name with .rejects.csv, here; of a dry run nowhere]
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// Don't end the import: more files follow, clocks wait for `opora finish-import`
    #[arg(long)]
    pub(crate) keep_open: bool,
}

/// `opora finish-import`.
#[derive(Debug, Args)]
pub(crate) struct FinishImportArgs {
    /// The origin of the imported tickets
    #[arg(long, value_enum, ignore_case = true, default_value_t = Origin::Import)]
    pub(crate) origin: Origin,
    /// How it is asked for again.
    #[command(flatten)]
    pub(crate) again: RepeatArgs,
}

/// `opora completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}
