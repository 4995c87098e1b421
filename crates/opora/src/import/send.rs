//! Sends plans. The ids of requests follow from the import's name, the ticket's key and the row, so that whatever was
//! sent before is answered as it was then and changes nothing twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::Timestamp;
use opora_core::fold;
use opora_proto::error::ErrorReason;
use opora_proto::v1::{self, TicketState, reprioritise_ticket_request::To};

use super::fault::Fault;
use super::mapping::Mapping;
use super::names::Names;
use super::plan::{Plan, Step, way};
use super::report::Report;
use crate::context::{Context, call, change as made};
use crate::failure::{Exit, Failure};
use crate::output::{instant, short, wire};

/// Namespace of the ids of requests.
const REQUESTS: uuid::Uuid = uuid::Uuid::from_u128(0x6f70_6f72_6100_5000_8000_0000_696d_7074);

/// Sends plans to one desk.
pub(crate) struct Sender<'a> {
    context: &'a Context,
    mapping: &'a Mapping,
    /// The newest revision before anything was sent: an answer with a smaller one was given before.
    before: u64,
    /// With `--resume`: what the desk has, and whether its import is still open.
    there: BTreeMap<String, v1::Ticket>,
    origins: std::sync::Mutex<BTreeSet<i32>>,
    organisations: Names,
    agents: Names,
}

/// What stops one ticket, or the whole import.
enum Stop {
    /// The desk refused: this ticket ends here.
    Refused(u64, Fault),
    /// The desk can't be reached: nothing goes on.
    All(Failure),
}

impl<'a> Sender<'a> {
    /// Asks the desk where it stands, and with `resume` what it has of this import.
    pub(crate) async fn new(context: &'a Context, mapping: &'a Mapping, resume: bool) -> Result<Self, Failure> {
        let info: v1::GetServerInfoResponse = call!(context, admin.get_server_info(v1::GetServerInfoRequest {}))?;
        if !info.importing_allowed {
            return Err(Failure::new(Exit::Refused, context.out.text.get("hint-import")));
        }
        let origins = std::sync::Mutex::new(BTreeSet::from([i32::from(v1::Origin::Import)]));
        let (organisations, agents) = (Names::of("organisations"), Names::of("agents"));
        let there = BTreeMap::new();
        let mut sender = Self { context, mapping, before: info.revision, there, origins, organisations, agents };
        if resume {
            sender.there = sender.known().await?;
        }
        Ok(sender)
    }

    async fn known(&self) -> Result<BTreeMap<String, v1::Ticket>, Failure> {
        let mut there = BTreeMap::new();
        let mut request =
            v1::ListTicketsRequest { order_by: "number".to_owned(), page_size: 1000, ..Default::default() };
        loop {
            let page: v1::ListTicketsResponse = call!(self.context, tickets.list_tickets(request.clone()))?;
            for ticket in page.tickets.into_iter().filter(|ticket| !ticket.external_id.is_empty()) {
                there.insert(ticket.external_id.clone(), ticket);
            }
            if page.next_page_token.is_empty() {
                return Ok(there);
            }
            request.page_token = page.next_page_token;
        }
    }

    /// The origins of what was sent: each has an import to end.
    pub(crate) fn origins(&self) -> Vec<i32> {
        self.origins.lock().map(|origins| origins.iter().copied().collect()).unwrap_or_default()
    }

    /// Finds the agents and organisations of the plans by their names, and registers those that the desk does not know,
    /// if the mapping asks for it. One that the desk refuses is refused with the rows that name it.
    pub(crate) async fn prepare(&mut self, plans: &[Plan]) -> Result<(), Failure> {
        self.learn().await?;
        if !self.mapping.register_missing {
            return Ok(());
        }
        let agents = plans.iter().flat_map(|plan| &plan.steps).filter_map(|step| step.assignee.as_deref());
        for name in fold::distinct(agents) {
            if !self.agents.lacks(name) {
                continue;
            }
            let id = self.agents.add(name);
            let email = if is_address(name) { name.trim().to_owned() } else { format!("{id}@example.com") };
            let request = v1::CreateAgentRequest {
                agent: Some(v1::Agent { display_name: name.to_owned(), email, ..Default::default() }),
                request_id: self.request_id("agent", &fold::name(name)),
                agent_id: id,
            };
            let answer: Result<v1::CreateAgentResponse, _> = made!(self.context, directory.create_agent(request));
            if let Err(failure) = answer {
                self.agents.refuse(name, refusal(failure)?);
            }
        }
        for name in fold::distinct(plans.iter().filter_map(|plan| plan.organisation.as_deref())) {
            if !self.organisations.lacks(name) {
                continue;
            }
            let request = v1::CreateOrganisationRequest {
                organisation_id: self.organisations.add(name),
                organisation: Some(v1::Organisation { display_name: name.to_owned(), ..Default::default() }),
                request_id: self.request_id("organisation", &fold::name(name)),
            };
            let answer: Result<v1::CreateOrganisationResponse, _> =
                made!(self.context, directory.create_organisation(request));
            if let Err(failure) = answer {
                self.organisations.refuse(name, refusal(failure)?);
            }
        }
        Ok(())
    }

