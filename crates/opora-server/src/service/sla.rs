//! `SlaService`: why clocks show what they show, what they would show, and policies.

use opora_core::model::{OrganisationId, PolicyId};
use opora_core::sla::{PolicyDefinition, PolicyRef};
use opora_proto::v1;
use opora_proto::v1::sla_service_server::SlaService;
use prost::Message as _;
use tonic::{Request, Response, Status};

use super::Service;
use super::call::{RequestId, answer};
use super::tickets::named;
use crate::call::Call;
use crate::convert::{self, calls, policy_from_wire, policy_to_wire, request_id};
use crate::desk::PolicyMove;
use crate::engine::{Action, Answer};
use crate::errors::{Outcome, Problem, Violations};
use crate::size::Room;

#[tonic::async_trait]
impl SlaService for Service {
    async fn explain_ticket(
        &self,
        request: Request<v1::ExplainTicketRequest>,
    ) -> Result<Response<v1::ExplainTicketResponse>, Status> {
        answer!(request, |call, message| std::future::ready(self.explain(&call, &message)))
    }

    async fn preview_priority(
        &self,
        request: Request<v1::PreviewPriorityRequest>,
    ) -> Result<Response<v1::PreviewPriorityResponse>, Status> {
        answer!(request, |call, message| std::future::ready(self.preview(&call, &message)))
    }

    async fn get_policy(
        &self,
        request: Request<v1::GetPolicyRequest>,
    ) -> Result<Response<v1::GetPolicyResponse>, Status> {
        answer!(request, |call, message| std::future::ready(self.policy(&call, &message.name)))
    }

    async fn apply_policy(
        &self,
        request: Request<v1::ApplyPolicyRequest>,
    ) -> Result<Response<v1::ApplyPolicyResponse>, Status> {
        answer!(request, |call, message| self.apply(&call, message))
    }
}

impl Service {
    fn explain(&self, call: &Call, wire: &v1::ExplainTicketRequest) -> Outcome<v1::ExplainTicketResponse> {
        let explained = self.desk().explain(call, named(&wire.name, Violations::default())?)?;
        let description = self.description(&explained.ticket)?;
        let mut first_response = convert::explanation(&explained.first_response);
        let mut resolution = convert::explanation(&explained.resolution);
        if let Some(clock) = &mut resolution.clock {
            clock.continuous_since_time = explained.ticket.sla.continuous_since.map(convert::timestamp);
        }
        let obligations = [&mut first_response, &mut resolution].map(|clock| std::mem::take(&mut clock.obligations));
        let mut answer = v1::ExplainTicketResponse {
            ticket: Some(convert::ticket(&explained.ticket, description.as_deref())),
            first_response: Some(first_response),
            resolution: Some(resolution),
            as_of_time: Some(convert::timestamp(explained.now)),
            revision: explained.revision.0,
        };
        let mut room = Room::beside(answer.encoded_len());
        for (clock, obligations) in [&mut answer.first_response, &mut answer.resolution].into_iter().zip(obligations) {
            // A ticket whose priority was changed thousands of times: what the clock shows is always among them.
            let fits = |o: &v1::Obligation| o.shown || room.takes(o.encoded_len());
            clock.get_or_insert_default().obligations = obligations.into_iter().filter(fits).collect();
        }
        Ok(answer)
    }

    fn preview(&self, call: &Call, wire: &v1::PreviewPriorityRequest) -> Outcome<v1::PreviewPriorityResponse> {
        let ((previews, now), revision) = if wire.name.is_empty() {
            let mut wrong = Violations::default();
            let organisation = calls::name("organisation", &wire.organisation, OrganisationId::from_name, &mut wrong);
            let at = calls::time("create_time", wire.create_time, &mut wrong);
            wrong.finish(())?;
            let (preview, revision) = self.desk().steady(|| self.desk().preview_new(call, organisation.as_ref(), at));
            (preview?, revision.0)
        } else {
            // The revision first: what is read after it is at least as new.
            let revision = self.revision();
            let (ticket, preview) = self.desk().preview_priority(call, named(&wire.name, Violations::default())?)?;
            (preview, revision.max(ticket.revision.0))
        };
        let on_wire = |p: &crate::desk::Preview| convert::preview(p.priority, &p.sla, p.current);
        Ok(v1::PreviewPriorityResponse {
            previews: previews.iter().map(on_wire).collect(),
            as_of_time: Some(convert::timestamp(now)),
            revision,
        })
    }

    fn policy(&self, _: &Call, name: &str) -> Outcome<v1::GetPolicyResponse> {
        let wrong = || Problem::field("name", "is not a name like policies/default or policies/default@1");
        let (name, version) = name.split_once('@').map_or((name, None), |(name, version)| (name, Some(version)));
        let id = PolicyId::from_name(name).map_err(|_| wrong())?;
        let version = version.map(|version| version.parse().map_err(|_| wrong())).transpose()?;
        let (definition, revision) = self.desk().steady(|| match version {
            None => self.newest(&id),
            Some(version) => self.desk().policy(&PolicyRef { id: id.clone(), version }),
        });
        let definition = definition.ok_or_else(|| Problem::no_resource(name))?;
        Ok(v1::GetPolicyResponse { policy: Some(policy_to_wire(&definition)), revision: revision.0 })
    }

    fn newest(&self, id: &PolicyId) -> Option<PolicyDefinition> {
        self.desk().rules().policies.newest(id).map(|policy| policy.definition().clone())
    }

    async fn apply(&self, call: &Call, mut wire: v1::ApplyPolicyRequest) -> Outcome<v1::ApplyPolicyResponse> {
        let mut wrong = Violations::default();
        let id = request_id("request_id", &std::mem::take(&mut wire.request_id), &mut wrong);
        let request = RequestId::new(id, &wire);
        // A dry run changes nothing that a reason could stand on.
        let reason = calls::reason(&wire.reason, !wire.dry_run, &mut wrong);
        let policy = wire.policy.unwrap_or_default();
        let previous = PolicyId::from_name(&policy.name).ok().and_then(|id| self.newest(&id));
        let definition = policy_from_wire(&policy, previous.as_ref(), &mut wrong);
        let definition = wrong.require(definition)?;
        let etag = super::call::etag(&mut wire.etag);
        if wire.dry_run {
            let preview = self.desk().preview_policy(call, definition, etag.as_deref()).await?;
            return Ok(v1::ApplyPolicyResponse {
                policy: Some(policy_to_wire(&preview.definition)),
                ticket_count: preview.tickets,
                moved_count: preview.moved,
                breached_count: preview.breached,
                moves: preview.moves.iter().map(moved).collect(),
                revision: preview.revision.0,
            });
        }
        let action = Action::ApplyPolicy { definition: Box::new(definition), reason, etag };
        let done = self.submit(call, request, None, action).await?;
        let Answer::Policy(applied) = done.answer else {
            return Err(Problem::internal("a policy was answered with something else", &"no policy"));
        };
        let moves = self.desk().policy_moves(call, applied.clone()).await?;
        Ok(v1::ApplyPolicyResponse {
            policy: Some(policy_to_wire(&applied.definition)),
            ticket_count: applied.tickets,
            moved_count: applied.moved,
            breached_count: applied.breached,
            moves: moves.iter().map(moved).collect(),
            revision: done.revision.0,
        })
    }
}

fn moved(moved: &PolicyMove) -> v1::PolicyMove {
    v1::PolicyMove {
        ticket: moved.ticket.to_string(),
        before: Some(convert::ticket_sla(&moved.before)),
        after: Some(convert::ticket_sla(&moved.after)),
    }
}
