//! `ReportService`: the queue in numbers.

use std::sync::Arc;

use opora_core::filter::{Filter, FilterError};
use opora_core::model::{AgentId, OrganisationId};
use opora_core::suggest::Suggestion;
use opora_core::time::Millis;
use opora_proto::v1;
use opora_proto::v1::report_service_server::ReportService;
use prost::Message as _;
use tonic::{Request, Response, Status};

use super::Service;
use super::call::answer;
use crate::call::Call;
use crate::convert::{self, Word as _};
use crate::errors::{Outcome, Problem};
use crate::size::Room;

#[tonic::async_trait]
impl ReportService for Service {
    async fn get_queue_summary(
        &self,
        request: Request<v1::GetQueueSummaryRequest>,
    ) -> Result<Response<v1::GetQueueSummaryResponse>, Status> {
        answer!(request, |call, message| self.summary(&call, message))
    }

    async fn list_suggestions(
        &self,
        request: Request<v1::ListSuggestionsRequest>,
    ) -> Result<Response<v1::ListSuggestionsResponse>, Status> {
        answer!(request, |call, message| self.suggestions(&call, message))
    }
}

/// The most suggestions of an answer: more are read by nobody.
const MAX_SUGGESTIONS: usize = 100;
/// The most tickets and organisations of a suggestion: as many tickets as a batch takes.
const MAX_NAMES: usize = 500;

impl Service {
    async fn suggestions(&self, call: &Call, _: v1::ListSuggestionsRequest) -> Outcome<v1::ListSuggestionsResponse> {
        let (found, revision) = self.desk().suggestions(call).await?;
        let window = self.desk().rules().suggest.window;
        let mut room = Room::new();
        let suggestions = found.iter().take(MAX_SUGGESTIONS).map(|suggestion| wire(suggestion, window));
        let suggestions = suggestions.take_while(|suggestion| room.takes(suggestion.encoded_len()));
        Ok(v1::ListSuggestionsResponse {
            suggestions: suggestions.collect(),
            revision: revision.0,
            store_uid: self.store_uid(),
            total_size: count(found.len()),
        })
    }

    async fn summary(&self, call: &Call, wire: v1::GetQueueSummaryRequest) -> Outcome<v1::GetQueueSummaryResponse> {
        let within = match wire.due_within {
            None => Millis::hours(1),
            Some(length) => convert::length(length)
                .filter(|length| length.0 >= 0)
                .ok_or_else(|| Problem::field("due_within", "is not a length of time of 0 or more"))?,
        };
        let filter = Filter::parse(&wire.filter)?;
        if !filter.texts().is_empty() {
            return Err(FilterError { position: 0, detail: "a summary takes no bare text".to_owned() }.into());
        }
        let (summary, revision) = self.desk().summary(call, &Arc::new(filter), within).await?;
        let by_state = summary.by_state.iter();
        let by_priority = summary.by_priority.iter();
        let by_assignee = summary.by_assignee.iter();
        Ok(v1::GetQueueSummaryResponse {
            open_count: summary.open,
            breached_count: summary.breached,
            due_soon_count: summary.due_soon,
            continuous_count: summary.continuous,
            unassigned_count: summary.unassigned,
            escalated_count: summary.escalated,
            by_state: by_state.map(|(state, n)| v1::StateCount { state: state.number(), count: *n }).collect(),
            by_priority: by_priority
                .map(|c| v1::PriorityCount {
                    priority: c.priority.number(),
                    count: c.count,
                    breached_count: c.breached,
                })
                .collect(),
            by_assignee: by_assignee
                .map(|c| v1::AssigneeCount {
                    assignee: c.assignee.as_ref().map(AgentId::name).unwrap_or_default(),
                    count: c.count,
                    breached_count: c.breached,
                })
                .collect(),
            next_due_time: summary.next_due.map(convert::timestamp),
            revision: revision.0,
            store_uid: self.store_uid(),
        })
    }
}

fn wire(suggestion: &Suggestion, window: Millis) -> v1::Suggestion {
    v1::Suggestion {
        kind: suggestion.kind.number(),
        category: suggestion.category.number(),
        organisations: suggestion.organisations.iter().take(MAX_NAMES).map(OrganisationId::name).collect(),
        impact: suggestion.kind.impact().number(),
        tickets: suggestion.tickets.iter().take(MAX_NAMES).map(ToString::to_string).collect(),
        since_time: Some(convert::timestamp(suggestion.since)),
        window: Some(convert::duration(window)),
        organisation_count: count(suggestion.organisations.len()),
        ticket_count: count(suggestion.tickets.len()),
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