    /// Whom the desk knows, archived ones too: a name is taken once.
    async fn learn(&mut self) -> Result<(), Failure> {
        let mut request = v1::ListOrganisationsRequest { page_size: 1000, show_archived: true, ..Default::default() };
        loop {
            let page: v1::ListOrganisationsResponse =
                call!(self.context, directory.list_organisations(request.clone()))?;
            for one in &page.organisations {
                self.organisations.learn(bare(&one.name), &one.display_name);
            }
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        let mut request = v1::ListAgentsRequest { page_size: 1000, show_archived: true, ..Default::default() };
        loop {
            let page: v1::ListAgentsResponse = call!(self.context, directory.list_agents(request.clone()))?;
            for one in &page.agents {
                self.agents.learn(bare(&one.name), &one.display_name);
                self.agents.learn_address(bare(&one.name), &one.email);
            }
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return Ok(());
            }
        }
    }

    fn request_id(&self, key: &str, what: &str) -> String {
        let name = format!("{}\n{key}\n{what}", self.mapping.name);
        uuid::Uuid::new_v5(&REQUESTS, name.as_bytes()).to_string()
    }

    /// Sends one plan.
    pub(crate) async fn send(&self, plan: Plan) -> Result<Report, Failure> {
        let mut report = Report::default();
        if let Ok(mut origins) = self.origins.lock() {
            origins.insert(plan.ticket.origin);
        }
        if let Some(ticket) = self.there.get(&plan.external_id) {
            if let Err(other) = is_of(&plan, ticket) {
                report.refuse(plan.line, &plan.external_id, other);
                return Ok(report);
            }
            if !ticket.importing || ticket.state() == plan.last {
                report.ticket(false);
                return Ok(report);
            }
        }
        match self.play(&plan, &mut report).await {
            Ok(()) => Ok(report),
            Err(Stop::Refused(line, why)) => {
                report.refuse(line, &plan.external_id, why);
                Ok(report)
            }
            Err(Stop::All(failure)) => Err(failure),
        }
    }

    async fn play(&self, plan: &Plan, report: &mut Report) -> Result<(), Stop> {
        let Some(mut ticket) = self.create(plan, report).await? else { return Ok(()) };
        for (index, step) in plan.steps.iter().enumerate() {
            let mut player = Player { sender: self, plan, step, index, ticket, report };
            player.play().await?;
            ticket = player.ticket;
        }
        if ticket.state() != plan.last {
            let (found, wanted) = (ticket.state().as_str_name(), plan.last.as_str_name());
            report.refuse(plan.line, &plan.external_id, Fault::Stands { found, wanted });
        }
        Ok(())
    }

    /// The new ticket; `None`: it came with an import that is over.
    async fn create(&self, plan: &Plan, report: &mut Report) -> Result<Option<v1::Ticket>, Stop> {
        let organisation = plan.organisation.as_deref().map(|name| self.organisations.resource(name)).transpose();
        let organisation = organisation.map_err(|why| Stop::Refused(plan.line, why))?;
        let ticket = v1::Ticket { organisation: organisation.unwrap_or_default(), ..plan.ticket.clone() };
        let request = v1::CreateTicketRequest {
            ticket: Some(ticket),
            request_id: self.request_id(&plan.external_id, "create"),
            import_time: Some(wire(plan.created)),
        };
        let answer: Result<v1::CreateTicketResponse, Failure> = made!(self.context, tickets.create_ticket(request));
        match answer {
            Ok(response) => {
                report.ticket(response.revision > self.before);
                Ok(response.ticket)
            }
            // The desk no longer remembers the request, but has the ticket.
            Err(failure) if reason(&failure) == Some(ErrorReason::ExternalIdTaken) => {
                let name = failure.fault().and_then(|f| f.metadata.get("name")).cloned().unwrap_or_default();
                let request = v1::GetTicketRequest { name, ..Default::default() };
                let there: Result<v1::GetTicketResponse, Failure> = call!(self.context, tickets.get_ticket(request));
                let there = there.map_err(|failure| stop(plan.line, failure))?.ticket.unwrap_or_default();
                is_of(plan, &there).map_err(|other| Stop::Refused(plan.line, other))?;
                report.ticket(false);
                Ok(Some(there).filter(|ticket| ticket.importing))
            }
            Err(failure) => Err(stop(plan.line, failure)),
        }
    }
}

/// Whether a ticket is the one that a plan made once: it then was created at that very time. An id alone may be that of
/// another system's ticket, on which nothing of this one is to be played.
fn is_of(plan: &Plan, ticket: &v1::Ticket) -> Result<(), Fault> {
    let created = instant(ticket.create_time.as_ref()).map(Timestamp::as_millisecond);
    if created == Some(plan.created.as_millisecond()) {
        return Ok(());
    }
    Err(Fault::OtherTicket { ticket: short(&ticket.name), id: plan.external_id.clone() })
}

