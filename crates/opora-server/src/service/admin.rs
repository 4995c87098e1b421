//! `AdminService`: for those who run the desk.

use opora_core::model::Origin;
use opora_proto::v1;
use opora_proto::v1::admin_service_server::AdminService;
use tonic::{Request, Response, Status};

use super::Service;
use super::call::{RequestId, answer};
use crate::call::Call;
use crate::convert::{self, calls, request_id};
use crate::engine::{Action, Answer};
use crate::errors::{Outcome, Problem, Violations};
use crate::warnings::{Topic, Warning};

#[tonic::async_trait]
impl AdminService for Service {
    async fn finish_import(
        &self,
        request: Request<v1::FinishImportRequest>,
    ) -> Result<Response<v1::FinishImportResponse>, Status> {
        answer!(request, |call, message| self.finish(&call, message))
    }

    async fn get_server_info(
        &self,
        request: Request<v1::GetServerInfoRequest>,
    ) -> Result<Response<v1::GetServerInfoResponse>, Status> {
        answer!(request, |call, _message| self.info(&call))
    }
}

impl Service {
    async fn finish(&self, call: &Call, mut wire: v1::FinishImportRequest) -> Outcome<v1::FinishImportResponse> {
        let mut wrong = Violations::default();
        let id = request_id("request_id", &std::mem::take(&mut wire.request_id), &mut wrong);
        let request = RequestId::new(id, &wire);
        let origin = calls::origin(wire.origin, &mut wrong).unwrap_or(Origin::Import);
        wrong.finish(())?;
        let done = self.submit(call, request, None, Action::FinishImport(origin)).await?;
        let Answer::Count(ticket_count) = done.answer else {
            return Err(Problem::internal("an import was answered with something else", &"no count"));
        };
        // Where nothing waited for it, the answer speaks of the present.
        let revision = if done.revision.0 == 0 { self.revision() } else { done.revision.0 };
        Ok(v1::FinishImportResponse { ticket_count, revision })
    }

    /// Uploads that are not finished, with a warning where they take nearly all that they may; nothing where the disk does
    /// not say: the rest of what the server is can be told all the same.
    async fn staged(&self) -> Option<v1::StagedUploads> {
        let staged = match self.0.files.staged().await {
            Ok(staged) => staged,
            Err(error) => {
                tracing::warn!(%error, "uploads can't be counted");
                return None;
            }
        };
        let (uploads, allowance) = (staged.uploads, staged.allowance);
        let is_nearly_full = uploads.count > 0 && uploads.bytes > allowance / 10 * 9;
        let warning = is_nearly_full.then_some(Warning::StagingNearlyFull { bytes: uploads.bytes, allowance });
        self.0.warnings.set(Topic::Files, warning.into_iter().collect());
        Some(v1::StagedUploads { bytes: uploads.bytes, upload_count: uploads.count, allowance_bytes: allowance })
    }

    async fn info(&self, call: &Call) -> Outcome<v1::GetServerInfoResponse> {
        let staged = self.staged().await;
        let desk = self.desk();
        let ((position, now, apart), _) = desk.steady(|| (desk.position(), desk.now(), desk.clock_apart()));
        let disagrees = apart.map(|ahead| Warning::ClockDisagrees { ahead });
        self.0.warnings.set(Topic::Clock, disagrees.into_iter().collect());
        let followers = desk
            .followers()
            .into_iter()
            .map(|f| v1::FollowerStatus { follower: f.name.to_owned(), revision: f.revision.0 });
        let rules = desk.rules();
        let ladder = (1..).zip(&rules.ladder.0).map(|(rung, r)| v1::LadderRung {
            rung,
            whom: r.whom.to_string(),
            means: r.means.iter().map(ToString::to_string).collect(),
            calendar: r.calendar.definition().id.clone(),
            reach: r.reach.iter().map(ToString::to_string).collect(),
            reachable_time: rules.ladder.reachable(rung, now).map(convert::timestamp),
            hours: Some(convert::calendar_to_wire(r.calendar.definition())),
        });
        Ok(v1::GetServerInfoResponse {
            product: "opora".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            contracts: vec!["opora.v1".into()],
            store_uid: self.store_uid(),
            revision: position.newest.0,
            oldest_revision: position.oldest.0,
            server_time: Some(convert::timestamp(now)),
            start_time: Some(convert::timestamp(self.0.started)),
            ticket_count: position.tickets,
            importing_allowed: self.0.importing_allowed,
            timers_healthy: apart.is_none(),
            followers: followers.collect(),
            ladder: ladder.collect(),
            newest_commit_age: position.newest_at.map(|at| convert::duration(now.since(at).at_least_zero())),
            warnings: self.0.warnings.sentences(call.language),
            staged_uploads: staged,
        })
    }
}
