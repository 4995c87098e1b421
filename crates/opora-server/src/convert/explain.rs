//! Explanations and previews on the wire.

use opora_core::model::Priority;
use opora_core::sla::{Explanation, SlaState};
use opora_proto::v1;

use super::ticket::{clock, resolution};
use super::time::{duration, timestamp};
use super::word::Word as _;

/// How a clock came to what it shows, on the wire.
pub(crate) fn explanation(explanation: &Explanation) -> v1::ClockExplanation {
    let stretches = explanation.stretches.iter().map(|s| v1::Stretch {
        start_time: Some(timestamp(s.from)),
        end_time: Some(timestamp(s.to)),
        reason: s.reason.number(),
    });
    let obligations = explanation.obligations.iter().map(|o| v1::Obligation {
        priority: o.priority.number(),
        target: o.target.map(duration),
        start_time: Some(timestamp(o.start)),
        due_time: o.due.map(timestamp),
        set_aside: o.set_aside,
        shown: o.shown,
        calendar: o.calendar.clone(),
    });
    v1::ClockExplanation {
        clock: Some(clock(&explanation.clock)),
        elapsed: Some(duration(explanation.elapsed)),
        stretches: stretches.collect(),
        obligations: obligations.collect(),
        truncated: explanation.truncated,
        calendar: explanation.calendar.clone(),
        time_zone: explanation.time_zone.clone(),
    }
}

/// What one priority would mean, on the wire.
pub(crate) fn preview(priority: Priority, sla: &SlaState, current: bool) -> v1::PriorityPreview {
    v1::PriorityPreview {
        priority: priority.number(),
        first_response: Some(clock(&sla.first_response)),
        resolution: Some(resolution(sla)),
        current,
    }
}