/// The id behind a collection's name.
fn bare(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Whether a name is an address of mail.
fn is_address(name: &str) -> bool {
    let name = name.trim();
    let parts = name.split_once('@').filter(|(who, whence)| !who.is_empty() && whence.contains('.'));
    parts.is_some() && name.is_ascii() && !name.contains(|c: char| c.is_whitespace() || "<>,;\"".contains(c))
}

fn reason(failure: &Failure) -> Option<ErrorReason> {
    failure.fault().and_then(|fault| fault.reason)
}

fn stop(line: u64, failure: Failure) -> Stop {
    refusal(failure).map_or_else(Stop::All, |why| Stop::Refused(line, why))
}

/// Why the desk refused.
///
/// # Errors
/// The failure itself where it is none of the desk's refusals: nothing goes on.
fn refusal(failure: Failure) -> Result<Fault, Failure> {
    if failure.is_passing() || failure.exit() == Some(Exit::Bug) {
        return Err(failure);
    }
    let mut why = failure.to_string();
    for violation in failure.fault().map(|fault| fault.violations.as_slice()).unwrap_or_default() {
        let _ = write!(why, "; {}: {}", violation.field, violation.description);
    }
    Ok(Fault::Refused(why))
}

/// Plays one step of one ticket.
struct Player<'a> {
    sender: &'a Sender<'a>,
    plan: &'a Plan,
    step: &'a Step,
    index: usize,
    /// The ticket as the last answer told it.
    ticket: v1::Ticket,
    report: &'a mut Report,
}

/// Sends one change of the step, takes its answer's ticket, counts it.
macro_rules! change {
    ($self:ident, $method:ident, $what:expr, $request:ident { $($field:ident: $value:expr),* $(,)? }, $response:ident) => {{
        let request = v1::$request {
            name: $self.ticket.name.clone(),
            request_id: $self.request_id($what),
            import_time: Some(wire($self.at())),
            $($field: $value,)*
            ..Default::default()
        };
        let answer: Result<v1::$response, Failure> = made!($self.sender.context, tickets.$method(request));
        let response = answer.map_err(|failure| stop($self.step.line, failure))?;
        $self.report.change(response.revision > $self.sender.before);
        if let Some(ticket) = response.ticket {
            $self.ticket = ticket;
        }
    }};
}

impl Player<'_> {
    /// The step's time, not before the last event of the ticket.
    fn at(&self) -> Timestamp {
        let latest = instant(self.ticket.update_time.as_ref()).unwrap_or(self.step.at);
        // A ticket that was changed by others since the import has a last event in our future.
        if latest > self.step.at { latest } else { self.step.at }
    }

    fn request_id(&self, what: &str) -> String {
        self.sender.request_id(&self.plan.external_id, &format!("{}\n{what}", self.index))
    }

    async fn play(&mut self) -> Result<(), Stop> {
        let step = self.step;
        if step.priority != 0 && step.priority != self.ticket.priority {
            let to = Some(To::Priority(step.priority));
            let reason = format!("imported: {}", self.plan.external_id);
            change!(
                self,
                reprioritise_ticket,
                "priority",
                ReprioritiseTicketRequest { to: to, reason: reason },
                ReprioritiseTicketResponse
            );
        }
        // Assigning takes NEW to IN_PROGRESS: where the row says NEW, the owner has to wait.
        if let Some(name) = step.assignee.as_ref().filter(|_| step.state != TicketState::New) {
            let assignee = self.sender.agents.resource(name).map_err(|why| Stop::Refused(step.line, why))?;
            if self.ticket.assignee != assignee {
                change!(
                    self,
                    assign_ticket,
                    "assign",
                    AssignTicketRequest { assignee: assignee },
                    AssignTicketResponse
                );
            }
        }
        if let Some(body) = step.note.clone() {
            let visibility = v1::Visibility::Internal.into();
            change!(
                self,
                add_comment,
                "note",
                AddCommentRequest { body: body, visibility: visibility },
                AddCommentResponse
            );
        }
        if let Some(body) = step.comment.clone() {
            let visibility = v1::Visibility::Public.into();
            change!(
                self,
                add_comment,
                "comment",
                AddCommentRequest { body: body, visibility: visibility },
                AddCommentResponse
            );
        }
        let Some(way) = way(self.ticket.state(), step.state) else {
            let (from, to) = (self.ticket.state().as_str_name(), step.state.as_str_name());
            return Err(Stop::Refused(step.line, Fault::NoWay { from, to }));
        };
        for state in way {
            let what = format!("state {}", state.as_str_name());
            change!(
                self,
                transition_ticket,
                &what,
                TransitionTicketRequest { state: state.into() },
                TransitionTicketResponse
            );
        }
        Ok(())
    }
}
