//! Calls that give many: pages of a search and of a history, an incident with its children, tags.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use opora_proto::client::Desk;
use opora_proto::name::TicketName;
use opora_proto::v1;
use tonic::Status;

use super::calls::{PAGE, name};
use super::names::Names;
use crate::msg::{Board, Found, Older, Part, Tagged};
use crate::queue::row::Row;

/// How many tickets a page of a search holds.
const FOUND: i32 = 100;
/// How many pages of an incident's children are read, a thousand each.
const CHILDREN: usize = 5;
/// How many pages of what was resolved are read, a thousand each.
const ENDED: usize = 5;
/// How many tickets are asked for at once.
const ASKED: usize = 16;

/// A page of the tickets that have these words, or of the ticket that has this number.
pub(super) async fn search(desk: &Desk, names: &Names, text: &str, page_token: String) -> Result<Found, Status> {
    let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
    let filter = match TicketName::from_human(text) {
        Ok(TicketName::Number(number)) => format!("number = {number}"),
        _ => format!("\"{quoted}\""),
    };
    let request = v1::ListTicketsRequest { filter, page_size: FOUND, page_token, ..Default::default() };
    let answer = list(desk, names, request).await?;
    Ok(Found { rows: answer.tickets.iter().map(|ticket| names.row(ticket)).collect(), next: answer.next_page_token })
}

async fn list(desk: &Desk, names: &Names, request: v1::ListTicketsRequest) -> Result<v1::ListTicketsResponse, Status> {
    let answer = desk
        .call(|desk| {
            let request = request.clone();
            async move { desk.tickets().list_tickets(request).await }
        })
        .await?;
    names.learn(desk, answer.tickets.iter()).await;
    Ok(answer)
}

/// An incident with its children, open or not.
pub(super) async fn incident(desk: &Desk, names: &Names, number: u64) -> Result<Board, Status> {
    let parent = desk
        .call(|desk| {
            let request = v1::GetTicketRequest { name: name(number), view: v1::TicketView::Basic.into() };
            async move { desk.tickets().get_ticket(request).await }
        })
        .await?
        .ticket
        .unwrap_or_default();
    names.learn(desk, std::iter::once(&parent)).await;
    let mut children = Vec::new();
    let mut page_token = String::new();
    for _ in 0..CHILDREN {
        let filter = format!("incident = {number}");
        let request = v1::ListTicketsRequest { filter, page_size: 1000, page_token, ..Default::default() };
        let page = list(desk, names, request).await?;
        children.extend(page.tickets.iter().map(|ticket| names.row(ticket)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    Ok(Board { parent: names.row(&parent), children, more: !page_token.is_empty() })
}

/// The tickets that were resolved within a day and are still: the newest first, where there are very many.
pub(super) async fn ended(desk: &Desk, names: &Names) -> Result<Vec<Row>, Status> {
    let mut rows = Vec::new();
    let mut page_token = String::new();
    for _ in 0..ENDED {
        let request = v1::ListTicketsRequest {
            filter: "resolve_time >= now-24h".to_owned(),
            order_by: "update_time desc".to_owned(),
            page_size: 1000,
            page_token,
            ..Default::default()
        };
        let page = list(desk, names, request).await?;
        rows.extend(page.tickets.iter().map(|ticket| names.row(ticket)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    Ok(rows)
}

/// Older messages or events of a ticket.
pub(super) async fn older(desk: &Desk, number: u64, of: Part, page_token: String) -> Result<Older, Status> {
    let name = name(number);
    match of {
        Part::Comments => {
            let request = v1::ListCommentsRequest { name, page_size: PAGE, page_token, ..Default::default() };
            let page = desk
                .call(|desk| {
                    let request = request.clone();
                    async move { desk.tickets().list_comments(request).await }
                })
                .await?;
            let mut comments = page.comments;
            comments.sort_by_key(|comment| comment.revision);
            Ok(Older::Comments(comments, page.next_page_token))
        }
        Part::Events => {
            let request = v1::ListEventsRequest { name, page_size: PAGE, page_token, newest_first: true };
            let page = desk
                .call(|desk| {
                    let request = request.clone();
                    async move { desk.tickets().list_events(request).await }
                })
                .await?;
            let mut events = page.events;
            events.sort_by_key(|event| event.revision);
            Ok(Older::Events(events, page.next_page_token))
        }
    }
}

/// The tags of these tickets as they stand.
pub(super) async fn tags(desk: &Desk, numbers: &[u64]) -> Result<Vec<Tagged>, Status> {
    let one = |number: u64| async move {
        let answer = desk
            .call(|desk| {
                let request = v1::GetTicketRequest { name: name(number), view: v1::TicketView::Basic.into() };
                async move { desk.tickets().get_ticket(request).await }
            })
            .await?;
        let ticket = answer.ticket.unwrap_or_default();
        Ok(Tagged { number, etag: ticket.etag, tags: ticket.tags })
    };
    stream::iter(numbers.iter().copied()).map(one).buffer_unordered(ASKED).try_collect().await
}
