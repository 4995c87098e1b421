//! The command line as clap reads it. Says what can be asked for and nothing of how it is done.

pub(crate) mod directory;
pub(crate) mod rename;
pub(crate) mod russian;
pub(crate) mod ticket;
pub(crate) mod value;
pub(crate) mod work;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum as _};

use russian::Russian;
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
  75  a passing trouble, or no answer: try again, as it says
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
    /// How long one call may take, and how long nothing may move of a file or a watch, such as `20s`
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
    /// Ask a server whether it answers: for probes of containers and supervisors
    #[command(after_help = work::HEALTH_EXAMPLES)]
    Health(work::HealthArgs),
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
    /// Names that stand in the desk already: respell, rename, split
    #[command(subcommand, after_help = rename::EXAMPLES)]
    Rename(rename::RenameCommand),
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

/// The tree of commands as clap reads it, with its texts in that language.
pub(crate) fn tree(language: Language) -> clap::Command {
    let mut tree = Cli::command();
    match language {
        Language::En => tree,
        Language::Ru => {
            tree.build();
            Russian::load().command(tree)
        }
    }
}

/// Reads the arguments of this process. What is wrong with them, or the help that was asked for, is told in the language
/// that they or the environment ask for; then this is the exit code.
pub(crate) fn read() -> Result<Cli, ExitCode> {
    let language = crate::context::language(asked_language(std::env::args_os()));
    let read = tree(language).try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    read.map_err(|error| {
        let said = match language {
            Language::En => None,
            Language::Ru => Russian::load().misuse(&error),
        };
        // Whoever went away needs no text.
        let _ = match said {
            Some(text) => std::io::stderr().write_all(text.as_bytes()),
            None => error.print(),
        };
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
}

/// What `--lang` says, found before anything else is understood.
fn asked_language(arguments: impl Iterator<Item = OsString>) -> Option<Language> {
    let mut words = arguments.skip(1).take_while(|word| word != "--").map(|word| word.to_string_lossy().into_owned());
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--lang") {
            Some("") => words.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => continue,
        };
        if let Some(language) = value.and_then(|value| Language::from_str(&value, false).ok()) {
            return Some(language);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_found_wherever_it_is_asked_for() {
        let asked = |line: &str| asked_language(line.split(' ').map(OsString::from));
        assert_eq!(asked("opora --lang ru ticket list"), Some(Language::Ru));
        assert_eq!(asked("opora ticket --bad --lang=en"), Some(Language::En));
        for none in
            ["opora ticket list", "opora --lang", "opora --lang xx", "opora --language ru", "opora -- --lang ru"]
        {
            assert_eq!(asked(none), None, "{none}");
        }
    }
}
