//! A change sent: one ticket through its own call, many through `BatchChange`. Tried again with the same request id
//! while the error is a passing one.

use opora_proto::client::Desk;
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1::{self, batch_change_request::Change as Wire, batch_result::Result as Fate};
use prost_types::FieldMask;
use tokio::sync::mpsc;
use tonic::{Code, Response, Status};

use super::{files, is_unknown};
use crate::change::{BATCH, Change, Fields, NewTicket, Target, Undoable, What};
use crate::msg::{Done, Msg, Trouble};

/// What of an answer is told.
trait Accepted {
    fn done(self) -> Done;
}

fn told(ticket: Option<v1::Ticket>, revision: u64, whom: String) -> Done {
    let ticket = ticket.unwrap_or_default();
    Done { number: ticket.number, revision, whom, etag: ticket.etag, ..Done::default() }
}

macro_rules! accepted {
    ($($response:ident)*) => {$(
        impl Accepted for v1::$response {
            fn done(self) -> Done {
                told(self.ticket, self.revision, String::new())
            }
        }
    )*};
}

accepted! {
    AssignTicketResponse ReprioritiseTicketResponse TransitionTicketResponse AddCommentResponse CreateTicketResponse
    UpdateTicketResponse DeescalateTicketResponse MergeTicketsResponse UnmergeTicketResponse LinkTicketsResponse
    UnlinkTicketsResponse
}

impl Accepted for v1::EscalateTicketResponse {
    fn done(self) -> Done {
        let reachable = crate::clock::millis(self.reachable_time.as_ref());
        let rung = self.ticket.as_ref().and_then(|ticket| ticket.escalation.as_ref()).map_or(0, |on| on.rung);
        Done { reachable, rung, ..told(self.ticket, self.revision, self.whom) }
    }
}

impl Accepted for v1::BatchChangeResponse {
    fn done(self) -> Done {
        let each = self.results.into_iter().map(|result| {
            let number = result.name.rsplit('/').next().and_then(|n| n.parse().ok()).unwrap_or_default();
            let fate = match result.result {
                Some(Fate::Ticket(ticket)) => Ok(ticket.etag),
                Some(Fate::Refusal(refusal)) => Err(trouble(refusal)),
                None => Err(Trouble::default()),
            };
            (number, fate)
        });
        Done { revision: self.revision, each: each.collect(), ..Done::default() }
    }
}

fn trouble(refusal: v1::Refusal) -> Trouble {
    Trouble {
        reason: ErrorReason::from_word(&refusal.reason),
        technical: format!("{:?}: {}", Code::from_i32(refusal.code), refusal.reason),
        message: crate::text::numbered(&refusal.message),
        metadata: refusal.metadata.into_iter().collect(),
        unreachable: false,
    }
}

/// Sends a request through a method of the ticket service, again with the same id while the error is a passing one.
macro_rules! call {
    ($desk:expr, $method:ident, $request:expr) => {{
        let request = $request;
        $desk
            .change(|desk| {
                let request = request.clone();
                async move { desk.tickets().$method(request).await.map(|r| Response::new(r.into_inner().done())) }
            })
            .await
            .map_err(|unanswered| unanswered.status)
    }};
}

fn name(number: u64) -> String {
    format!("tickets/{number}")
}

