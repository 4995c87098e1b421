//! `opora ticket …`, as clap reads it.
//! Longer than 400 lines: one tree of arguments, data rather than logic.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::value::{
    Category, Channel, Impact, LinkKind, Order, Origin, Platform, Priority, TicketState, agent_name, instant,
    organisation_name, request_id, ticket_name,
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  opora ticket create 'Нет входящих звонков' --organisation acme --impact service-down --channel calls
  opora ticket list 'state = NEW AND priority >= HIGH'
  opora ticket show 1042
  opora ticket comment 1042 --public 'Видим, подключили дежурную смену.'
  opora ticket reprioritise 1042 high --reason 'Связь восстановлена' --dry-run
  opora ticket explain 1042

A ticket is named by its number (123 or #123), by tickets/123, or by its uid.";

/// Work with tickets.
#[derive(Debug, Subcommand)]
pub(crate) enum TicketCommand {
    /// Create a ticket
    Create(Box<CreateArgs>),
    /// List tickets, what burns first
    List(ListArgs),
    /// Show a ticket with its clocks and messages
    Show(ShowArgs),
    /// Edit fields that have no effect on the clocks
    Update(Box<UpdateArgs>),
    /// Change the priority; shows first what it would mean
    #[command(alias = "reprioritize")]
    Reprioritise(ReprioritiseArgs),
    /// Carry a ticket up the ladder
    Escalate(EscalateArgs),
    /// Bring a ticket down the ladder
    Deescalate(DeescalateArgs),
    /// Give a ticket to an agent, or to nobody
    Assign(AssignArgs),
    /// Write on a ticket
    Comment(CommentArgs),
    /// Move a ticket to another state
    Transition(TransitionArgs),
    /// Make a ticket part of another
    Merge(MergeArgs),
    /// Take a merge back
    Unmerge(UnmergeArgs),
    /// Tie two tickets together
    Link(LinkArgs),
    /// Cut a tie
    Unlink(UnlinkArgs),
    /// Follow what happens, as it happens
    Watch(WatchArgs),
    /// Tell how the clocks came to their due times
    Explain(OneArgs),
    /// Show everything that happened to a ticket
    History(OneArgs),
    /// Show what several open tickets of one kind suggest: a wider impact, or an incident
    Suggestions,
}

/// One ticket.
#[derive(Debug, Args)]
pub(crate) struct OneArgs {
    /// The ticket
    #[arg(value_parser = ticket_name)]
    pub(crate) ticket: String,
}

/// What every change can carry that is asked for again.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RepeatArgs {
    /// A UUID: the same one sent again changes nothing twice [default: a random one]
    #[arg(long, value_name = "UUID", value_parser = request_id)]
    pub(crate) request_id: Option<String>,
}

/// What every change can carry.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ChangeArgs {
    /// Refuse if the ticket is no longer as this etag says
    #[arg(long)]
    pub(crate) etag: Option<String>,
    /// A UUID: the same one sent again changes nothing twice [default: a random one]
    #[arg(long, value_name = "UUID", value_parser = request_id)]
    pub(crate) request_id: Option<String>,
    /// When it really happened, where the desk allows importing
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) import_time: Option<Timestamp>,
}

/// Whose report it is, and of what.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The customer
    #[arg(long, alias = "org", value_parser = organisation_name)]
    pub(crate) organisation: Option<String>,
    /// Who reports it
    #[arg(long, value_name = "NAME")]
    pub(crate) reporter: Option<String>,
    /// Their address
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    /// What is wrong
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) category: Option<Category>,
}

