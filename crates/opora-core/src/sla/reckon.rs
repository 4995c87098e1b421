//! Reckoning: from the facts of a ticket to its two clocks (docs/domain.md §7 rules 1 to 12).

use super::policy::{Policy, PolicySource};
use super::track::{Frozen, Hold, Track};
use super::{Breach, BreachCause, Clock, ClockKind, Fact, FactKind, PolicyRef, SlaState};
use crate::model::{Priority, Revision, TicketState};
use crate::time::Timestamp;

/// A ticket's clocks while they are being reckoned.
#[derive(Clone)]
pub(super) struct Reckoning<'a> {
    policies: &'a dyn PolicySource,
    pub(super) policy: &'a Policy,
    pub(super) policy_ref: PolicyRef,
    pub(super) created: Timestamp,
    pub(super) now: Timestamp,
    pub(super) priority: Priority,
    pub(super) state: TicketState,
    pub(super) first_response: Track,
    pub(super) resolution: Track,
    /// Clock, priority, percent and, where it is known, start of what was warned of.
    pub(super) warned: Vec<(ClockKind, Priority, u8, Option<Timestamp>)>,
    /// Since when nobody is assigned; `None`: somebody is.
    pub(super) unassigned_since: Option<Timestamp>,
    /// When an agent wrote last.
    pub(super) agent_wrote: Option<Timestamp>,
    /// When neglect was told last.
    pub(super) neglect_told: Option<Timestamp>,
    /// While the resolution is continuous and runs: since it last became so (rule 6).
    pub(super) continuous_from: Option<Timestamp>,
    /// The first breach that was recorded of the first response, and of the resolution.
    recorded: [Option<Recorded>; 2],
    /// An undo is still to come: until then the facts tell of a past that was otherwise.
    altered: bool,
}

/// A breach as a fact keeps it.
#[derive(Clone, Copy)]
struct Recorded {
    breach: Breach,
    due: Timestamp,
    /// Priority and start of what was breached; `None`: recorded before these were kept.
    obligation: Option<(Priority, Timestamp)>,
}

/// The facts don't begin with the creation, or name a policy that is not known: never for facts that the desk made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReckonError {
    /// The first fact is not the creation.
    #[error("the facts of a clock do not begin with the creation of its ticket")]
    NotCreated,
    /// A policy is not known.
    #[error("the policy {0} is not known")]
    NoPolicy(PolicyRef),
}

impl SlaState {
    /// The clocks of a new ticket.
    ///
    /// # Errors
    /// [`ReckonError::NoPolicy`].
    pub fn new(
        at: Timestamp,
        revision: Revision,
        priority: Priority,
        policy: &PolicyRef,
        policies: &dyn PolicySource,
    ) -> Result<Self, ReckonError> {
        let kind = FactKind::Created { priority, policy: policy.clone() };
        Self::from_facts(vec![Fact { at, revision, kind }], policies)
    }

    /// The clocks that these facts give.
    ///
    /// # Errors
    /// [`ReckonError`].
    pub fn from_facts(facts: Vec<Fact>, policies: &dyn PolicySource) -> Result<Self, ReckonError> {
        let reckoning = Reckoning::of(&facts, policies)?;
        let (first_response, resolution) = reckoning.clocks();
        let continuous_since = reckoning.resolution.continuous_since(reckoning.now);
        Ok(Self { policy: reckoning.policy_ref, facts, first_response, resolution, continuous_since })
    }

    /// The clocks after one more fact. A fact that happened before the last one counts as at the last one.
    ///
    /// # Errors
    /// [`ReckonError`].
    pub fn with(&self, mut fact: Fact, policies: &dyn PolicySource) -> Result<Self, ReckonError> {
        let mut facts = self.facts.clone();
        fact.at = facts.last().map_or(fact.at, |last| last.at.max(fact.at));
        if matches!(fact.kind, FactKind::AgentWrote) {
            facts.retain(|f| !matches!(f.kind, FactKind::AgentWrote));
        }
        facts.push(fact);
        Self::from_facts(facts, policies)
    }

    /// The clocks after an undo at `at`: from then on the facts that `undone` names count as never made (rule 5).
    ///
    /// Breaches have to be recorded before, see [`Self::unrecorded`].
    ///
    /// # Errors
    /// [`ReckonError`].
    pub fn without(
        &self,
        undone: impl Fn(&Fact) -> bool,
        at: Timestamp,
        revision: Revision,
        policies: &dyn PolicySource,
    ) -> Result<Self, ReckonError> {
        let mut facts = self.facts.clone();
        let at = facts.last().map_or(at, |last| last.at.max(at));
        let before = Reckoning::of(&facts, policies)?;
        let (first_response, resolution) = (before.first_response.exhausted, before.resolution.exhausted);
        facts.retain(|fact| !undone(fact) && !matches!(fact.kind, FactKind::Undone { .. }));
        facts.push(Fact { at, revision, kind: FactKind::Undone { first_response, resolution } });
        Self::from_facts(facts, policies)
    }

