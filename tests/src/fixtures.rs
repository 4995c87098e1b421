//! Requests that the suites send, three lines instead of thirty.

use opora_proto::client::{Desk, request_id};
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use tonic::Status;

/// A request for a ticket with this subject and a fresh request id.
pub fn new_ticket(subject: &str) -> v1::CreateTicketRequest {
    v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            subject: subject.to_owned(),
            description: "С 13:40 не проходит ни один входящий звонок.".to_owned(),
            category: v1::Category::ChannelFailure.into(),
            channels: vec![v1::Channel::Calls.into()],
            impact: v1::Impact::OneWorkstation.into(),
            reporter: Some(v1::Reporter { display_name: "Анна Р.".into(), email: "anna@example.com".into() }),
            ..Default::default()
        }),
        request_id: request_id(),
        import_time: None,
    }
}

/// Creates a ticket with this subject.
///
/// # Errors
/// The server's refusal.
pub async fn create(desk: &Desk, subject: &str) -> Result<v1::Ticket, Status> {
    let response = desk.tickets().create_ticket(new_ticket(subject)).await?.into_inner();
    Ok(response.ticket.expect("a created ticket is in the answer"))
}

/// Gives one ticket.
///
/// # Errors
/// The server's refusal.
pub async fn get(desk: &Desk, name: &str) -> Result<v1::Ticket, Status> {
    let request = v1::GetTicketRequest { name: name.to_owned(), ..Default::default() };
    Ok(desk.tickets().get_ticket(request).await?.into_inner().ticket.expect("a ticket is in the answer"))
}

/// Registers an agent, unless it is there.
///
/// # Panics
/// When the server refuses for another reason.
pub async fn agent(desk: &Desk, id: &str) {
    let request = v1::CreateAgentRequest {
        agent_id: id.to_owned(),
        agent: Some(v1::Agent {
            display_name: id.to_owned(),
            email: format!("{id}@example.com"),
            ..Default::default()
        }),
        request_id: request_id(),
    };
    match desk.directory().create_agent(request).await {
        Ok(_) => {}
        Err(status) => assert_eq!(reason(&status), Some(ErrorReason::IdTaken), "{status:?}"),
    }
}

/// Moves a ticket to a state.
///
/// # Errors
/// The server's refusal.
pub async fn transition(desk: &Desk, name: &str, state: v1::TicketState) -> Result<v1::Ticket, Status> {
    let request = v1::TransitionTicketRequest {
        name: name.to_owned(),
        state: state.into(),
        request_id: request_id(),
        ..Default::default()
    };
    Ok(desk.tickets().transition_ticket(request).await?.into_inner().ticket.expect("a ticket is in the answer"))
}

/// Writes on a ticket.
///
/// # Errors
/// The server's refusal.
pub async fn comment(
    desk: &Desk,
    name: &str,
    body: &str,
    visibility: v1::Visibility,
) -> Result<v1::AddCommentResponse, Status> {
    let request = v1::AddCommentRequest {
        name: name.to_owned(),
        body: body.to_owned(),
        visibility: visibility.into(),
        request_id: request_id(),
        ..Default::default()
    };
    Ok(desk.tickets().add_comment(request).await?.into_inner())
}

/// The documented reason of a refusal.
pub fn reason(status: &Status) -> Option<ErrorReason> {
    Fault::from(status).reason
}

/// The paths of the fields that a refusal names.
pub fn violated(status: &Status) -> Vec<String> {
    Fault::from(status).violations.into_iter().map(|v| v.field).collect()
}

/// All pages of a list.
///
/// # Errors
/// The server's refusal of any page.
pub async fn list_all(desk: &Desk, request: v1::ListTicketsRequest) -> Result<Vec<v1::Ticket>, Status> {
    let mut tickets = Vec::new();
    let mut request = request;
    for _ in 0..100_000 {
        let page = desk.tickets().list_tickets(request.clone()).await?.into_inner();
        tickets.extend(page.tickets);
        if page.next_page_token.is_empty() {
            return Ok(tickets);
        }
        request.page_token = page.next_page_token;
    }
    panic!("the list has no end");
}
