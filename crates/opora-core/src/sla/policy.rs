//! Policies: the table of targets, with a calendar for each cell (docs/domain.md §7).

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{ClockKind, PolicyRef};
use crate::calendar::{Calendar, CalendarDefinition, CalendarError};
use crate::model::{PolicyId, Priority};
use crate::time::{Millis, Timestamp};

/// What a cell of a policy asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// This much open time.
    Open(Length),
    /// Work without a pause until the service is back (rule 6).
    Continuous,
}

/// A length of open time as people write it: `30 min`, `2 h`, `1 day`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Minutes.
    Minutes(u32),
    /// Hours.
    Hours(u32),
    /// Days, each as long as the calendar states.
    Days(u32),
}

/// Why a text is not a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a target, such as `45 min`, `2 h`, `1 day` or `continuous`")]
pub struct TargetError(pub String);

/// One cell for each priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Until the first response.
    pub first_response: Target,
    /// Until the resolution.
    pub resolution: Target,
    /// The id of the calendar of the first response.
    pub first_response_calendar: String,
    /// The id of the calendar of the resolution.
    pub resolution_calendar: String,
}

/// From when a raised priority counts (rule 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RaiseFrom {
    /// From the change.
    #[default]
    Change,
    /// From the creation.
    Creation,
}

/// A policy as people write it: what [`Policy::new`] checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDefinition {
    /// Which policy, and its version.
    pub policy: PolicyRef,
    /// The cells, lowest priority first ([`Priority::ALL`]).
    pub cells: [Cell; 4],
    /// From when a raised priority counts.
    pub raise_from: RaiseFrom,
    /// How long a continuous ticket may be left alone, real time (rule 6).
    pub update_every: Millis,
    /// Whether a breach escalates by itself (docs/domain.md §8).
    pub escalate_on_breach: bool,
    /// The calendars that the cells name.
    pub calendars: Vec<CalendarDefinition>,
}

/// What is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A calendar is wrong.
    #[error("calendar {0}: {1}")]
    Calendar(String, CalendarError),
    /// A cell names a calendar that is not there.
    #[error("the calendar `{0}` is not defined")]
    NoCalendar(String),
    /// A first response can't be continuous; a target of no time is none.
    #[error("the target of {0} makes no sense")]
    Target(&'static str),
    /// `update_every` is not between a minute and 30 days.
    #[error("update_every is not between one minute and 30 days")]
    UpdateEvery,
}

/// A policy that was checked and can be reckoned with.
#[derive(Clone, Debug)]
pub struct Policy {
    definition: PolicyDefinition,
    calendars: HashMap<String, Arc<Calendar>>,
}

/// A target with the calendar that it runs on.
#[derive(Clone, Debug)]
pub struct Goal {
    /// The open time; `None`: continuous.
    pub target: Option<Millis>,
    /// The calendar.
    pub calendar: Arc<Calendar>,
}

impl PolicyDefinition {
    /// The etag of this version: told by its number and its content, since a restored desk gives out numbers again.
    pub fn etag(&self) -> String {
        // FNV-1a: it guards against mistakes, not against anybody.
        let content = format!("{self:?}");
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        format!("{:x}-{:016x}", self.policy.version, content.bytes().fold(0xcbf2_9ce4_8422_2325, step))
    }

    /// Whether both say the same, whatever their versions and the order of their calendars.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let plain = |one: &Self| {
            let mut one = one.clone();
            one.policy.version = 0;
            one.calendars.sort_by(|a, b| a.id.cmp(&b.id));
            one
        };
        plain(self) == plain(other)
    }
}

/// All versions of all policies that a ticket can run by.
pub trait PolicySource {
    /// One version of a policy.
    fn policy(&self, policy: &PolicyRef) -> Option<&Policy>;
}

/// Policies by id and version.
#[derive(Clone, Debug, Default)]
pub struct Policies(HashMap<PolicyRef, Arc<Policy>>);

impl Policies {
    /// With the built-in policy.
    pub fn builtin() -> Self {
        let mut policies = Self::default();
        policies.add(Policy::builtin());
        policies
    }

    /// Adds a version.
    pub fn add(&mut self, policy: Policy) {
        self.0.insert(policy.definition.policy.clone(), Arc::new(policy));
    }

    /// The newest version of a policy.
    pub fn newest(&self, id: &PolicyId) -> Option<&Policy> {
        self.0
            .values()
            .filter(|p| &p.definition.policy.id == id)
            .max_by_key(|p| p.definition.policy.version)
            .map(|p| &**p)
    }

    /// All versions.
    pub fn iter(&self) -> impl Iterator<Item = &Policy> {
        self.0.values().map(|p| &**p)
    }
}

impl PolicySource for Policies {
    fn policy(&self, policy: &PolicyRef) -> Option<&Policy> {
        self.0.get(policy).map(|p| &**p)
    }
}

