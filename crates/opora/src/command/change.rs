//! Changes of tickets.

use std::io::IsTerminal as _;

use opora_proto::v1::{self, reprioritise_ticket_request::To};

use super::{text_or_stdin, ticket_of};
use crate::cli::ticket::{
    AssignArgs, ChangeArgs, CommentArgs, DeescalateArgs, EscalateArgs, LinkArgs, MergeArgs, ReportArgs,
    ReprioritiseArgs, TransitionArgs, UnlinkArgs, UnmergeArgs, UpdateArgs,
};
use crate::context::{Context, call, change};
use crate::failure::Failure;
use crate::output::{bare, short, wire};

/// A request with the name of its ticket, and the etag, request id and import time that every change has.
macro_rules! request {
    ($context:expr, $type:ident, $name:expr, $change:expr, { $($field:ident: $value:expr),* $(,)? }) => {{
        let change: &ChangeArgs = &$change;
        let mut request = v1::$type::default();
        request.name = $name;
        request.etag = change.etag.clone().unwrap_or_default();
        request.request_id = $context.request_id(change.request_id.clone());
        request.import_time = change.import_time.map(wire);
        $(request.$field = $value;)*
        request
    }};
}

/// Says what was done, in a sentence with the ticket's number.
fn done(context: &Context, key: &str, ticket: Option<&v1::Ticket>) -> Result<(), Failure> {
    let ticket = ticket_of(ticket)?;
    let (out, sla) = (&context.out, ticket.sla.clone().unwrap_or_default());
    let rung = ticket.escalation.as_ref().map_or(0, |escalation| escalation.rung).to_string();
    let arguments = [
        ("ticket", short(&ticket.name).into()),
        ("priority", out.text.word(ticket.priority().as_str_name()).into()),
        ("state", out.text.word(ticket.state().as_str_name()).into()),
        ("response", out.clock(sla.first_response.as_ref()).0.into()),
        ("resolution", out.clock(sla.resolution.as_ref()).0.into()),
        ("assignee", bare(&ticket.assignee).into()),
        ("rung", (&rung).into()),
    ];
    out.say(key, &arguments)
}

/// `ticket update`.
pub(crate) async fn update(context: &Context, args: UpdateArgs) -> Result<(), Failure> {
    let mut etag = args.change.etag.clone();
    let checklist = if args.tried.is_empty() {
        Vec::new()
    } else {
        let now: v1::GetTicketResponse = call!(
            context,
            tickets.get_ticket(v1::GetTicketRequest { name: args.ticket.clone(), ..Default::default() })
        )?;
        let ticket = ticket_of(now.ticket.as_ref())?;
        // The list is replaced as a whole: refuse if somebody changed it since it was read.
        if etag.is_none() {
            context.with_etag(&ticket.etag);
            etag = Some(ticket.etag.clone());
        }
        tried(ticket.checklist.clone(), &args.tried)
    };
    let (mut ticket, mut paths) = fields(context, &args)?;
    if !checklist.is_empty() {
        ticket.checklist = checklist;
        paths.push("checklist".to_owned());
    }
    paths.extend(args.clear.iter().cloned());
    paths.sort();
    paths.dedup();
    if paths.is_empty() {
        return Err(Failure::usage(context.out.text.get("error-nothing-to-change")));
    }
    let request = v1::UpdateTicketRequest {
        ticket: Some(ticket),
        update_mask: Some(prost_types::FieldMask { paths }),
        etag: etag.unwrap_or_default(),
        request_id: context.request_id(args.change.request_id),
        import_time: args.change.import_time.map(wire),
        undo_of: 0,
    };
    let response: v1::UpdateTicketResponse = change!(context, tickets.update_ticket(request))?;
    context.out.one(&response, || done(context, "done-updated", response.ticket.as_ref()))
}

