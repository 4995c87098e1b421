//! Breaches as facts (docs/domain.md §7 rule 10): which are to be recorded, which were not told yet.

use super::policy::PolicySource;
use super::reckon::{ReckonError, Reckoning};
use super::{Breach, BreachCause, ClockKind, FactKind, SlaState};
use crate::time::Timestamp;

impl SlaState {
    /// The breaches that stand at `at` and that no fact records yet, as facts to be recorded. `meets`: a clock that what
    /// happens at `at` may just meet, for which the due instant itself is still in time (rule 7).
    ///
    /// # Errors
    /// [`ReckonError`].
    pub fn unrecorded(
        &self,
        at: Timestamp,
        meets: Option<ClockKind>,
        policies: &dyn PolicySource,
    ) -> Result<Vec<FactKind>, ReckonError> {
        let mut reckoning = Reckoning::of(&self.facts, policies)?;
        reckoning.fall_due(at.max(reckoning.now), meets);
        let missing = [ClockKind::FirstResponse, ClockKind::Resolution].into_iter().filter_map(|clock| {
            let track = reckoning.track(clock);
            let frozen = track.frozen.filter(|_| !reckoning.is_recorded(clock))?;
            let obligation = track.obligations.get(frozen.index).map(|o| (o.priority, o.start));
            let (due, Breach { at, cause }) = (frozen.due, frozen.breach);
            Some(FactKind::Breached { clock, due, at, cause, obligation, told: false })
        });
        Ok(missing.collect())
    }

    /// The clocks that show a breach of which no fact is kept.
    fn bare_breaches(&self) -> impl Iterator<Item = Breach> {
        let kept = |kind: ClockKind| {
            self.facts.iter().any(|fact| matches!(fact.kind, FactKind::Breached { clock, .. } if clock == kind))
        };
        let clocks = [ClockKind::FirstResponse, ClockKind::Resolution].into_iter();
        clocks.filter_map(move |kind| self.clock(kind).breach.filter(|_| !kept(kind)))
    }

    /// Whether a clock shows a breach that no fact records.
    pub fn has_unrecorded(&self) -> bool {
        self.bare_breaches().next().is_some()
    }

    /// Since when there is a breach without an event, if there is one.
    pub fn untold_since(&self) -> Option<Timestamp> {
        let untold = self.facts.iter().filter_map(|fact| match fact.kind {
            FactKind::Breached { at, told: false, .. } => Some(at),
            _ => None,
        });
        untold.chain(self.bare_breaches().map(|breach| breach.at)).min()
    }

    /// A recorded breach without an event, which counts as told from now on: clock, due time, cause.
    pub fn tell_breach(&mut self) -> Option<(ClockKind, Timestamp, BreachCause)> {
        self.facts.iter_mut().find_map(|fact| match &mut fact.kind {
            FactKind::Breached { clock, due, cause, told, .. } if !*told => {
                *told = true;
                Some((*clock, *due, *cause))
            }
            _ => None,
        })
    }

    /// When, from an instant on, as much open time has passed as the breached obligation of a clock allowed
    /// (docs/domain.md §8); `None`: it is not breached.
    ///
    /// # Errors
    /// [`ReckonError`].
    pub fn as_long_again(
        &self,
        clock: ClockKind,
        since: Timestamp,
        policies: &dyn PolicySource,
    ) -> Result<Option<Timestamp>, ReckonError> {
        let reckoning = Reckoning::of(&self.facts, policies)?;
        let track = reckoning.track(clock);
        let breached = track.frozen.and_then(|frozen| track.obligations.get(frozen.index));
        Ok(breached.and_then(|o| o.target.map(|target| o.calendar.add(since, target))))
    }
}
