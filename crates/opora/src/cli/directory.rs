//! `opora org|contact|agent …`, as clap reads it.

use clap::{Args, Subcommand};

use super::ticket::RepeatArgs;
use super::value::{Platform, agent_name, contact_name, organisation_name, policy_name};

/// Customers.
#[derive(Debug, Subcommand)]
pub(crate) enum OrgCommand {
    /// Register a customer
    Add(OrgAddArgs),
    /// List customers
    List(PageArgs),
    /// Show a customer
    Show {
        /// Which
        #[arg(value_parser = organisation_name)]
        organisation: String,
    },
    /// Edit a customer
    Update(OrgUpdateArgs),
}

/// People of customers.
#[derive(Debug, Subcommand)]
pub(crate) enum ContactCommand {
    /// Register a person of a customer
    Add(ContactAddArgs),
    /// List people of customers
    List(ContactListArgs),
    /// Show a person of a customer
    Show {
        /// Whom
        #[arg(value_parser = contact_name)]
        contact: String,
    },
    /// Edit a person of a customer
    Update(ContactUpdateArgs),
}

/// Support engineers.
#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Register a support engineer
    Add(AgentAddArgs),
    /// List support engineers
    List(PageArgs),
    /// Show a support engineer
    Show {
        /// Whom
        #[arg(value_parser = agent_name)]
        agent: String,
    },
    /// Edit a support engineer
    Update(AgentUpdateArgs),
}

/// Which part of a list.
#[derive(Debug, Args)]
pub(crate) struct PageArgs {
    /// Also those that are archived
    #[arg(long)]
    pub(crate) archived: bool,
    /// At most so many [default: all]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
}

/// `contact list`.
#[derive(Debug, Args)]
pub(crate) struct ContactListArgs {
    /// Only those of this customer
    #[arg(long, alias = "org", value_parser = organisation_name)]
    pub(crate) organisation: Option<String>,
    /// Which part.
    #[command(flatten)]
    pub(crate) page: PageArgs,
}

/// What a customer is.
#[derive(Debug, Args)]
pub(crate) struct OrgFields {
    /// As people call it
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// An IANA name, such as Europe/Moscow
    #[arg(long, value_name = "ZONE")]
    pub(crate) time_zone: Option<String>,
    /// The generation of the platform
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) platform: Option<Platform>,
    /// The policy of its contract
    #[arg(long, value_parser = policy_name)]
    pub(crate) policy: Option<String>,
    /// The language of messages to it: ru or en
    #[arg(long, value_parser = ["ru", "en"])]
    pub(crate) language: Option<String>,
}

/// `org add`.
#[derive(Debug, Args)]
pub(crate) struct OrgAddArgs {
    /// The id that it shall have
    #[arg(value_parser = organisation_name)]
    pub(crate) organisation: String,
    /// What it is.
    #[command(flatten)]
    pub(crate) fields: OrgFields,
    /// How it is asked for again.
    #[command(flatten)]
    pub(crate) again: RepeatArgs,
}

/// `org update`.
#[derive(Debug, Args)]
pub(crate) struct OrgUpdateArgs {
    /// Which
    #[arg(value_parser = organisation_name)]
    pub(crate) organisation: String,
    /// What it is.
    #[command(flatten)]
    pub(crate) fields: OrgFields,
    /// No longer a customer (or again: --archived false)
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    pub(crate) archived: Option<bool>,
    /// Refuse if it is no longer as this etag says
    #[arg(long)]
    pub(crate) etag: Option<String>,
    /// How it is asked for again.
    #[command(flatten)]
    pub(crate) again: RepeatArgs,
}

/// What a person of a customer is.
#[derive(Debug, Args)]
pub(crate) struct ContactFields {
    /// As people call them
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Their address
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    /// Their organisation
    #[arg(long, alias = "org", value_parser = organisation_name)]
    pub(crate) organisation: Option<String>,
    /// A telephone number
    #[arg(long)]
    pub(crate) phone: Option<String>,
    /// The language of messages to them: ru or en
    #[arg(long, value_parser = ["ru", "en"])]
    pub(crate) language: Option<String>,
}

/// `contact add`.
#[derive(Debug, Args)]
pub(crate) struct ContactAddArgs {
    /// The id that they shall have
    #[arg(value_parser = contact_name)]
    pub(crate) contact: String,
    /// What they are.
    #[command(flatten)]
    pub(crate) fields: ContactFields,
    /// How it is asked for again.
    #[command(flatten)]
    pub(crate) again: RepeatArgs,
}

/// `contact update`.
#[derive(Debug, Args)]
pub(crate) struct ContactUpdateArgs {
    /// Whom
    #[arg(value_parser = contact_name)]
    pub(crate) contact: String,
    /// What they are.
    #[command(flatten)]
    pub(crate) fields: ContactFields,
    /// No longer there (or again: --archived false)
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    pub(crate) archived: Option<bool>,
    /// Refuse if it is no longer as this etag says
    #[arg(long)]
    pub(crate) etag: Option<String>,
    /// How it is asked for again.
    #[command(flatten)]
    pub(crate) again: RepeatArgs,
}

/// What a support engineer is.
#[derive(Debug, Args)]
pub(crate) struct AgentFields {
    /// As people call them
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Their address
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    /// An IANA name, such as Europe/Moscow
    #[arg(long, value_name = "ZONE")]
    pub(crate) time_zone: Option<String>,
    /// The language they work in: ru or en
    #[arg(long, value_parser = ["ru", "en"])]
    pub(crate) language: Option<String>,
}

/// `agent add`.
#[derive(Debug, Args)]
pub(crate) struct AgentAddArgs {
    /// The id that they shall have
    #[arg(value_parser = agent_name)]
    pub(crate) agent: String,
    /// What they are.
    #[command(flatten)]
    pub(crate) fields: AgentFields,
    /// How it is asked for again.
    #[command(flatten)]
    pub(crate) again: RepeatArgs,
}

/// `agent update`.
#[derive(Debug, Args)]
pub(crate) struct AgentUpdateArgs {
    /// Whom
    #[arg(value_parser = agent_name)]
    pub(crate) agent: String,
    /// What they are.
    #[command(flatten)]
    pub(crate) fields: AgentFields,
    /// No longer there (or again: --archived false)
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    pub(crate) archived: Option<bool>,
    /// Refuse if it is no longer as this etag says
    #[arg(long)]
    pub(crate) etag: Option<String>,
    /// How it is asked for again.
    #[command(flatten)]
    pub(crate) again: RepeatArgs,
}