/// Sends a change; `inbox` is told how far a file is.
pub(super) async fn send(desk: &Desk, inbox: &mpsc::Sender<Msg>, change: &Change) -> Result<Done, Trouble> {
    let (request_id, etag) = (change.request_id.clone(), change.etag.clone());
    let ticket = name(change.number);
    let result = match &change.what {
        What::Create(new) => create(desk, new, request_id).await,
        What::Attach(path) => return files::attach(desk, inbox, change.number, path).await,
        What::Deescalate(rung, reason) => {
            let (rung, reason) = (*rung, reason.clone());
            let request =
                v1::DeescalateTicketRequest { name: ticket, etag, request_id, rung, reason, ..Default::default() };
            call!(desk, deescalate_ticket, request)
        }
        What::Merge(target, reason, target_etag) => {
            let (target, reason, target_etag) = (name(*target), reason.clone(), target_etag.clone());
            let request = v1::MergeTicketsRequest {
                name: ticket,
                etag,
                request_id,
                target,
                reason,
                target_etag,
                import_time: None,
            };
            call!(desk, merge_tickets, request)
        }
        What::Unmerge(reason) => {
            let reason = reason.clone();
            let request = v1::UnmergeTicketRequest { name: ticket, etag, request_id, reason, import_time: None };
            call!(desk, unmerge_ticket, request)
        }
        What::Unlink(target) => {
            let target = name(*target);
            let request = v1::UnlinkTicketsRequest { name: ticket, etag, request_id, target, ..Default::default() };
            call!(desk, unlink_tickets, request)
        }
        What::Undo(Undoable::Link, undo_of) => {
            let request =
                v1::UnlinkTicketsRequest { name: ticket, request_id, undo_of: *undo_of, ..Default::default() };
            call!(desk, unlink_tickets, request)
        }
        What::Many(targets, what) => match wire(what) {
            Some(change) => many(desk, targets, change, request_id).await,
            None => Err(Status::unimplemented("this can't be done on many tickets at once")),
        },
        what => match wire(what) {
            Some(wire) => one(desk, wire, ticket, etag, request_id).await,
            None => Err(Status::unimplemented("this change has no call")),
        },
    };
    result.map_err(|status| Trouble::from(&status))
}

/// The part of a request that says what to change; the same for one ticket and for many.
fn wire(what: &What) -> Option<Wire> {
    use v1::reprioritise_ticket_request::To;
    Some(match what.clone() {
        What::Assign(id) => {
            let assignee = if id.is_empty() { id } else { format!("agents/{id}") };
            Wire::Assign(v1::AssignTicketRequest { assignee, ..Default::default() })
        }
        What::Priority(priority, reason) => {
            let to = Some(To::Priority(priority.into()));
            Wire::Reprioritise(v1::ReprioritiseTicketRequest { to, reason, ..Default::default() })
        }
        What::Impact(impact, reason) => {
            let to = Some(To::Impact(impact.into()));
            Wire::Reprioritise(v1::ReprioritiseTicketRequest { to, reason, ..Default::default() })
        }
        What::Escalate(reason) => Wire::Escalate(v1::EscalateTicketRequest { reason, ..Default::default() }),
        What::EscalateTo(rung, reason) => {
            Wire::Escalate(v1::EscalateTicketRequest { rung, reason, ..Default::default() })
        }
        What::State(state, reason) => {
            Wire::Transition(v1::TransitionTicketRequest { state: state.into(), reason, ..Default::default() })
        }
        What::Comment { body, visibility, seen_through } => {
            let seen_through = if visibility == v1::Visibility::Public { seen_through } else { 0 };
            let visibility = visibility.into();
            Wire::Comment(v1::AddCommentRequest { body, visibility, seen_through, ..Default::default() })
        }
        What::Update(fields) => Wire::Update(update(&fields)),
        What::Link(target, kind) => {
            let request = v1::LinkTicketsRequest { target: name(target), kind: kind.into(), ..Default::default() };
            Wire::Link(request)
        }
        What::Undo(kind, undo_of) => undo(kind, undo_of),
        _ => return None,
    })
}

fn update(fields: &Fields) -> v1::UpdateTicketRequest {
    let (ticket, mask) = fields.wire("");
    let paths = mask.into_iter().map(str::to_owned).collect();
    v1::UpdateTicketRequest { ticket: Some(ticket), update_mask: Some(FieldMask { paths }), ..Default::default() }
}