/// `ticket create`.
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// What it is about
    pub(crate) subject: String,
    /// The report in full; `-` reads standard input
    #[arg(long, short)]
    pub(crate) description: Option<String>,
    /// Read the report from a file
    #[arg(long, value_name = "FILE", conflicts_with = "description")]
    pub(crate) description_file: Option<PathBuf>,
    /// Whose report it is, and of what.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// The channels that fail
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) channel: Vec<Channel>,
    /// How widely it is felt; decides the priority
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) impact: Option<Impact>,
    /// The priority that the customer asks for
    #[arg(long, alias = "priority", value_enum, ignore_case = true)]
    pub(crate) requested_priority: Option<Priority>,
    /// The generation of the platform
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) platform: Option<Platform>,
    /// When the problem appeared
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) occurred: Option<Timestamp>,
    /// Where it is seen
    #[arg(long)]
    pub(crate) workstation: Vec<String>,
    /// A tag
    #[arg(long)]
    pub(crate) tag: Vec<String>,
    /// Who shall work on it
    #[arg(long, value_parser = agent_name)]
    pub(crate) assignee: Option<String>,
    /// The key that another system knows it by
    #[arg(long, value_name = "KEY")]
    pub(crate) external_id: Option<String>,
    /// The way by which it came
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) origin: Option<Origin>,
    /// A UUID: the same one sent again creates nothing twice [default: a random one]
    #[arg(long, value_name = "UUID", value_parser = request_id)]
    pub(crate) request_id: Option<String>,
    /// When it was really created, where the desk allows importing
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) import_time: Option<Timestamp>,
}

/// `ticket list`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct ListArgs {
    /// Which, in the filter language: state = NEW AND priority >= HIGH AND "нет звука"
    pub(crate) filter: Vec<String>,
    /// The order
    #[arg(long, value_enum, default_value_t = Order::Urgency)]
    pub(crate) order: Order,
    /// The other way round
    #[arg(long)]
    pub(crate) desc: bool,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// All of them
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
    /// Count all that match
    #[arg(long)]
    pub(crate) total: bool,
    /// With descriptions (JSON only)
    #[arg(long)]
    pub(crate) full: bool,
    /// Where to begin: the nextPageToken of the page before
    #[arg(long, value_name = "TOKEN")]
    pub(crate) page_token: Option<String>,
}

/// `ticket show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The ticket
    #[arg(value_parser = ticket_name)]
    pub(crate) ticket: String,
    /// Show so many of the newest messages; 0 for none
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    pub(crate) comments: u16,
}

