//! A new ticket: its message, and its answer.

use opora_proto::v1;

use super::Service;
use super::call::RequestId;
use super::changing::Changed;
use crate::call::Call;
use crate::convert::calls::import_time;
use crate::convert::{self, request_id};
use crate::engine::Action;
use crate::errors::{Outcome, Violations};

impl Service {
    pub(super) async fn create(
        &self,
        call: &Call,
        mut wire: v1::CreateTicketRequest,
    ) -> Outcome<v1::CreateTicketResponse> {
        let mut wrong = Violations::default();
        let id = request_id("request_id", &std::mem::take(&mut wire.request_id), &mut wrong);
        let request = RequestId::new(id, &wire);
        let import = import_time("", wire.import_time, &mut wrong);
        if wire.ticket.is_none() {
            wrong.add("ticket", "is needed");
        }
        let rules = self.desk().rules();
        let new = wire.ticket.as_ref().map(|ticket| convert::new_ticket(ticket, &rules.checklist, &mut wrong));
        let new = wrong.require(new)?;
        let description = new.description.clone();
        let action = Action::Create(Box::new(new));
        let done = self.submit(call, request, import, action).await?;
        let changed = Changed::of(done)?;
        let ticket = convert::ticket(&changed.ticket, description.as_deref());
        Ok(v1::CreateTicketResponse { ticket: Some(ticket), revision: changed.done.revision.0 })
    }
}
