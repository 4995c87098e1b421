//! `opora demo`: a whole desk in one process. A store in a temporary directory, a server on a free port of this
//! machine, invented tickets in all states, a trickle of new ones, and the console on it.

mod invent;
mod log;
mod texts;
mod trickle;

use opora_proto::client::{ClientOptions, Desk};
use opora_proto::v1::{self, TicketState, reprioritise_ticket_request::To};
use opora_server::config::Config;
use tonic::Status;

use crate::cli::ClientArgs;
use crate::cli::work::DemoArgs;
use crate::context::now;
use crate::failure::{Exit, Failure};
use crate::output::{Out, wire};
use crate::serve::failed;

use invent::{Act, Inventor, Story, address};
use texts::Texts;

/// Runs the demo until it is left.
pub(crate) async fn run(client: &ClientArgs, args: DemoArgs) -> Result<(), Failure> {
    let out = crate::context::out(client);
    let temp = tempfile::Builder::new()
        .prefix("opora-demo-")
        .tempdir()
        .map_err(|cause| Failure::stream("io-temporary", cause))?;
    let log = log::install()?;
    let config = Config::for_demo(&temp.path().join("data")).map_err(|error| Failure::bug(error.to_string()))?;
    let result = Box::pin(live(&out, args, config)).await;
    // The directory goes away before anything is said about it.
    let removed = temp.close().map_err(|cause| Failure::stream("io-demo-directory", cause));
    out.say("demo-log", &[("file", log.display().to_string().into())])?;
    result.and(removed)?;
    out.say("demo-ended", &[])
}

async fn live(out: &Out, args: DemoArgs, config: Config) -> Result<(), Failure> {
    let mut running = Box::pin(opora_server::start(config)).await.map_err(|error| failed(&error, &out.text))?;
    let server = format!("http://{}", running.address());
    let desk = |actor: &str| desk(&server, actor);
    let mut inventor = Inventor::new(Texts::load()?, args.seed);
    out.say("demo-preparing", &[("count", u64::from(args.tickets).into())])?;
    let work = async {
        fill(&desk, &mut inventor, args.tickets as usize).await?;
        tokio::select! {
            shown = show(out, &server, args.no_console) => shown,
            failed = trickle::run(&desk, &mut inventor, args.every) => failed,
        }
    };
    let result = tokio::select! {
        worked = work => worked,
        error = running.failed() => Err(gone(out, &error)),
        () = asked_to_stop() => Ok(()),
    };
    let stopped = Box::pin(running.stop()).await.map_err(|error| failed(&error, &out.text));
    result.and(stopped)
}

/// A client of the demo's own desk.
fn desk(server: &str, actor: &str) -> Result<Desk, Failure> {
    let options =
        ClientOptions { server: server.to_owned(), actor: Some(actor.to_owned()), ..ClientOptions::default() };
    Desk::new(&options).map_err(|error| Failure::bug(error.to_string()))
}

fn gone(out: &Out, error: &opora_server::ServeError) -> Failure {
    Failure::new(Exit::Bug, out.text.with("demo-failed", &[("cause", error.to_string().into())]))
}

/// The console until it is left; without one, how to connect, until the end.
async fn show(out: &Out, server: &str, no_console: bool) -> Result<(), Failure> {
    #[cfg(feature = "console")]
    if !no_console && out.terminal && std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        return crate::console::open(out, server, "agents/olga").await;
    }
    #[cfg(not(feature = "console"))]
    let _ = no_console;
    for key in ["demo-ready", "demo-connect", "demo-or", "demo-stop"] {
        out.say(key, &[("server", server.into())])?;
    }
    std::future::pending().await
}

