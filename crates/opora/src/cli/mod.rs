//! The command line as clap reads it. Says what can be asked for and nothing of how it is done.

pub(crate) mod directory;
pub(crate) mod ticket;
pub(crate) mod value;
pub(crate) mod work;

use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use value::{ColourChoice, Language, OutputFormat, agent_name, duration};

/// Where a desk is looked for when none is named.
pub(crate) const DEFAULT_SERVER: &str = "http://127.0.0.1:7420";

const EXAMPLES: &str = "\
Examples:
  opora demo                                  a desk with invented tickets, and the console on it
  opora serve --data /var/lib/opora           the desk itself
  opora ticket list 'priority >= HIGH'        what burns
  opora --as olga ticket assign 1042 --me     take a ticket
  opora ticket watch --output ndjson          what happens, as it happens, for a script

Exit codes:
   0  done
   1  refused by the server
   2  wrong usage
  69  the server can't be reached
  70  a bug in this program
  74  input or output failed
  75  a passing trouble: try again
  78  wrong configuration";

/// Opora, the support desk: server, console and command line.
#[derive(Debug, Parser)]
#[command(name = "opora", version, about, after_help = EXAMPLES, propagate_version = true)]
pub(crate) struct Cli {
    /// Where the desk is and how answers are shown.
    #[command(flatten)]
    pub(crate) client: ClientArgs,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the desk is and how answers are shown.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Client options")]
pub(crate) struct ClientArgs {
    /// The desk's address
    #[arg(long, global = true, env = "OPORA_SERVER", value_name = "URL", default_value = DEFAULT_SERVER)]
    pub(crate) server: String,
    /// Who you are: `olga` or `agents/olga`
    #[arg(long = "as", global = true, env = "OPORA_ACTOR", value_name = "AGENT", value_parser = agent_name)]
    pub(crate) actor: Option<String>,
    /// The language of texts [default: from LC_ALL, LC_MESSAGES or LANG]
    #[arg(long, global = true, value_enum)]
    pub(crate) lang: Option<Language>,
    /// How answers are written: a table for people, the JSON of the contract for scripts
    #[arg(long, global = true, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) output: OutputFormat,
    /// When to use colour; NO_COLOR switches it off too
    #[arg(long, global = true, value_enum, default_value_t = ColourChoice::Auto)]
    pub(crate) color: ColourChoice,
    /// How long one call may take, such as `20s` or `2m`
    #[arg(long, global = true, value_name = "TIME", default_value = "20s", value_parser = duration)]
    pub(crate) timeout: Duration,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the desk
    #[cfg(feature = "server")]
    #[command(after_help = work::SERVE_EXAMPLES)]
    Serve(work::ServeArgs),
    /// Open a view and read in it, in a process that may die of it
    #[cfg(feature = "server")]
    #[command(hide = true)]
    ProbeView {
        /// The view's directory
        dir: std::path::PathBuf,
    },
    /// Verify a data directory: journal, view, indexes, attachments
    #[cfg(feature = "server")]
    #[command(after_help = work::CHECK_EXAMPLES)]
    Check(work::CheckArgs),
    #[cfg(feature = "server")]
    /// A desk with invented tickets in a temporary directory, and the console on it
    Demo(work::DemoArgs),
    /// The live queue in the terminal
    #[cfg(feature = "console")]
    Console(work::ConsoleArgs),
    /// Work with tickets
    #[command(subcommand, after_help = ticket::EXAMPLES)]
    Ticket(ticket::TicketCommand),
    /// Customers
    #[command(subcommand)]
    Org(directory::OrgCommand),
    /// People of customers
    #[command(subcommand)]
    Contact(directory::ContactCommand),
    /// Support engineers
    #[command(subcommand)]
    Agent(directory::AgentCommand),
    /// Files on tickets: send, list, fetch
    #[command(after_help = work::ATTACH_EXAMPLES)]
    Attach(work::AttachArgs),
    /// Bring in tickets of another system from CSV or NDJSON
    #[command(after_help = work::IMPORT_EXAMPLES)]
    Import(work::ImportArgs),
    /// End an import that was begun with --keep-open: its clocks run
    FinishImport(work::FinishImportArgs),
    /// Print the completions of a shell
    #[command(after_help = "Example:\n  opora completions bash > /etc/bash_completion.d/opora")]
    Completions(work::CompletionsArgs),
    /// Print the reference of this command line as Markdown
    #[command(hide = true)]
    Docs,
}