    /// When it was created.
    pub fn created(&self) -> Timestamp {
        self.facts.first().map_or(Timestamp::MIN, |fact| fact.at)
    }

    /// One of the two clocks.
    pub fn clock(&self, kind: ClockKind) -> &Clock {
        match kind {
            ClockKind::FirstResponse => &self.first_response,
            ClockKind::Resolution => &self.resolution,
        }
    }
}

impl<'a> Reckoning<'a> {
    pub(super) fn of(facts: &[Fact], policies: &'a dyn PolicySource) -> Result<Self, ReckonError> {
        let Some((Fact { at, kind: FactKind::Created { priority, policy }, .. }, rest)) = facts.split_first() else {
            return Err(ReckonError::NotCreated);
        };
        let mut reckoning = Self::created(*at, *priority, policy.clone(), policies)?;
        for fact in rest {
            reckoning.altered |= matches!(fact.kind, FactKind::Undone { .. });
            if let FactKind::Breached { clock, due, at, cause, obligation, .. } = fact.kind
                && let Some(place) = reckoning.recorded.get_mut(clock as usize)
            {
                place.get_or_insert(Recorded { breach: Breach { at, cause }, due, obligation });
            }
        }
        for fact in rest {
            reckoning.take(fact)?;
        }
        Ok(reckoning)
    }

    /// Rule 1.
    fn created(
        at: Timestamp,
        priority: Priority,
        policy_ref: PolicyRef,
        policies: &'a dyn PolicySource,
    ) -> Result<Self, ReckonError> {
        let policy = policies.policy(&policy_ref).ok_or_else(|| ReckonError::NoPolicy(policy_ref.clone()))?;
        let mut first_response = Track::new(ClockKind::FirstResponse);
        let mut resolution = Track::new(ClockKind::Resolution);
        first_response.oblige(policy, priority, at);
        resolution.oblige(policy, priority, at);
        let continuous_from = resolution.continuous().map(|_| at);
        Ok(Self {
            policies,
            policy,
            policy_ref,
            created: at,
            now: at,
            priority,
            state: TicketState::New,
            first_response,
            resolution,
            warned: Vec::new(),
            unassigned_since: Some(at),
            agent_wrote: None,
            neglect_told: None,
            continuous_from,
            recorded: [None, None],
            altered: false,
        })
    }

    fn recorded_of(&self, clock: ClockKind) -> Option<Recorded> {
        self.recorded.get(clock as usize).copied().flatten()
    }

    /// Whether a breach of a clock is among the facts.
    pub(super) fn is_recorded(&self, clock: ClockKind) -> bool {
        self.recorded_of(clock).is_some()
    }

    fn take(&mut self, fact: &Fact) -> Result<(), ReckonError> {
        let at = fact.at.max(self.now);
        self.now = at;
        let meets = match fact.kind {
            FactKind::Answered => Some(ClockKind::FirstResponse),
            FactKind::State(TicketState::Resolved) => Some(ClockKind::Resolution),
            _ => None,
        };
        self.fall_due(at, meets);
        let mut cause = BreachCause::Delay;
        match &fact.kind {
            FactKind::Created { .. } => {}
            FactKind::Priority(priority) => {
                self.reprioritise(*priority, at);
                cause = BreachCause::Reclassification;
            }
            FactKind::Answered => self.first_response.end(at, true),
            FactKind::State(state) => self.transition(*state, at),
            FactKind::PolicyApplied(policy) => {
                self.policy = self.policies.policy(policy).ok_or_else(|| ReckonError::NoPolicy(policy.clone()))?;
                self.policy_ref = policy.clone();
                self.first_response.apply(self.policy);
                self.resolution.apply(self.policy);
                cause = BreachCause::Policy;
            }
            FactKind::Breached { clock, due, at, cause, obligation, .. } => {
                let (policy, breach) = (self.policy, Breach { at: *at, cause: *cause });
                let track = self.track_mut(*clock);
                if track.frozen.is_none() {
                    track.recorded(policy, breach, *due, *obligation);
                }
            }
            FactKind::Warned { clock, priority, percent, start } => {
                self.warned.push((*clock, *priority, *percent, *start));
            }
            FactKind::Assigned(assigned) => {
                self.unassigned_since = (!assigned).then_some(at);
                self.neglect_told = None;
            }
            FactKind::AgentWrote => {
                self.agent_wrote = Some(at);
                self.neglect_told = None;
            }
            FactKind::Neglected => self.neglect_told = Some(at),
            FactKind::Undone { first_response, resolution } => {
                self.altered = false;
                self.first_response.undone(at, *first_response);
                self.resolution.undone(at, *resolution);
                cause = BreachCause::Reclassification;
            }
        }
        self.settle(at, cause);
        Ok(())
    }

