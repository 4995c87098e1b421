//! `opora rename …`, as clap reads it.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};

use super::value::{contact_name, organisation_name};

/// What stands below the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  opora rename tag vip VIP --dry-run          what would be respelt
  opora rename workstation арм-14 АРМ-14
  opora rename org unnamed --name 'Horns and Hooves'
  opora rename org unnamed --to romashka --name 'ООО «Ромашка»' --filter 'reporter:romashka.example.com'
  opora rename org unnamed --to vektor --contact anna

Closed tickets are put right as well; those that were merged into others are left, and counted. Run it again after a
trouble: what was done is not done twice.";

/// Names that stand in a desk already.
#[derive(Debug, Subcommand)]
pub(crate) enum RenameCommand {
    /// Give a tag another spelling or another name on all tickets that have it
    Tag(SpellingArgs),
    /// Give a workstation another spelling or another name on all tickets that name it
    Workstation(SpellingArgs),
    /// Give a customer its proper name, or its tickets and people to another customer
    Org(OrgArgs),
}

/// `rename tag` and `rename workstation`.
#[derive(Debug, Args)]
pub(crate) struct SpellingArgs {
    /// As it stands, in any spelling
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) old: String,
    /// As it shall be written
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) new: String,
    /// Which tickets.
    #[command(flatten)]
    pub(crate) which: WhichArgs,
}

/// `rename org`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").args(["name", "to"]).required(true).multiple(true)))]
pub(crate) struct OrgArgs {
    /// Which
    #[arg(value_parser = organisation_name)]
    pub(crate) organisation: String,
    /// Its proper name; with --to that of the other one, which is registered where the desk does not know it
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: Option<String>,
    /// The customer that tickets and people are given to
    #[arg(long, value_name = "ORGANISATION", value_parser = organisation_name)]
    pub(crate) to: Option<String>,
    /// Only this person and the tickets that they reported; can be repeated
    #[arg(long, requires = "to", value_parser = contact_name)]
    pub(crate) contact: Vec<String>,
    /// Which tickets.
    #[command(flatten)]
    pub(crate) which: WhichArgs,
}

/// Which tickets, and whether in earnest.
#[derive(Debug, Args)]
pub(crate) struct WhichArgs {
    /// Only tickets that match this filter (docs/filter.md)
    #[arg(long)]
    pub(crate) filter: Option<String>,
    /// Show what would be changed, change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
