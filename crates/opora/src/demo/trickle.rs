//! What keeps the demo alive: a new ticket every few seconds, and now and then a customer's reply.

use std::time::Duration;

use opora_proto::client::{Desk, request_id};
use opora_proto::v1;

use super::invent::Inventor;
use crate::failure::Failure;

/// Runs until it is dropped. The desk's refusals are logged and end nothing: the demo goes on.
pub(crate) async fn run(
    desk: &impl Fn(&str) -> Result<Desk, Failure>,
    inventor: &mut Inventor,
    every: u32,
) -> Result<(), Failure> {
    if every == 0 {
        return std::future::pending().await;
    }
    let desk = desk("agents/anonymous")?;
    loop {
        // Half to one and a half times the mean.
        let pause = i64::from(every) * 500 + inventor.below(i64::from(every) * 1000);
        tokio::time::sleep(Duration::from_millis(pause.unsigned_abs())).await;
        let answer = if inventor.below(4) == 0 { reply(&desk, inventor).await } else { fresh(&desk, inventor).await };
        if let Err(status) = answer {
            tracing::warn!(%status, "the demo's trickle");
        }
    }
}

async fn fresh(desk: &Desk, inventor: &mut Inventor) -> Result<(), tonic::Status> {
    let mut ticket = inventor.fresh();
    // Its key would be that of a told one after a second start on the same desk; a new one needs none.
    ticket.external_id.clear();
    let request = v1::CreateTicketRequest { ticket: Some(ticket), request_id: request_id(), import_time: None };
    desk.tickets().create_ticket(request).await.map(drop)
}

/// A customer answers on a ticket that waits for them.
async fn reply(desk: &Desk, inventor: &mut Inventor) -> Result<(), tonic::Status> {
    let request = v1::ListTicketsRequest {
        filter: "state = WAITING_FOR_CUSTOMER".to_owned(),
        page_size: 20,
        ..Default::default()
    };
    let waiting = desk.tickets().list_tickets(request).await?.into_inner().tickets;
    let place = inventor.below(waiting.len() as i64).unsigned_abs() as usize;
    let Some(ticket) = waiting.get(place) else { return Ok(()) };
    let Some(reporter) = ticket.reporter.as_ref().filter(|who| !who.email.is_empty()) else { return Ok(()) };
    let russian = !ticket.subject.is_ascii();
    let request = v1::AddCommentRequest {
        name: ticket.name.clone(),
        body: inventor.reply(russian),
        visibility: v1::Visibility::Public.into(),
        author: reporter.email.clone(),
        request_id: request_id(),
        ..Default::default()
    };
    desk.tickets().add_comment(request).await.map(drop)
}
