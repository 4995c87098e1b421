//! The calls that the screens ask for, one function each. They are tried again while the error is a passing one.

use opora_proto::client::Desk;
use opora_proto::v1;
use tokio::sync::mpsc;
use tonic::Status;

use super::lists;
use super::names::Names;
use super::{change, files, paths};
use crate::msg::{Call, Loaded, Msg, Net, Trouble};

/// How many messages and events of a ticket are read.
pub(super) const PAGE: i32 = 200;
/// The most pages of canned replies that are read.
const PAGES: usize = 5;

/// Answers a call.
pub(super) async fn answer(desk: &Desk, names: &Names, inbox: &mpsc::Sender<Msg>, call: Call) -> Net {
    match call {
        Call::Detail { number, generation } => {
            let result = detail(desk, names, number).await.map(Box::new).map_err(|s| Trouble::from(&s));
            Net::Detail { number, generation, result }
        }
        Call::Preview { number, generation } => {
            let request = v1::PreviewPriorityRequest { name: name(number), ..Default::default() };
            let result = desk
                .call(|desk| {
                    let request = request.clone();
                    async move { desk.sla().preview_priority(request).await }
                })
                .await;
            let result = result.map(|answer| answer.previews).map_err(|s| Trouble::from(&s));
            Net::Preview { number, generation, result }
        }
        Call::Search { text, generation, page_token } => {
            let result = lists::search(desk, names, &text, page_token).await.map_err(|s| Trouble::from(&s));
            Net::Found { generation, result }
        }
        Call::Incident { number, generation } => {
            let result = lists::incident(desk, names, number).await.map(Box::new).map_err(|s| Trouble::from(&s));
            Net::Incident { generation, result }
        }
        Call::Ended { generation } => {
            let result = lists::ended(desk, names).await.map_err(|s| Trouble::from(&s));
            Net::Ended { generation, result }
        }
        Call::Older { number, generation, of, page_token } => {
            let result = lists::older(desk, number, of, page_token).await.map(Box::new).map_err(|s| Trouble::from(&s));
            Net::Older { number, generation, result }
        }
        Call::Explain { number, generation } => {
            let request = v1::ExplainTicketRequest { name: name(number) };
            let result = desk
                .call(|desk| {
                    let request = request.clone();
                    async move { desk.sla().explain_ticket(request).await }
                })
                .await;
            Net::Explained { number, generation, result: result.map(Box::new).map_err(|s| Trouble::from(&s)) }
        }
        Call::Snippets => Net::Snippets(snippets(desk).await.map_err(|s| Trouble::from(&s))),
        Call::Organisations => Net::Organisations(organisations(desk, names).await),
        // Kept by the stream of presence, which the network task serves itself.
        Call::Presence(_) => Net::Presence(crate::presence::Told::Moved(Vec::new(), Vec::new())),
        Call::Files { number, generation } => {
            let result = files::list(desk, number).await;
            Net::Files { number, generation, result }
        }
        Call::Tags { numbers, generation } => {
            let result = lists::tags(desk, &numbers).await.map_err(|s| Trouble::from(&s));
            Net::Tags { generation, result }
        }
        Call::Fetch { name, to } => {
            let result = files::fetch(desk, inbox, &name, &to).await;
            Net::Fetched(result)
        }
        Call::Change(change) => {
            let result = change::send(desk, inbox, &change).await;
            Net::Done { request_id: change.request_id, result }
        }
        Call::Look { typed, purpose, generation } => {
            let result = paths::look(typed, purpose).await;
            Net::Looked { generation, result }
        }
        Call::Complete { typed, generation } => {
            let completed = paths::complete(typed).await;
            Net::Completed { generation, completed }
        }
        Call::Ladder => Net::Ladder(ladder(desk).await),
        Call::Suggestions => Net::Suggested(suggestions(desk).await.map_err(|s| Trouble::from(&s))),
    }
}

/// Who is on the ladder and can be reached now; empty where it is not to be had: what was known of it is shown then.
async fn ladder(desk: &Desk) -> Vec<v1::LadderRung> {
    let info = desk.call(|desk| async move { desk.admin().get_server_info(v1::GetServerInfoRequest {}).await });
    info.await.map(|info| info.ladder).unwrap_or_default()
}

/// The organisations; what was learnt before is shown where the server is away.
async fn organisations(desk: &Desk, names: &Names) -> Result<Vec<crate::msg::Named>, Trouble> {
    let result = names.load(desk).await;
    let list = names.list();
    match result {
        Err(status) if list.is_empty() => Err(Trouble::from(&status)),
        _ => Ok(list),
    }
}

async fn suggestions(desk: &Desk) -> Result<Vec<v1::Suggestion>, Status> {
    let told = desk.call(|desk| async move { desk.reports().list_suggestions(v1::ListSuggestionsRequest {}).await });
    told.await.map(|told| told.suggestions)
}

pub(super) fn name(number: u64) -> String {
    format!("tickets/{number}")
}

async fn detail(desk: &Desk, names: &Names, number: u64) -> Result<Loaded, Status> {
    let name = name(number);
    let ticket = desk.call(|desk| {
        let request = v1::GetTicketRequest { name: name.clone(), view: v1::TicketView::Full.into() };
        async move { desk.tickets().get_ticket(request).await }
    });
    let comments = desk.call(|desk| {
        let request = v1::ListCommentsRequest { name: name.clone(), page_size: PAGE, ..Default::default() };
        async move { desk.tickets().list_comments(request).await }
    });
    let events = desk.call(|desk| {
        let request =
            v1::ListEventsRequest { name: name.clone(), page_size: PAGE, newest_first: true, ..Default::default() };
        async move { desk.tickets().list_events(request).await }
    });
    let files = desk.call(|desk| {
        let request = v1::ListAttachmentsRequest { name: name.clone(), page_size: 1000, ..Default::default() };
        async move { desk.attachments().list_attachments(request).await }
    });
    let (ticket, comments, events, files) = tokio::try_join!(ticket, comments, events, files)?;
    let revision = ticket.revision.min(comments.revision).min(events.revision).min(files.revision);
    let ticket = ticket.ticket.unwrap_or_default();
    // What came between the three answers comes again with the stream: it is shown once.
    let (more_comments, more_events) = (comments.next_page_token, events.next_page_token);
    let mut comments: Vec<_> = comments.comments.into_iter().filter(|c| c.revision <= revision).collect();
    comments.sort_by_key(|comment| comment.revision);
    let mut events: Vec<_> = events.events.into_iter().filter(|e| e.revision <= revision).collect();
    for event in &mut events {
        event.ticket = None;
    }
    events.sort_by_key(|event| event.revision);
    let attachments = files.attachments;
    names.learn(desk, std::iter::once(&ticket)).await;
    let zone = names.zone(&ticket.organisation);
    Ok(Loaded { ticket, comments, events, attachments, revision, zone, more_comments, more_events, asking: None })
}

/// The canned replies that are still shown.
async fn snippets(desk: &Desk) -> Result<Vec<v1::Snippet>, Status> {
    let mut all = Vec::new();
    let mut token = String::new();
    for _ in 0..PAGES {
        let request = v1::ListSnippetsRequest { page_size: 1000, page_token: token, show_archived: false };
        let page = desk
            .call(|desk| {
                let request = request.clone();
                async move { desk.directory().list_snippets(request).await }
            })
            .await?;
        all.extend(page.snippets);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    Ok(all)
}
