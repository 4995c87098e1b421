//! The fields of the filter language and what each is compared with.

macro_rules! fields {
    ($($variant:ident $name:literal $kind:ident,)+) => {
        /// What a term speaks of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Field { $($variant,)+ }

        impl Field {
            pub(super) const ALL: &'static [Self] = &[$(Self::$variant,)+];

            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            pub(super) const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)+ }
            }
        }
    };
}

/// What a field is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    State,
    /// By rank; always set.
    Priority,
    /// By rank; may be unset.
    OptionalPriority,
    Impact,
    Category,
    Channel,
    Platform,
    Origin,
    Organisation,
    Agent,
    /// Compared folded, or a part of it.
    Text,
    /// A text that may be unset.
    OptionalText,
    /// One of several names, compared folded.
    Names,
    Number,
    Ticket,
    /// Always set.
    Time,
    /// May be unset.
    OptionalTime,
    Bool,
}

fields!(
    State "state" State,
    Priority "priority" Priority,
    RequestedPriority "requested_priority" OptionalPriority,
    Impact "impact" Impact,
    Category "category" Category,
    Channel "channel" Channel,
    Platform "platform" Platform,
    Organisation "organisation" Organisation,
    Assignee "assignee" Agent,
    Reporter "reporter" OptionalText,
    Tag "tag" Names,
    Workstation "workstation" Names,
    Origin "origin" Origin,
    ExternalId "external_id" OptionalText,
    Number "number" Number,
    Subject "subject" Text,
    Incident "incident" Ticket,
    CreateTime "create_time" Time,
    UpdateTime "update_time" Time,
    ResolveTime "resolve_time" OptionalTime,
    OccurTime "occur_time" OptionalTime,
    DueTime "due_time" OptionalTime,
    Breached "breached" Bool,
    Unassessed "unassessed" Bool,
    Importing "importing" Bool,
    Open "open" Bool,
    Continuous "continuous" Bool,
    Rung "rung" Number,
);

impl Field {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.name() == name)
    }
}

impl Kind {
    /// Whether a ticket can be without it.
    pub(super) const fn is_optional(self) -> bool {
        !matches!(
            self,
            Self::State | Self::Priority | Self::Origin | Self::Text | Self::Number | Self::Time | Self::Bool
        )
    }

    /// How it can be compared.
    pub(super) const fn operators(self) -> &'static [super::term::Op] {
        use super::term::Op::{Eq, Ge, Gt, Has, Le, Lt, Ne};
        match self {
            Self::Priority | Self::OptionalPriority | Self::Number | Self::Time | Self::OptionalTime => {
                &[Eq, Ne, Lt, Le, Gt, Ge]
            }
            Self::Text | Self::OptionalText | Self::Names | Self::Channel => &[Eq, Ne, Has],
            _ => &[Eq, Ne],
        }
    }
}