/// `ticket update`.
#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// The ticket
    #[arg(value_parser = ticket_name)]
    pub(crate) ticket: String,
    /// What it is about
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// The report in full; `-` reads standard input
    #[arg(long)]
    pub(crate) description: Option<String>,
    /// Whose report it is, and of what.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// The channels that fail, in place of those it has
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) channel: Vec<Channel>,
    /// The priority that the customer asks for
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) requested_priority: Option<Priority>,
    /// The generation of the platform
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) platform: Option<Platform>,
    /// When the problem appeared
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) occurred: Option<Timestamp>,
    /// Where it is seen, in place of those it has
    #[arg(long)]
    pub(crate) workstation: Vec<String>,
    /// Tags, in place of those it has
    #[arg(long)]
    pub(crate) tag: Vec<String>,
    /// A step of the checklist that was tried
    #[arg(long, value_name = "STEP")]
    pub(crate) tried: Vec<String>,
    /// A field to empty, by its name in the contract
    #[arg(long, value_name = "FIELD")]
    pub(crate) clear: Vec<String>,
    /// What every change can carry.
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `ticket reprioritise`.
#[derive(Debug, Args)]
pub(crate) struct ReprioritiseArgs {
    /// The ticket
    #[arg(value_parser = ticket_name)]
    pub(crate) ticket: String,
    /// The new priority
    #[arg(value_enum, ignore_case = true, required_unless_present_any = ["impact", "dry_run"], conflicts_with = "impact")]
    pub(crate) priority: Option<Priority>,
    /// The new impact; it decides the priority
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) impact: Option<Impact>,
    /// Why; the customer is told
    #[arg(long, short, required_unless_present = "dry_run")]
    pub(crate) reason: Option<String>,
    /// Only show what it would mean
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What every change can carry.
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `ticket escalate`.
#[derive(Debug, Args)]
pub(crate) struct EscalateArgs {
    /// The ticket
    #[arg(value_parser = ticket_name)]
    pub(crate) ticket: String,
    /// Why
    #[arg(long, short)]
    pub(crate) reason: String,
    /// A rung above the present one [default: the next]
    #[arg(long)]
    pub(crate) rung: Option<u32>,
    /// What every change can carry.
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `ticket deescalate`.
#[derive(Debug, Args)]
pub(crate) struct DeescalateArgs {
    /// The ticket
    #[arg(value_parser = ticket_name)]
    pub(crate) ticket: String,
    /// Why
    #[arg(long, short)]
    pub(crate) reason: String,
    /// A rung below the present one; 0 is off the ladder
    #[arg(long, default_value_t = 0)]
    pub(crate) rung: u32,
    /// What every change can carry.
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `ticket assign`.
#[derive(Debug, Args)]
pub(crate) struct AssignArgs {
    /// The ticket
    #[arg(value_parser = ticket_name)]
    pub(crate) ticket: String,
    /// Who shall work on it
    #[arg(value_parser = agent_name, required_unless_present_any = ["me", "nobody"], conflicts_with_all = ["me", "nobody"])]
    pub(crate) agent: Option<String>,
    /// You, as --as says
    #[arg(long, conflicts_with = "nobody")]
    pub(crate) me: bool,
    /// Nobody
    #[arg(long)]
    pub(crate) nobody: bool,
    /// What every change can carry.
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `ticket comment`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("visibility").required(true).args(["public", "internal"]))]
pub(crate) struct CommentArgs {
    /// The ticket
    #[arg(value_parser = ticket_name)]
    pub(crate) ticket: String,
    /// The text; `-` or nothing reads standard input
    pub(crate) body: Option<String>,
    /// The customer can read it: an answer
    #[arg(long)]
    pub(crate) public: bool,
    /// Only the desk can read it
    #[arg(long)]
    pub(crate) internal: bool,
    /// A contact's address: the message is the customer's
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) author: Option<String>,
    /// Refuse if a public message newer than this revision stands on the ticket
    #[arg(long, value_name = "REVISION")]
    pub(crate) seen_through: Option<u64>,
    /// What every change can carry.
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `ticket transition`.
#[derive(Debug, Args)]
pub(crate) struct TransitionArgs {
    /// The ticket
    #[arg(value_parser = ticket_name)]
    pub(crate) ticket: String,
    /// The new state
    #[arg(value_enum, ignore_case = true)]
    pub(crate) state: TicketState,
    /// Why
    #[arg(long, short)]
    pub(crate) reason: Option<String>,
    /// What every change can carry.
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `ticket merge`.
#[derive(Debug, Args)]
pub(crate) struct MergeArgs {
    /// The ticket that becomes a part
    #[arg(value_parser = ticket_name)]
    pub(crate) ticket: String,
    /// What it becomes a part of
    #[arg(value_name = "INTO", value_parser = ticket_name)]
    pub(crate) target: String,
    /// Why
    #[arg(long, short)]
    pub(crate) reason: Option<String>,
    /// What every change can carry.
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `ticket unmerge`.
#[derive(Debug, Args)]
pub(crate) struct UnmergeArgs {
    /// The ticket that is a part
    #[arg(value_parser = ticket_name)]
    pub(crate) ticket: String,
    /// Why
    #[arg(long, short)]
    pub(crate) reason: Option<String>,
    /// What every change can carry.
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `ticket link`.
#[derive(Debug, Args)]
pub(crate) struct LinkArgs {
    /// The first ticket
    #[arg(value_parser = ticket_name)]
    pub(crate) ticket: String,
    /// The second ticket
    #[arg(value_name = "OTHER", value_parser = ticket_name)]
    pub(crate) target: String,
    /// How the first belongs to the second
    #[arg(long, value_enum, ignore_case = true, default_value_t = LinkKind::Related)]
    pub(crate) kind: LinkKind,
    /// What every change can carry.
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `ticket unlink`.
#[derive(Debug, Args)]
pub(crate) struct UnlinkArgs {
    /// The first ticket
    #[arg(value_parser = ticket_name)]
    pub(crate) ticket: String,
    /// The second ticket
    #[arg(value_name = "OTHER", value_parser = ticket_name)]
    pub(crate) target: String,
    /// What every change can carry.
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `ticket watch`.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Which tickets, in the filter language, without bare text
    pub(crate) filter: Vec<String>,
    /// Begin at this revision [default: now]
    #[arg(long, value_name = "REVISION", conflicts_with = "current")]
    pub(crate) from_revision: Option<u64>,
    /// First what matches now
    #[arg(long)]
    pub(crate) current: bool,
    /// With descriptions (JSON only)
    #[arg(long)]
    pub(crate) full: bool,
    /// End after so many events
    #[arg(long, value_name = "COUNT")]
    pub(crate) count: Option<u64>,
}