    /// What fell due before an event at `at`, or with it where the event does not meet the clock.
    pub(super) fn fall_due(&mut self, at: Timestamp, meets: Option<ClockKind>) {
        for clock in [ClockKind::FirstResponse, ClockKind::Resolution] {
            let fallen = self.track(clock).fallen_due(at, meets == Some(clock));
            self.freeze(clock, fallen);
        }
    }

    /// After a change: what it breached, and whether the ticket wants continuous work from now on.
    fn settle(&mut self, at: Timestamp, cause: BreachCause) {
        for clock in [ClockKind::FirstResponse, ClockKind::Resolution] {
            let overtaken = self.track_mut(clock).overtaken(at, cause);
            self.freeze(clock, overtaken);
        }
        let continuous = self.resolution.runs() && self.resolution.continuous().is_some();
        match self.continuous_from {
            Some(_) if !continuous => self.continuous_from = None,
            None if continuous => (self.continuous_from, self.neglect_told) = (Some(at), None),
            _ => {}
        }
    }

    /// A breach that was recorded otherwise comes where it was recorded; before an undo only what was recorded is one.
    /// Two obligations can be due at the same instant, and an undo can take back the one that was breached: of another
    /// one the facts that are left would tell the same breach, which is not the recorded one.
    fn freeze(&mut self, clock: ClockKind, found: Option<Frozen>) {
        let Some(frozen) = found else { return };
        let breached = self.track(clock).obligations.get(frozen.index).map(|o| (o.priority, o.start));
        let real = match self.recorded_of(clock) {
            Some(Recorded { breach, due, obligation }) => {
                (breach, due) == (frozen.breach, frozen.due) && (obligation.is_none() || obligation == breached)
            }
            None => !self.altered,
        };
        if real {
            self.track_mut(clock).frozen = Some(frozen);
        }
    }

    /// Rules 2 to 5: by rank, never by size of target.
    fn reprioritise(&mut self, to: Priority, at: Timestamp) {
        let (from, created, policy) = (self.priority, self.created, self.policy);
        if to == from {
            return;
        }
        self.priority = to;
        for track in [&mut self.first_response, &mut self.resolution] {
            if track.met.is_some() && track.kind == ClockKind::FirstResponse {
                continue;
            }
            if to > from {
                track.raise(policy, to, at, created);
            } else {
                track.lower(policy, to, at);
            }
        }
    }

    /// Rules 7 to 9.
    fn transition(&mut self, to: TicketState, at: Timestamp) {
        let was = std::mem::replace(&mut self.state, to);
        let hold = |waiting: bool| match to {
            TicketState::Resolved => Some(Hold::Resolved),
            TicketState::Merged => Some(Hold::Merged),
            TicketState::WaitingForCustomer if waiting => Some(Hold::Waiting),
            _ => None,
        };
        let (first_response, resolution) = (&mut self.first_response, &mut self.resolution);
        first_response.hold(hold(false), at);
        match to {
            TicketState::Resolved => resolution.end(at, true),
            TicketState::Closed | TicketState::Merged => {}
            _ if was == TicketState::Resolved => resolution.reopen(),
            _ => {}
        }
        resolution.hold(hold(true), at);
        if to == TicketState::Closed {
            first_response.end(at, false);
            resolution.end(at, false);
        }
    }

    pub(super) fn track(&self, kind: ClockKind) -> &Track {
        match kind {
            ClockKind::FirstResponse => &self.first_response,
            ClockKind::Resolution => &self.resolution,
        }
    }

    fn track_mut(&mut self, kind: ClockKind) -> &mut Track {
        match kind {
            ClockKind::FirstResponse => &mut self.first_response,
            ClockKind::Resolution => &mut self.resolution,
        }
    }

    fn clocks(&self) -> (Clock, Clock) {
        (self.first_response.clock(self.now, self.created), self.resolution.clock(self.now, self.created))
    }
}
