//! `ReportService`: the queue in numbers.

use std::sync::Arc;

use opora_core::filter::{Filter, FilterError};
use opora_core::model::AgentId;
use opora_core::time::Millis;
use opora_proto::v1;
use opora_proto::v1::report_service_server::ReportService;
use tonic::{Request, Response, Status};

use super::Service;
use super::call::answer;
use crate::convert::{self, Word as _};
use crate::errors::{Outcome, Problem};

#[tonic::async_trait]
impl ReportService for Service {
    async fn get_queue_summary(
        &self,
        request: Request<v1::GetQueueSummaryRequest>,
    ) -> Result<Response<v1::GetQueueSummaryResponse>, Status> {
        answer!(request, |_actor, message| self.summary(message))
    }
}

impl Service {
    async fn summary(&self, wire: v1::GetQueueSummaryRequest) -> Outcome<v1::GetQueueSummaryResponse> {
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
        let (summary, revision) = self.desk().summary(Arc::new(filter), within).await?;
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