fn tried(mut checklist: Vec<v1::ChecklistItem>, steps: &[String]) -> Vec<v1::ChecklistItem> {
    for step in steps {
        match checklist.iter_mut().find(|item| item.step == *step) {
            Some(item) => item.done = true,
            None => checklist.push(v1::ChecklistItem { step: step.clone(), done: true, note: String::new() }),
        }
    }
    checklist
}

/// Who reports, if anything of them was named.
pub(super) fn reporter(report: &ReportArgs) -> Option<v1::Reporter> {
    (report.reporter.is_some() || report.email.is_some()).then(|| v1::Reporter {
        display_name: report.reporter.clone().unwrap_or_default(),
        email: report.email.clone().unwrap_or_default(),
    })
}

/// The fields that were given, with their paths.
fn fields(context: &Context, args: &UpdateArgs) -> Result<(v1::Ticket, Vec<String>), Failure> {
    let mut ticket = v1::Ticket { name: args.ticket.clone(), ..Default::default() };
    let mut paths: Vec<&str> = Vec::new();
    if let Some(subject) = &args.subject {
        ticket.subject.clone_from(subject);
        paths.push("subject");
    }
    if let Some(description) = &args.description {
        ticket.description = text_or_stdin(context, description.clone())?;
        paths.push("description");
    }
    if let Some(organisation) = &args.report.organisation {
        ticket.organisation.clone_from(organisation);
        paths.push("organisation");
    }
    if let Some(reporter) = reporter(&args.report) {
        ticket.reporter = Some(reporter);
        paths.push("reporter");
    }
    if let Some(category) = args.report.category {
        ticket.category = category.into();
        paths.push("category");
    }
    if !args.channel.is_empty() {
        ticket.channels = args.channel.iter().map(|channel| (*channel).into()).collect();
        paths.push("channels");
    }
    if let Some(priority) = args.requested_priority {
        ticket.requested_priority = priority.into();
        paths.push("requested_priority");
    }
    if let Some(platform) = args.platform {
        ticket.platform = platform.into();
        paths.push("platform");
    }
    if let Some(time) = args.occurred {
        ticket.occur_time = Some(wire(time));
        paths.push("occur_time");
    }
    if !args.workstation.is_empty() {
        ticket.workstations.clone_from(&args.workstation);
        paths.push("workstations");
    }
    if !args.tag.is_empty() {
        ticket.tags.clone_from(&args.tag);
        paths.push("tags");
    }
    Ok((ticket, paths.into_iter().map(str::to_owned).collect()))
}

/// `ticket reprioritise`: on a terminal, and with `--dry-run`, what it would mean comes first.
pub(crate) async fn reprioritise(context: &Context, args: ReprioritiseArgs) -> Result<(), Failure> {
    let out = &context.out;
    if args.dry_run || (out.terminal && out.is_table()) {
        let request = v1::PreviewPriorityRequest { name: args.ticket.clone(), ..Default::default() };
        let previews: v1::PreviewPriorityResponse = call!(context, sla.preview_priority(request))?;
        if args.dry_run {
            return out.one(&previews, || out.previews(&args.ticket, &previews));
        }
        out.previews(&args.ticket, &previews)?;
    }
    let to = args.priority.map(|priority| To::Priority(priority.into()));
    let to = to.or_else(|| args.impact.map(|impact| To::Impact(impact.into())));
    let request = request!(context, ReprioritiseTicketRequest, args.ticket, args.change, {
        to: to,
        reason: args.reason.unwrap_or_default(),
    });
    let response: v1::ReprioritiseTicketResponse = change!(context, tickets.reprioritise_ticket(request))?;
    out.one(&response, || done(context, "done-reprioritised", response.ticket.as_ref()))
}

