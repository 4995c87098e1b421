//! Creating, finding and reading tickets.

use opora_proto::v1;

use super::change::reporter;
use super::{change, text_or_stdin, ticket_of, watch};
use crate::cli::ticket::{CreateArgs, ListArgs, ShowArgs, TicketCommand};
use crate::context::{Context, call, change};
use crate::failure::Failure;
use crate::output::{short, wire};
use crate::reader::while_read;
use crate::text::key_of;

/// The largest page that is asked for.
const PAGE: u32 = 500;
/// The most pages that are fetched for one answer.
const MAX_PAGES: usize = 100_000;

/// Runs `opora ticket …`.
pub(crate) async fn run(context: &Context, command: TicketCommand) -> Result<(), Failure> {
    match command {
        TicketCommand::Create(args) => create(context, *args).await,
        TicketCommand::List(args) => list(context, args).await,
        TicketCommand::Show(args) => show(context, args).await,
        TicketCommand::Update(args) => change::update(context, *args).await,
        TicketCommand::Reprioritise(args) => change::reprioritise(context, args).await,
        TicketCommand::Escalate(args) => change::escalate(context, args).await,
        TicketCommand::Deescalate(args) => change::deescalate(context, args).await,
        TicketCommand::Assign(args) => change::assign(context, args).await,
        TicketCommand::Comment(args) => change::comment(context, args).await,
        TicketCommand::Transition(args) => change::transition(context, args).await,
        TicketCommand::Merge(args) => change::merge(context, args).await,
        TicketCommand::Unmerge(args) => change::unmerge(context, args).await,
        TicketCommand::Link(args) => change::link(context, args).await,
        TicketCommand::Unlink(args) => change::unlink(context, args).await,
        TicketCommand::Watch(args) => while_read(watch::watch(context, args)).await,
        TicketCommand::Explain(args) => explain(context, args.ticket).await,
        TicketCommand::History(args) => history(context, args.ticket).await,
        TicketCommand::Suggestions => suggestions(context).await,
    }
}

async fn create(context: &Context, args: CreateArgs) -> Result<(), Failure> {
    let description = match (args.description, args.description_file) {
        (Some(text), _) => text_or_stdin(context, text)?,
        (None, Some(path)) => {
            std::fs::read_to_string(&path).map_err(|cause| Failure::io(path.display().to_string(), cause))?
        }
        (None, None) => String::new(),
    };
    let request = v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            subject: args.subject,
            description,
            reporter: reporter(&args.report),
            organisation: args.report.organisation.unwrap_or_default(),
            category: args.report.category.map_or(0, Into::into),
            channels: args.channel.into_iter().map(Into::into).collect(),
            impact: args.impact.map_or(0, Into::into),
            requested_priority: args.requested_priority.map_or(0, Into::into),
            platform: args.platform.map_or(0, Into::into),
            occur_time: args.occurred.map(wire),
            workstations: args.workstation,
            tags: args.tag,
            assignee: args.assignee.unwrap_or_default(),
            external_id: args.external_id.unwrap_or_default(),
            origin: args.origin.map_or(0, Into::into),
            ..Default::default()
        }),
        request_id: context.request_id(args.request_id),
        import_time: args.import_time.map(wire),
    };
    let response: v1::CreateTicketResponse = change!(context, tickets.create_ticket(request))?;
    let out = &context.out;
    out.one(&response, || {
        let ticket = ticket_of(response.ticket.as_ref())?;
        let sla = ticket.sla.clone().unwrap_or_default();
        let (first, resolution) = (out.clock(sla.first_response.as_ref()).0, out.clock(sla.resolution.as_ref()).0);
        let priority = out.text.word(ticket.priority().as_str_name());
        let arguments = [
            ("ticket", short(&ticket.name).into()),
            ("priority", (&priority).into()),
            ("response", (&first).into()),
            ("resolution", (&resolution).into()),
        ];
        out.say("done-created", &arguments)?;
        if ticket.missing_facts.is_empty() {
            return Ok(());
        }
        let facts: Vec<_> = ticket.missing_facts().map(|fact| out.text.get(&key_of(fact.as_str_name()))).collect();
        out.say("still-missing", &[("facts", (&facts.join(", ")).into())])
    })
}

