//! What falls due: warnings, breaches, neglect (domain.md §7 rules 6, 10, 11). Timers only tell; a breach is judged from
//! the due instant on whether or not one fired.

use super::policy::PolicySource;
use super::reckon::{ReckonError, Reckoning};
use super::{BreachCause, ClockKind, FactKind, SlaState};
use crate::model::{Priority, TicketState};
use crate::time::Timestamp;

/// The shares of an obligation's open time that are warned of, in percent (rule 11).
pub const WARNINGS: [u8; 2] = [50, 80];

/// Something that fell due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// The instant at which it fell due.
    pub at: Timestamp,
    /// What it is.
    pub kind: SignalKind,
}

/// What fell due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalKind {
    /// A share of an obligation's time is used up.
    Warning {
        /// Which clock.
        clock: ClockKind,
        /// The obligation's priority.
        priority: Priority,
        /// The share in percent.
        percent: u8,
        /// When the obligation is due.
        due: Timestamp,
    },
    /// A due time passed.
    Breach {
        /// Which clock.
        clock: ClockKind,
    },
    /// Nobody looked after a ticket that wants continuous work.
    Neglect {
        /// Since when.
        since: Timestamp,
    },
}

impl Signal {
    /// The fact that remembers that it was told.
    pub fn fact(&self) -> FactKind {
        match self.kind {
            SignalKind::Warning { clock, priority, percent, .. } => FactKind::Warned { clock, priority, percent },
            SignalKind::Breach { clock } => FactKind::Breached { clock, due: self.at, cause: BreachCause::Delay },
            SignalKind::Neglect { .. } => FactKind::Neglected,
        }
    }
}

impl SlaState {
    /// What fell due at or before `now` and was not told yet, in order of time.
    ///
    /// # Errors
    /// [`ReckonError`].
    pub fn pending(&self, now: Timestamp, policies: &dyn PolicySource) -> Result<Vec<Signal>, ReckonError> {
        let mut signals = Reckoning::of(&self.facts, policies)?.signals();
        signals.retain(|signal| signal.at <= now);
        Ok(signals)
    }

    /// When something falls due next, if nothing changes; may lie in the past.
    ///
    /// # Errors
    /// [`ReckonError`].
    pub fn next_signal_at(&self, policies: &dyn PolicySource) -> Result<Option<Timestamp>, ReckonError> {
        Ok(Reckoning::of(&self.facts, policies)?.signals().first().map(|signal| signal.at))
    }
}

impl Reckoning<'_> {
    /// Everything that will fall due if nothing changes, in order of time.
    fn signals(&self) -> Vec<Signal> {
        let mut signals = Vec::new();
        if matches!(self.state, TicketState::Closed | TicketState::Merged) {
            return signals;
        }
        for clock in [ClockKind::FirstResponse, ClockKind::Resolution] {
            let track = self.track(clock);
            if !track.runs() || track.breach.is_some() {
                continue;
            }
            let breach = track.earliest(self.now).map(|(_, due)| due);
            for obligation in track.standing() {
                let Some(due) = track.reaches(obligation, 100, self.now) else { continue };
                for percent in WARNINGS {
                    let priority = obligation.priority;
                    if self.warned.contains(&(clock, priority, percent)) {
                        continue;
                    }
                    // A warning after the breach would warn of nothing.
                    if let Some(at) =
                        track.reaches(obligation, percent, self.now).filter(|at| breach.is_none_or(|b| *at < b))
                    {
                        signals.push(Signal { at, kind: SignalKind::Warning { clock, priority, percent, due } });
                    }
                }
            }
            signals.extend(breach.map(|at| Signal { at, kind: SignalKind::Breach { clock } }));
        }
        signals.extend(self.neglect());
        signals.sort_by_key(|signal| signal.at);
        signals
    }

    /// Rule 6: real time; told once until an agent writes or somebody is assigned.
    fn neglect(&self) -> Option<Signal> {
        if !self.resolution.runs() || self.neglect_told.is_some() {
            return None;
        }
        let start = self.resolution.continuous()?.start;
        let resumed = self.resolution.holds.iter().filter_map(|(span, _)| span.to).max().unwrap_or(start);
        let silent = self.agent_wrote.unwrap_or(start);
        let since = self.unassigned_since.map_or(silent, |unassigned| unassigned.min(silent)).max(start).max(resumed);
        Some(Signal { at: since + self.policy.definition().update_every, kind: SignalKind::Neglect { since } })
    }
}