/// Ends at Ctrl-C or SIGTERM.
async fn asked_to_stop() {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
    let terminate = async {
        match terminated.as_mut() {
            Some(signal) => signal.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate => {}
    }
}

/// Puts people and tickets into the desk, with their pasts.
async fn fill(
    desk: &impl Fn(&str) -> Result<Desk, Failure>,
    inventor: &mut Inventor,
    count: usize,
) -> Result<(), Failure> {
    let admin = desk("agents/olga")?;
    people(&admin, inventor.texts()).await.map_err(|status| Failure::call("the demo's desk", &status))?;
    let mut names: Vec<String> = Vec::new();
    for index in 0..count {
        let story = inventor.story(index, count);
        let name = tell(&admin, &story, &names).await.map_err(|status| Failure::call("the demo's desk", &status))?;
        names.push(name);
    }
    let request =
        v1::FinishImportRequest { origin: v1::Origin::Import.into(), request_id: opora_proto::client::request_id() };
    admin.admin().finish_import(request).await.map_err(|status| Failure::call("the demo's desk", &status))?;
    Ok(())
}

async fn people(desk: &Desk, texts: &Texts) -> Result<(), Status> {
    let mut directory = desk.directory();
    for agent in &texts.agent {
        let request = v1::CreateAgentRequest {
            agent_id: agent.id.clone(),
            agent: Some(v1::Agent {
                display_name: agent.name.clone(),
                email: format!("{}@example.com", agent.id),
                time_zone: "Europe/Moscow".into(),
                ..Default::default()
            }),
            request_id: opora_proto::client::request_id(),
        };
        directory.create_agent(request).await?;
    }
    for one in &texts.organisation {
        let platform = v1::Platform::from_str_name(&format!("PLATFORM_{}", one.platform)).map_or(0, i32::from);
        let request = v1::CreateOrganisationRequest {
            organisation_id: one.id.clone(),
            organisation: Some(v1::Organisation {
                display_name: one.name.clone(),
                time_zone: one.zone.clone(),
                language: one.language.clone(),
                platform,
                ..Default::default()
            }),
            request_id: opora_proto::client::request_id(),
        };
        directory.create_organisation(request).await?;
        for (index, person) in one.people.iter().enumerate() {
            let request = v1::CreateContactRequest {
                contact_id: format!("{}-{}", one.id, index + 1),
                contact: Some(v1::Contact {
                    display_name: person.clone(),
                    email: address(one, index),
                    organisation: format!("organisations/{}", one.id),
                    ..Default::default()
                }),
                request_id: opora_proto::client::request_id(),
            };
            directory.create_contact(request).await?;
        }
    }
    Ok(())
}

/// Tells one story to the desk; the ticket's name.
async fn tell(desk: &Desk, story: &Story, before: &[String]) -> Result<String, Status> {
    let created = now() - jiff::SignedDuration::from_mins(story.age);
    let request = v1::CreateTicketRequest {
        ticket: Some(story.ticket.clone()),
        request_id: opora_proto::client::request_id(),
        import_time: Some(wire(created)),
    };
    let ticket = desk.tickets().create_ticket(request).await?.into_inner().ticket.unwrap_or_default();
    for (minute, act) in &story.acts {
        let at = created + jiff::SignedDuration::from_mins(*minute);
        match play(desk, &ticket.name, act, before, wire(at)).await {
            // An invented act that the domain does not allow from where the ticket stands is left out.
            Ok(()) | Err(NotPlayed::Refused) => {}
            Err(NotPlayed::Failed(status)) => return Err(status),
        }
    }
    Ok(ticket.name)
}

enum NotPlayed {
    Refused,
    Failed(Status),
}

impl From<Status> for NotPlayed {
    fn from(status: Status) -> Self {
        if status.code() == tonic::Code::FailedPrecondition { Self::Refused } else { Self::Failed(status) }
    }
}

async fn play(
    desk: &Desk,
    name: &str,
    act: &Act,
    before: &[String],
    at: prost_types::Timestamp,
) -> Result<(), NotPlayed> {
    let (name, request_id, import_time) = (name.to_owned(), opora_proto::client::request_id(), Some(at));
    let mut tickets = desk.tickets();
    let earlier = |back: usize| before.len().checked_sub(back).and_then(|place| before.get(place)).cloned();
    match act.clone() {
        Act::Assign(agent) => {
            let assignee = format!("agents/{agent}");
            let request = v1::AssignTicketRequest { name, assignee, request_id, import_time, ..Default::default() };
            tickets.assign_ticket(request).await?;
        }
        Act::Write(body, visibility) => {
            let visibility = visibility.into();
            let request =
                v1::AddCommentRequest { name, body, visibility, request_id, import_time, ..Default::default() };
            tickets.add_comment(request).await?;
        }
        Act::Reply(author, body) => {
            let visibility = v1::Visibility::Public.into();
            let request =
                v1::AddCommentRequest { name, body, visibility, author, request_id, import_time, ..Default::default() };
            tickets.add_comment(request).await?;
        }
        Act::Move(state, reason) => {
            let state = TicketState::into(state);
            let request =
                v1::TransitionTicketRequest { name, state, reason, request_id, import_time, ..Default::default() };
            tickets.transition_ticket(request).await?;
        }
        Act::Reprioritise(to, reason) => {
            let to = Some(To::Priority(to.into()));
            let request =
                v1::ReprioritiseTicketRequest { name, to, reason, request_id, import_time, ..Default::default() };
            tickets.reprioritise_ticket(request).await?;
        }
        Act::Escalate(reason) => {
            let request = v1::EscalateTicketRequest { name, reason, request_id, import_time, ..Default::default() };
            tickets.escalate_ticket(request).await?;
        }
        Act::Merge(back, reason) => {
            let Some(target) = earlier(back) else { return Ok(()) };
            let request =
                v1::MergeTicketsRequest { name, target, reason, request_id, import_time, ..Default::default() };
            tickets.merge_tickets(request).await?;
        }
        Act::Link(back, kind) => {
            let Some(target) = earlier(back) else { return Ok(()) };
            let kind = kind.into();
            let request = v1::LinkTicketsRequest { name, target, kind, request_id, import_time, ..Default::default() };
            tickets.link_tickets(request).await?;
        }
    }
    Ok(())
}
