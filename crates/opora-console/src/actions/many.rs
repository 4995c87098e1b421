//! Why the actions on many tickets, and the rarer ones on a single ticket, can't be done now.

use opora_proto::v1::TicketState;

use super::Action;
use crate::model::Model;
use crate::selection;

/// What can be done on many tickets at once.
pub(crate) const ON_MANY: [Action; 8] = [
    Action::Assign,
    Action::Take,
    Action::Priority,
    Action::Status,
    Action::Reply,
    Action::Escalate,
    Action::Tags,
    Action::Link,
];

#[expect(clippy::match_same_arms, reason = "they are asked one after the other")]
#[expect(clippy::option_option, reason = "what is not decided here is not the same as what can be done")]
/// Why not; the outer `None` leaves the answer to the others.
pub(super) fn why_not(model: &Model, action: Action) -> Option<Option<&'static str>> {
    use Action::{
        Attach, Checklist, Deescalate, EscalateTo, Fetch, Fields, Impact, Link, Mark, MarkAll, MarkMatching, Merge,
        Pending, Results, Tags, Unlink, UnmarkAll, Unmerge, Visual,
    };
    // With marks an action is about those, and the server judges each.
    if ON_MANY.contains(&action) && selection::marks_act(model) {
        return Some(None);
    }
    // What is marked is selected: a change of one ticket is not about it, and of another it would be unseen.
    if super::is_change(action) && selection::marks_act(model) {
        return Some(Some("why-only-one"));
    }
    let row = model.subject();
    let state = row.map(|row| row.state);
    let ended = super::ended(state);
    let detail = row.and_then(|row| model.details.ready(row.number)).map(|loaded| &loaded.ticket);
    Some(match action {
        Mark | Visual | MarkAll | MarkMatching if !selection::is_at_list(model) => Some("why-not-here"),
        Mark | Visual | MarkAll | MarkMatching if model.queue.len() == 0 => Some("why-empty"),
        Mark | Visual | MarkAll | MarkMatching => None,
        UnmarkAll => model.queue.marks.is_empty().then_some("why-no-marks"),
        Pending => model.outbox.entries().is_empty().then_some("why-nothing-pending"),
        Results => model.results.is_empty().then_some("why-no-results"),
        Impact | EscalateTo | Deescalate | Fields | Tags | Checklist | Merge | Unmerge | Link | Unlink | Attach
        | Fetch
            if state.is_none() =>
        {
            Some("why-no-ticket")
        }
        Unmerge => (state != Some(TicketState::Merged)).then_some("why-not-merged"),
        Link | Attach if state == Some(TicketState::Merged) => ended,
        Link | Attach | Fetch => None,
        Unlink => detail.is_some_and(|ticket| ticket.links.is_empty()).then_some("why-no-links"),
        Impact | EscalateTo | Deescalate | Fields | Tags | Checklist | Merge if ended.is_some() => ended,
        Deescalate => row.is_some_and(|row| row.rung == 0).then_some("why-lowest-rung"),
        EscalateTo if super::at_the_top(model) => Some("why-top-rung"),
        Impact | EscalateTo | Fields | Tags | Checklist | Merge => None,
        _ => return None,
    })
}
