//! What falls due: warnings, breaches, neglect (docs/domain.md §7 rules 6, 10, 11). Timers only tell; a breach is
//! judged from the due instant on whether or not one fired.

use super::policy::PolicySource;
use super::reckon::{ReckonError, Reckoning};
use super::{ClockKind, FactKind, SlaState};
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
        /// The obligation's start.
        start: Timestamp,
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
    /// The fact that remembers that it was told; `None` for a breach, which [`SlaState::unrecorded`] tells.
    pub fn fact(&self) -> Option<FactKind> {
        match self.kind {
            SignalKind::Warning { clock, priority, percent, start, .. } => {
                Some(FactKind::Warned { clock, priority, percent, start: Some(start) })
            }
            SignalKind::Breach { .. } => None,
            SignalKind::Neglect { .. } => Some(FactKind::Neglected),
        }
    }
}

impl SlaState {
    /// What fell due at or before `now` and was not told yet, in order of time. A warning that finds its clock breached
    /// is not made (rule 11).
    ///
    /// # Errors
    /// [`ReckonError`].
    pub fn pending(&self, now: Timestamp, policies: &dyn PolicySource) -> Result<Vec<Signal>, ReckonError> {
        let mut signals = Reckoning::of(&self.facts, policies)?.signals();
        signals.retain(|signal| signal.at <= now);
        let breached = |kind: ClockKind| signals.iter().any(|s| s.kind == SignalKind::Breach { clock: kind });
        let breached = [ClockKind::FirstResponse, ClockKind::Resolution].map(|kind| (kind, breached(kind)));
        signals.retain(|signal| match signal.kind {
            SignalKind::Warning { clock, .. } => !breached.contains(&(clock, true)),
            SignalKind::Breach { .. } | SignalKind::Neglect { .. } => true,
        });
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
            if !track.runs() || track.frozen.is_some() {
                continue;
            }
            let breach = track.earliest(None).map(|(_, due)| due);
            for obligation in track.standing() {
                let Some(due) = track.reaches(obligation, 100, None) else { continue };
                for percent in WARNINGS {
                    let (priority, start) = (obligation.priority, obligation.start);
                    let told = |w: &(ClockKind, Priority, u8, Option<Timestamp>)| {
                        (w.0, w.1, w.2) == (clock, priority, percent) && w.3.is_none_or(|s| s == start)
                    };
                    if self.warned.iter().any(told) {
                        continue;
                    }
                    // A warning after the breach would warn of nothing.
                    if let Some(at) =
                        track.reaches(obligation, percent, None).filter(|at| breach.is_none_or(|b| *at < b))
                    {
                        let kind = SignalKind::Warning { clock, priority, start, percent, due };
                        signals.push(Signal { at, kind });
                    }
                }
            }
            signals.extend(breach.map(|at| Signal { at, kind: SignalKind::Breach { clock } }));
        }
        signals.extend(self.neglect());
        signals.sort_by_key(|signal| signal.at);
        signals
    }

    /// Rule 6: real time; told once until an agent writes, somebody is assigned, or it becomes continuous anew.
    fn neglect(&self) -> Option<Signal> {
        let from = self.continuous_from.filter(|_| self.neglect_told.is_none())?;
        let silent = self.agent_wrote.map_or(from, |wrote| wrote.max(from));
        let since = self.unassigned_since.map_or(silent, |unassigned| unassigned.max(from).min(silent));
        Some(Signal { at: since + self.policy.definition().update_every, kind: SignalKind::Neglect { since } })
    }
}