impl Policy {
    /// Checks a policy.
    ///
    /// # Errors
    /// [`PolicyError`], the first thing that is wrong.
    pub fn new(definition: PolicyDefinition) -> Result<Self, PolicyError> {
        let mut calendars = HashMap::new();
        for calendar in &definition.calendars {
            let compiled =
                Calendar::new(calendar.clone()).map_err(|e| PolicyError::Calendar(calendar.id.clone(), e))?;
            calendars.insert(calendar.id.clone(), Arc::new(compiled));
        }
        calendars.entry("24x7".to_owned()).or_insert_with(|| Arc::new(Calendar::always()));
        if !(60_000..=30 * 86_400_000).contains(&definition.update_every.0) {
            return Err(PolicyError::UpdateEvery);
        }
        for cell in &definition.cells {
            for id in [&cell.first_response_calendar, &cell.resolution_calendar] {
                if !calendars.contains_key(id) {
                    return Err(PolicyError::NoCalendar(id.chars().take(63).collect()));
                }
            }
            let some = |target: Target| match target {
                Target::Open(Length::Minutes(n) | Length::Hours(n) | Length::Days(n)) => n > 0,
                Target::Continuous => true,
            };
            if cell.first_response == Target::Continuous || !some(cell.first_response) {
                return Err(PolicyError::Target("a first response"));
            }
            if !some(cell.resolution) {
                return Err(PolicyError::Target("a resolution"));
            }
        }
        Ok(Self { definition, calendars })
    }

    /// The built-in policy: the table of docs/domain.md §7 on the calendar `24x7`.
    pub fn builtin() -> Self {
        let cell = |first_response, resolution| Cell {
            first_response: Target::Open(first_response),
            resolution,
            first_response_calendar: "24x7".into(),
            resolution_calendar: "24x7".into(),
        };
        let days = |n| Target::Open(Length::Days(n));
        let definition = PolicyDefinition {
            policy: PolicyRef::builtin(),
            cells: [
                cell(Length::Days(1), days(14)),
                cell(Length::Days(1), days(7)),
                cell(Length::Minutes(45), days(1)),
                cell(Length::Minutes(30), Target::Continuous),
            ],
            raise_from: RaiseFrom::Change,
            update_every: Millis::minutes(30),
            escalate_on_breach: false,
            calendars: vec![CalendarDefinition::always()],
        };
        let calendars = HashMap::from([("24x7".to_owned(), Arc::new(Calendar::always()))]);
        Self { definition, calendars }
    }

    /// How people wrote it.
    pub fn definition(&self) -> &PolicyDefinition {
        &self.definition
    }

    /// What it asks for at a priority.
    pub fn goal(&self, clock: ClockKind, priority: Priority) -> Goal {
        let [low, medium, high, critical] = &self.definition.cells;
        let cell = match priority {
            Priority::Low => low,
            Priority::Medium => medium,
            Priority::High => high,
            Priority::Critical => critical,
        };
        let (target, id) = match clock {
            ClockKind::FirstResponse => (cell.first_response, &cell.first_response_calendar),
            ClockKind::Resolution => (cell.resolution, &cell.resolution_calendar),
        };
        let calendar = self.calendars.get(id).cloned().unwrap_or_else(|| Arc::new(Calendar::always()));
        let target = match target {
            Target::Continuous => None,
            Target::Open(Length::Minutes(n)) => Some(Millis::minutes(n.into())),
            Target::Open(Length::Hours(n)) => Some(Millis::hours(n.into())),
            Target::Open(Length::Days(n)) => Some(Millis(calendar.day_length().0.saturating_mul(n.into()))),
        };
        Goal { target, calendar }
    }

    /// When a calendar of this policy opens next, at or after an instant.
    pub fn next_open(&self, calendar: &str, at: Timestamp) -> Option<Timestamp> {
        self.calendars.get(calendar).map(|c| c.next_open(at))
    }
}

impl PolicyRef {
    /// The built-in policy: `policies/default@1`.
    #[allow(clippy::expect_used, reason = "`default` follows the rules of ids")]
    pub fn builtin() -> Self {
        Self { id: PolicyId::new("default").expect("`default` is an id"), version: 1 }
    }
}

impl fmt::Display for PolicyRef {
    /// `policies/default@1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.version)
    }
}

impl FromStr for Target {
    type Err = TargetError;

    /// `45 min`, `2 h`, `1 day`, `7 days`, `continuous`.
    fn from_str(text: &str) -> Result<Self, TargetError> {
        let fail = || TargetError(text.chars().take(40).collect());
        let text = text.trim();
        if text == "continuous" {
            return Ok(Self::Continuous);
        }
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(fail)?;
        let (number, unit) = text.split_at(digits);
        let n: u32 = number.parse().map_err(|_| fail())?;
        if n == 0 || n > 100_000 {
            return Err(fail());
        }
        match unit.trim() {
            "m" | "min" => Ok(Self::Open(Length::Minutes(n))),
            "h" => Ok(Self::Open(Length::Hours(n))),
            "d" | "day" | "days" => Ok(Self::Open(Length::Days(n))),
            _ => Err(fail()),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Continuous => f.write_str("continuous"),
            Self::Open(Length::Minutes(n)) => write!(f, "{n} min"),
            Self::Open(Length::Hours(n)) => write!(f, "{n} h"),
            Self::Open(Length::Days(1)) => f.write_str("1 day"),
            Self::Open(Length::Days(n)) => write!(f, "{n} days"),
        }
    }
}
