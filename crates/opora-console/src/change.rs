//! What a person changes: one change with its request id, its etag and what it does, in the form in which it is also
//! kept on disk. Knows neither network nor screen.

use opora_proto::v1;
use serde::{Deserialize, Serialize};

use crate::lists::Lists;

/// The most tickets of one batch (docs/contract.md "Requests").
pub(crate) const BATCH: usize = 500;

/// A change of a ticket, or a new one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) request_id: String,
    /// 0 for a new ticket, and for many.
    pub(crate) number: u64,
    pub(crate) etag: String,
    pub(crate) what: What,
}

/// What to change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum What {
    /// To an agent's id; empty for nobody.
    Assign(String),
    Priority(#[serde(with = "word")] v1::Priority, String),
    /// The priority follows from it.
    Impact(#[serde(with = "word")] v1::Impact, String),
    /// To the next rung.
    Escalate(String),
    /// To a rung above the next.
    EscalateTo(u32, String),
    /// To a rung below.
    Deescalate(u32, String),
    State(#[serde(with = "word")] v1::TicketState, String),
    Comment {
        body: String,
        #[serde(with = "word")]
        visibility: v1::Visibility,
        seen_through: u64,
    },
    Create(Box<NewTicket>),
    Update(Box<Fields>),
    /// Becomes a part of that ticket, for this reason; with the etag under which that was seen, empty where it was not.
    Merge(u64, String, #[serde(default)] String),
    Unmerge(String),
    Link(u64, #[serde(with = "word")] v1::LinkKind),
    Unlink(u64),
    /// A file of this machine.
    Attach(String),
    Undo(Undoable, u64),
    /// The same on many; each stands or falls alone.
    Many(Vec<Target>, Box<What>),
}

/// One of many, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) number: u64,
    pub(crate) etag: String,
}

/// A new ticket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct NewTicket {
    pub(crate) subject: String,
    pub(crate) description: String,
    /// `acme`; empty: not known.
    pub(crate) organisation: String,
    /// Who reported it; empty: not known.
    #[serde(default)]
    pub(crate) reporter: String,
    /// Their address; empty: not known.
    #[serde(default)]
    pub(crate) email: String,
    #[serde(with = "word")]
    pub(crate) impact: v1::Impact,
    #[serde(with = "word")]
    pub(crate) category: v1::Category,
}

/// Fields of a ticket that are edited; `None` stays as it is. Enums by their numbers in the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Fields {
    pub(crate) subject: Option<String>,
    pub(crate) description: Option<String>,
    /// `acme`; empty: not known.
    pub(crate) organisation: Option<String>,
    /// Name and address.
    pub(crate) reporter: Option<(String, String)>,
    pub(crate) category: Option<i32>,
    pub(crate) channels: Option<Vec<i32>>,
    pub(crate) platform: Option<i32>,
    pub(crate) requested_priority: Option<i32>,
    /// Milliseconds since 1970; 0: not known.
    pub(crate) occur_time: Option<i64>,
    pub(crate) workstations: Option<Vec<String>>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) checklist: Option<Vec<Step>>,
    /// What the lists among them were when they were edited: on another state only the differences count.
    pub(crate) base: Option<Box<Lists>>,
}

/// A step of the checklist.
#[expect(clippy::struct_field_names, reason = "named as the contract names it, and kept on disk so")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) step: String,
    pub(crate) done: bool,
    pub(crate) note: String,
}

/// What can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Undoable {
    Assign,
    Priority,
    State,
    /// A tie that was made.
    Link,
    /// A tie that was cut.
    Unlink,
    Tags,
}

impl Undoable {
    /// The key of what it is of.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Assign => "field-assignee",
            Self::Priority => "field-priority",
            Self::State => "field-state",
            Self::Link | Self::Unlink => "field-links",
            Self::Tags => "field-tags",
        }
    }

    /// Whether two changes are of the same thing: the later one stands in the way of taking the earlier back.
    pub(crate) fn is_of(self, other: Self) -> bool {
        let ties = [Self::Link, Self::Unlink];
        self == other || ties.contains(&self) && ties.contains(&other)
    }
}

impl Fields {
    /// Whether nothing is edited.
    pub(crate) fn is_empty(&self) -> bool {
        Self { base: None, ..self.clone() } == Self::default()
    }

    /// The ticket of an `UpdateTicket`, and its mask.
    pub(crate) fn wire(&self, name: &str) -> (v1::Ticket, Vec<&'static str>) {
        let mut ticket = v1::Ticket { name: name.to_owned(), ..v1::Ticket::default() };
        let mut mask = Vec::new();
        macro_rules! put {
            ($($field:ident => $value:expr;)*) => {$(
                if let Some($field) = self.$field.clone() {
                    ticket.$field = $value;
                    mask.push(stringify!($field));
                }
            )*};
        }
        put! {
            subject => subject;
            description => description;
            organisation => if organisation.is_empty() { organisation } else { format!("organisations/{organisation}") };
            reporter => Some(v1::Reporter { display_name: reporter.0, email: reporter.1 });
            category => category;
            channels => channels;
            platform => platform;
            requested_priority => requested_priority;
            occur_time => (occur_time != 0).then(|| timestamp(occur_time));
            workstations => workstations;
            tags => tags;
            checklist => checklist.into_iter().map(|s| v1::ChecklistItem { step: s.step, done: s.done, note: s.note }).collect();
        }
        (ticket, mask)
    }
}