/// `ticket escalate`.
pub(crate) async fn escalate(context: &Context, args: EscalateArgs) -> Result<(), Failure> {
    let out = &context.out;
    let request = request!(context, EscalateTicketRequest, args.ticket, args.change, {
        reason: args.reason,
        rung: args.rung.unwrap_or_default(),
    });
    let response: v1::EscalateTicketResponse = change!(context, tickets.escalate_ticket(request))?;
    let reach = if out.is_table() { reach_of(context, &response).await } else { String::new() };
    out.one(&response, || {
        let ticket = ticket_of(response.ticket.as_ref())?;
        let rung = ticket.escalation.as_ref().map_or(0, |escalation| escalation.rung).to_string();
        let reachable = out.wire_time(response.reachable_time.as_ref());
        let arguments = [
            ("ticket", short(&ticket.name).into()),
            ("rung", (&rung).into()),
            ("whom", (&response.whom).into()),
            ("time", (&reachable).into()),
        ];
        let later = response.reachable_time.is_some();
        out.say(if later { "done-escalated-later" } else { "done-escalated" }, &arguments)?;
        match reach.as_str() {
            "" => out.say("done-escalated-untold", &[]),
            reach => out.say("done-escalated-reach", &[("reach", reach.into())]),
        }
    })
}

/// The addresses and telephone numbers of the rung that a ticket is on, at which the agent reaches them: nobody is told
/// by the server (docs/domain.md §8). Empty where the ladder can't be read or has another one on that rung by now.
async fn reach_of(context: &Context, response: &v1::EscalateTicketResponse) -> String {
    let rung = response.ticket.as_ref().and_then(|ticket| ticket.escalation.as_ref()).map_or(0, |on| on.rung);
    let info: Result<v1::GetServerInfoResponse, Failure> =
        call!(context, admin.get_server_info(v1::GetServerInfoRequest {}));
    let ladder = info.map(|info| info.ladder).unwrap_or_default();
    let rung = ladder.into_iter().find(|one| one.rung == rung && one.whom == response.whom);
    rung.map(|rung| rung.reach.join(", ")).unwrap_or_default()
}

/// `ticket deescalate`.
pub(crate) async fn deescalate(context: &Context, args: DeescalateArgs) -> Result<(), Failure> {
    let key = if args.rung == 0 { "done-deescalated-off" } else { "done-deescalated" };
    let request = request!(context, DeescalateTicketRequest, args.ticket, args.change, {
        reason: args.reason,
        rung: args.rung,
    });
    let response: v1::DeescalateTicketResponse = change!(context, tickets.deescalate_ticket(request))?;
    context.out.one(&response, || done(context, key, response.ticket.as_ref()))
}

/// `ticket assign`.
pub(crate) async fn assign(context: &Context, args: AssignArgs) -> Result<(), Failure> {
    let assignee = match (args.agent, args.me) {
        (Some(agent), _) => agent,
        (None, true) => context.actor.clone().ok_or_else(|| Failure::usage(context.out.text.get("error-me")))?,
        (None, false) => String::new(),
    };
    let key = if assignee.is_empty() { "done-unassigned" } else { "done-assigned" };
    let request = request!(context, AssignTicketRequest, args.ticket, args.change, { assignee: assignee });
    let response: v1::AssignTicketResponse = change!(context, tickets.assign_ticket(request))?;
    context.out.one(&response, || done(context, key, response.ticket.as_ref()))
}