fn undo(kind: Undoable, undo_of: u64) -> Wire {
    match kind {
        Undoable::Assign => Wire::Assign(v1::AssignTicketRequest { undo_of, ..Default::default() }),
        Undoable::Priority => Wire::Reprioritise(v1::ReprioritiseTicketRequest { undo_of, ..Default::default() }),
        Undoable::State => Wire::Transition(v1::TransitionTicketRequest { undo_of, ..Default::default() }),
        // In a batch one call takes back the last change of ties, whether one was made or cut.
        Undoable::Link | Undoable::Unlink => Wire::Link(v1::LinkTicketsRequest { undo_of, ..Default::default() }),
        Undoable::Tags => Wire::Update(v1::UpdateTicketRequest { undo_of, ..Default::default() }),
    }
}

async fn one(desk: &Desk, wire: Wire, name: String, etag: String, request_id: String) -> Result<Done, Status> {
    match wire {
        Wire::Assign(r) => call!(desk, assign_ticket, v1::AssignTicketRequest { name, etag, request_id, ..r }),
        Wire::Reprioritise(r) => {
            call!(desk, reprioritise_ticket, v1::ReprioritiseTicketRequest { name, etag, request_id, ..r })
        }
        Wire::Escalate(r) => call!(desk, escalate_ticket, v1::EscalateTicketRequest { name, etag, request_id, ..r }),
        Wire::Transition(r) => {
            call!(desk, transition_ticket, v1::TransitionTicketRequest { name, etag, request_id, ..r })
        }
        Wire::Comment(r) => call!(desk, add_comment, v1::AddCommentRequest { name, etag, request_id, ..r }),
        Wire::Update(r) => {
            let ticket = Some(v1::Ticket { name, ..r.ticket.clone().unwrap_or_default() });
            call!(desk, update_ticket, v1::UpdateTicketRequest { ticket, etag, request_id, ..r })
        }
        Wire::Link(r) => call!(desk, link_tickets, v1::LinkTicketsRequest { name, etag, request_id, ..r }),
    }
}

/// The same change of many tickets, as many batches as it takes. Each has a request id of its own, made from that of the
/// whole, so that the whole can be sent again.
async fn many(desk: &Desk, targets: &[Target], change: Wire, request_id: String) -> Result<Done, Status> {
    let whole = uuid::Uuid::parse_str(&request_id).unwrap_or_default().as_u128();
    let mut all = Done::default();
    for (i, part) in targets.chunks(BATCH).enumerate() {
        let names = part.iter().map(|target| name(target.number)).collect();
        let etags = part.iter().filter(|t| !t.etag.is_empty()).map(|t| (name(t.number), t.etag.clone())).collect();
        let request_id = uuid::Uuid::from_u128(whole ^ i as u128).to_string();
        let request = v1::BatchChangeRequest { names, etags, request_id, change: Some(change.clone()) };
        match call!(desk, batch_change, request) {
            Ok(done) => {
                all.revision = all.revision.max(done.revision);
                all.each.extend(done.each);
            }
            // What went before is told, and why the rest did not go. What may pass goes again as a whole.
            Err(status) if i > 0 && !is_unknown(&Fault::from(&status)) => {
                all.each.extend(part.iter().map(|target| (target.number, Err(Trouble::from(&status)))));
            }
            Err(status) => return Err(status),
        }
    }
    Ok(all)
}

async fn create(desk: &Desk, new: &NewTicket, request_id: String) -> Result<Done, Status> {
    let new = new.clone();
    let organisation =
        if new.organisation.is_empty() { String::new() } else { format!("organisations/{}", new.organisation) };
    let reporter = (!new.reporter.is_empty() || !new.email.is_empty())
        .then_some(v1::Reporter { display_name: new.reporter, email: new.email });
    let ticket = v1::Ticket {
        subject: new.subject,
        description: new.description,
        organisation,
        reporter,
        impact: new.impact.into(),
        category: new.category.into(),
        origin: v1::Origin::Console.into(),
        ..Default::default()
    };
    call!(desk, create_ticket, v1::CreateTicketRequest { ticket: Some(ticket), request_id, import_time: None })
}