fn timestamp(ms: i64) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: ms.div_euclid(1000), nanos: (ms.rem_euclid(1000) * 1_000_000) as i32 }
}

impl What {
    /// The fields that it edits.
    pub(crate) fn fields(&self) -> Option<&Fields> {
        match self {
            Self::Update(fields) => Some(fields),
            Self::Many(_, what) => what.fields(),
            _ => None,
        }
    }

    /// The message that it carries.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Comment { body, .. } => Some(body),
            Self::Many(_, what) => what.text(),
            _ => None,
        }
    }

    /// The same on another state of its ticket: of lists only what was put in and taken out.
    pub(crate) fn bring_onto(&mut self, shown: &v1::Ticket) {
        if let Self::Update(fields) = self {
            fields.bring_onto(Lists::of(shown));
        }
    }

    /// The other ticket that it is made on, where it may have changed as well.
    pub(crate) fn other(&self) -> Option<u64> {
        match self {
            Self::Merge(target, ..) => Some(*target),
            _ => None,
        }
    }

    /// What of it can be taken back.
    pub(crate) fn undoable(&self) -> Option<Undoable> {
        match self {
            Self::Assign(_) => Some(Undoable::Assign),
            Self::Priority(..) | Self::Impact(..) => Some(Undoable::Priority),
            Self::State(..) => Some(Undoable::State),
            Self::Link(..) => Some(Undoable::Link),
            Self::Unlink(_) => Some(Undoable::Unlink),
            // Only tags have an `undo_of`: with other fields beside them a part would stay.
            Self::Update(fields) => {
                let only_tags = Fields { tags: None, ..(**fields).clone() }.is_empty() && fields.tags.is_some();
                only_tags.then_some(Undoable::Tags)
            }
            Self::Many(_, what) => what.undoable(),
            _ => None,
        }
    }
}

impl Change {
    /// The tickets that it changes; none for a new one.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        let many: &[Target] = match &self.what {
            What::Many(targets, _) => targets,
            _ => &[],
        };
        let one = Some(self.number).filter(|number| *number != 0);
        one.into_iter().chain(self.what.other()).chain(many.iter().map(|target| target.number))
    }

    /// Whether it was made on that ticket as it was seen.
    pub(crate) fn is_made_on(&self, number: u64) -> bool {
        number != 0 && (self.number == number || self.what.other() == Some(number))
    }

    /// Whether it changes that ticket.
    pub(crate) fn concerns(&self, number: u64) -> bool {
        self.numbers().any(|n| n == number)
    }

    /// The etag that was sent for a ticket.
    pub(crate) fn etag_of(&self, number: u64) -> Option<&str> {
        match &self.what {
            What::Many(targets, _) => targets.iter().find(|t| t.number == number).map(|t| t.etag.as_str()),
            _ => (self.number == number).then_some(self.etag.as_str()),
        }
    }

    /// A ticket has another etag since, by an `earlier` change of one's own: what was seen under `old` is sent under
    /// `new`. A list that both change goes with what the earlier one made of it; where that can't be told it stays under
    /// `old`, and the server asks.
    pub(crate) fn moved_on(&mut self, earlier: &What, number: u64, old: &str, new: &str) -> bool {
        if old.is_empty() || new.is_empty() || old == new {
            return false;
        }
        if self.number == number && self.etag == old {
            if let (What::Update(fields), Some(earlier)) = (&mut self.what, earlier.fields())
                && fields.shares_list(earlier)
            {
                if fields.base.is_none() {
                    return false;
                }
                fields.bring_after(earlier);
            }
            new.clone_into(&mut self.etag);
            return true;
        }
        if let What::Merge(target, _, etag) = &mut self.what
            && *target == number
            && etag == old
        {
            new.clone_into(etag);
            return true;
        }
        let What::Many(targets, what) = &mut self.what else { return false };
        if let (Some(fields), Some(earlier)) = (what.fields(), earlier.fields())
            && fields.shares_list(earlier)
        {
            return false;
        }
        let found = targets.iter_mut().find(|t| t.number == number && t.etag == old);
        found.map(|target| new.clone_into(&mut target.etag)).is_some()
    }
}

/// An enum of the contract as its number there, which never changes.
mod word {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<T: Copy + Into<i32>, S: Serializer>(word: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32((*word).into())
    }

    pub(super) fn deserialize<'de, T: TryFrom<i32>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let number = i32::deserialize(deserializer)?;
        T::try_from(number).map_err(|_| D::Error::custom("a number that the contract does not have"))
    }
}