/// `ticket comment`.
pub(crate) async fn comment(context: &Context, args: CommentArgs) -> Result<(), Failure> {
    let (out, empty) = (&context.out, || Failure::usage(context.out.text.get("error-empty-message")));
    let body = match args.body {
        Some(body) => text_or_stdin(context, body)?,
        None if std::io::stdin().is_terminal() => return Err(empty()),
        None => text_or_stdin(context, "-".to_owned())?,
    };
    if body.trim().is_empty() {
        return Err(empty());
    }
    let visibility = if args.public { v1::Visibility::Public } else { v1::Visibility::Internal };
    let asked = args.ticket.clone();
    let request = request!(context, AddCommentRequest, args.ticket, args.change, {
        body: body,
        visibility: visibility.into(),
        author: args.author.unwrap_or_default(),
        seen_through: args.seen_through.unwrap_or_default(),
    });
    let response: v1::AddCommentResponse = change!(context, tickets.add_comment(request))?;
    out.one(&response, || {
        let ticket = ticket_of(response.ticket.as_ref())?;
        let name = short(&ticket.name);
        let visibility = out.text.word(visibility.as_str_name());
        out.say("done-commented", &[("ticket", (&name).into()), ("visibility", (&visibility).into())])?;
        let moved = asked != ticket.name && asked != format!("tickets/{}", ticket.uid);
        if !moved {
            return Ok(());
        }
        // Where the target was closed too the message began a ticket, which has no parts.
        let from = response.comment.as_ref().map_or("", |comment| comment.from_ticket.as_str());
        if ticket.merged_parts.iter().any(|part| part.ticket == from) {
            out.say("done-commented-target", &[("asked", short(from).into()), ("ticket", (&name).into())])
        } else {
            out.say("done-commented-new", &[("ticket", (&name).into())])
        }
    })
}

/// `ticket transition`.
pub(crate) async fn transition(context: &Context, args: TransitionArgs) -> Result<(), Failure> {
    let request = request!(context, TransitionTicketRequest, args.ticket, args.change, {
        state: args.state.into(),
        reason: args.reason.unwrap_or_default(),
    });
    let response: v1::TransitionTicketResponse = change!(context, tickets.transition_ticket(request))?;
    context.out.one(&response, || done(context, "done-transitioned", response.ticket.as_ref()))
}

/// `ticket merge`.
pub(crate) async fn merge(context: &Context, args: MergeArgs) -> Result<(), Failure> {
    let request = request!(context, MergeTicketsRequest, args.ticket, args.change, {
        target: args.target,
        reason: args.reason.unwrap_or_default(),
    });
    let response: v1::MergeTicketsResponse = change!(context, tickets.merge_tickets(request))?;
    let (part, whole) = (response.ticket.as_ref(), response.target.as_ref());
    context.out.one(&response, || pair(context, "done-merged", &ticket_of(part)?.name, &ticket_of(whole)?.name))
}

/// `ticket unmerge`.
pub(crate) async fn unmerge(context: &Context, args: UnmergeArgs) -> Result<(), Failure> {
    let request = request!(context, UnmergeTicketRequest, args.ticket, args.change, {
        reason: args.reason.unwrap_or_default(),
    });
    let response: v1::UnmergeTicketResponse = change!(context, tickets.unmerge_ticket(request))?;
    context.out.one(&response, || done(context, "done-unmerged", response.ticket.as_ref()))
}

/// `ticket link`.
pub(crate) async fn link(context: &Context, args: LinkArgs) -> Result<(), Failure> {
    let target = args.target.clone();
    let request = request!(context, LinkTicketsRequest, args.ticket, args.change, {
        target: args.target,
        kind: args.kind.into(),
    });
    let response: v1::LinkTicketsResponse = change!(context, tickets.link_tickets(request))?;
    context.out.one(&response, || pair(context, "done-linked", &ticket_of(response.ticket.as_ref())?.name, &target))
}

/// `ticket unlink`.
pub(crate) async fn unlink(context: &Context, args: UnlinkArgs) -> Result<(), Failure> {
    let target = args.target.clone();
    let request = request!(context, UnlinkTicketsRequest, args.ticket, args.change, { target: args.target });
    let response: v1::UnlinkTicketsResponse = change!(context, tickets.unlink_tickets(request))?;
    context.out.one(&response, || pair(context, "done-unlinked", &ticket_of(response.ticket.as_ref())?.name, &target))
}

fn pair(context: &Context, key: &str, ticket: &str, target: &str) -> Result<(), Failure> {
    context.out.say(key, &[("ticket", (&short(ticket)).into()), ("target", (&short(target)).into())])
}
