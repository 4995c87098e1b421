//! Reckoning: from the facts of a ticket to its two clocks (domain.md §7 rules 1 to 12).

use super::policy::{Policy, PolicySource};
use super::track::{Hold, Track};
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
    pub(super) warned: Vec<(ClockKind, Priority, u8)>,
    /// Since when nobody is assigned; `None`: somebody is.
    pub(super) unassigned_since: Option<Timestamp>,
    /// When an agent wrote last.
    pub(super) agent_wrote: Option<Timestamp>,
    /// When neglect was told last.
    pub(super) neglect_told: Option<Timestamp>,
    /// Since when the priority is the present one.
    pub(super) priority_since: Timestamp,
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

    /// The clocks as though the facts of a revision had not been; breaches and warnings stay.
    ///
    /// # Errors
    /// [`ReckonError`].
    pub fn without(&self, revision: Revision, policies: &dyn PolicySource) -> Result<Self, ReckonError> {
        let stays = |fact: &&Fact| {
            fact.revision != revision
                || matches!(fact.kind, FactKind::Created { .. } | FactKind::Breached { .. } | FactKind::Warned { .. })
        };
        Self::from_facts(self.facts.iter().filter(stays).cloned().collect(), policies)
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
            priority_since: at,
        })
    }

    fn take(&mut self, fact: &Fact) -> Result<(), ReckonError> {
        let at = fact.at.max(self.now);
        self.now = at;
        let resolves = fact.kind == FactKind::State(TicketState::Resolved);
        self.first_response.fall_due(at, fact.kind == FactKind::Answered);
        self.resolution.fall_due(at, resolves);
        match &fact.kind {
            FactKind::Created { .. } => {}
            FactKind::Priority(priority) => self.reprioritise(*priority, at),
            FactKind::Answered => self.first_response.end(at, true),
            FactKind::State(state) => self.transition(*state, at),
            FactKind::PolicyApplied(policy) => {
                self.policy = self.policies.policy(policy).ok_or_else(|| ReckonError::NoPolicy(policy.clone()))?;
                self.policy_ref = policy.clone();
                for track in self.unfinished() {
                    track.0.apply(track.1);
                    track.0.put_into_past(at, BreachCause::Policy);
                }
            }
            FactKind::Breached { clock, due, cause } => {
                let at = if *cause == BreachCause::Delay { *due } else { fact.at };
                let track = self.track_mut(*clock);
                track.breach.get_or_insert((Breach { at, cause: *cause }, *due));
            }
            FactKind::Warned { clock, priority, percent } => self.warned.push((*clock, *priority, *percent)),
            FactKind::Assigned(assigned) => {
                self.unassigned_since = (!assigned).then_some(at);
                self.neglect_told = None;
            }
            FactKind::AgentWrote => {
                self.agent_wrote = Some(at);
                self.neglect_told = None;
            }
            FactKind::Neglected => self.neglect_told = Some(at),
        }
        Ok(())
    }

    fn unfinished(&mut self) -> [(&mut Track, &'a Policy); 2] {
        [(&mut self.first_response, self.policy), (&mut self.resolution, self.policy)]
    }

    /// Rules 2 to 5: by rank, never by size of target.
    fn reprioritise(&mut self, to: Priority, at: Timestamp) {
        let (from, created) = (self.priority, self.created);
        if to == from {
            return;
        }
        self.priority = to;
        self.priority_since = at;
        for (track, policy) in self.unfinished() {
            if track.met.is_some() && track.kind == ClockKind::FirstResponse {
                continue;
            }
            if to > from {
                track.raise(policy, to, at, created);
            } else {
                track.lower(policy, to, at);
            }
            track.put_into_past(at, BreachCause::Reclassification);
        }
    }

    /// Rules 7 to 9.
    fn transition(&mut self, to: TicketState, at: Timestamp) {
        let was = std::mem::replace(&mut self.state, to);
        let (first_response, resolution) = (&mut self.first_response, &mut self.resolution);
        first_response.hold(
            match to {
                TicketState::Resolved => Some(Hold::Resolved),
                TicketState::Merged => Some(Hold::Merged),
                _ => None,
            },
            at,
        );
        if to == TicketState::Resolved {
            resolution.end(at, true);
        } else if to != TicketState::Closed && to != TicketState::Merged && was == TicketState::Resolved {
            (resolution.met, resolution.end_due) = (None, None);
        }
        resolution.hold(
            match to {
                TicketState::Resolved => Some(Hold::Resolved),
                TicketState::Merged => Some(Hold::Merged),
                TicketState::WaitingForCustomer => Some(Hold::Waiting),
                _ => None,
            },
            at,
        );
        if to == TicketState::Closed {
            first_response.end(at, false);
            resolution.end(at, false);
        } else {
            first_response.put_into_past(at, BreachCause::Delay);
            resolution.put_into_past(at, BreachCause::Delay);
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