async fn list(context: &Context, args: ListArgs) -> Result<(), Failure> {
    let out = &context.out;
    let wanted = if args.all { u32::MAX } else { args.limit };
    let view = if args.full { v1::TicketView::Full } else { v1::TicketView::Basic };
    let order = if args.desc { format!("{} desc", args.order.word()) } else { args.order.word().to_owned() };
    let mut request = v1::ListTicketsRequest {
        filter: args.filter.join(" "),
        order_by: order,
        page_token: args.page_token.unwrap_or_default(),
        view: view.into(),
        include_total: args.total,
        ..Default::default()
    };
    let mut response = v1::ListTicketsResponse::default();
    for _ in 0..MAX_PAGES {
        let missing = wanted.saturating_sub(response.tickets.len() as u32);
        request.page_size = missing.min(PAGE) as i32;
        let mut page: v1::ListTicketsResponse = call!(context, tickets.list_tickets(request.clone()))?;
        let mut tickets = std::mem::take(&mut response.tickets);
        let total = if request.include_total { page.total_size } else { response.total_size };
        // That of the first page: who watches from the next one on misses nothing of what the later pages show.
        let revision = if response.revision == 0 { page.revision } else { response.revision };
        tickets.append(&mut page.tickets);
        response = v1::ListTicketsResponse { tickets, total_size: total, revision, ..page };
        if response.next_page_token.is_empty() || response.tickets.len() as u32 >= wanted {
            break;
        }
        request.page_token.clone_from(&response.next_page_token);
        // Counting once is enough.
        request.include_total = false;
    }
    out.list(&response, &response.tickets, || {
        out.tickets(&response.tickets)?;
        if args.total {
            out.say("total-tickets", &[("count", response.total_size.into())])?;
        }
        if response.next_page_token.is_empty() {
            return Ok(());
        }
        out.say("more-tickets", &[("token", (&response.next_page_token).into())])
    })
}

async fn show(context: &Context, args: ShowArgs) -> Result<(), Failure> {
    let out = &context.out;
    let request = v1::GetTicketRequest { name: args.ticket.clone(), ..Default::default() };
    let response: v1::GetTicketResponse = call!(context, tickets.get_ticket(request))?;
    if !out.is_table() {
        return out.message(&response);
    }
    out.ticket(ticket_of(response.ticket.as_ref())?)?;
    if args.comments == 0 {
        return Ok(());
    }
    let wanted = usize::from(args.comments);
    let mut request = v1::ListCommentsRequest { name: args.ticket, ..Default::default() };
    let mut newest = Vec::new();
    for _ in 0..MAX_PAGES {
        request.page_size = wanted.saturating_sub(newest.len()).min(PAGE as usize) as i32;
        // A page may have fewer than were asked for: long messages fill it.
        let page: v1::ListCommentsResponse = call!(context, tickets.list_comments(request.clone()))?;
        newest.extend(page.comments);
        if page.next_page_token.is_empty() || newest.len() >= wanted {
            break;
        }
        request.page_token = page.next_page_token;
    }
    newest.reverse();
    out.comments(&newest)
}

async fn explain(context: &Context, ticket: String) -> Result<(), Failure> {
    let request = v1::ExplainTicketRequest { name: ticket };
    let response: v1::ExplainTicketResponse = call!(context, sla.explain_ticket(request))?;
    context.out.one(&response, || context.out.explanation(&response))
}

async fn suggestions(context: &Context) -> Result<(), Failure> {
    let request = v1::ListSuggestionsRequest {};
    let response: v1::ListSuggestionsResponse = call!(context, reports.list_suggestions(request))?;
    context.out.list(&response, &response.suggestions, || context.out.suggestions(&response))
}

async fn history(context: &Context, ticket: String) -> Result<(), Failure> {
    let mut request = v1::ListEventsRequest { name: ticket, page_size: PAGE as i32, ..Default::default() };
    let mut response = v1::ListEventsResponse::default();
    for _ in 0..MAX_PAGES {
        let mut page: v1::ListEventsResponse = call!(context, tickets.list_events(request.clone()))?;
        let mut events = std::mem::take(&mut response.events);
        events.append(&mut page.events);
        response = v1::ListEventsResponse { events, ..page };
        if response.next_page_token.is_empty() {
            break;
        }
        request.page_token.clone_from(&response.next_page_token);
    }
    context.out.list(&response, &response.events, || context.out.events(&response.events))
}
