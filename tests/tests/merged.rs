//! Merged tickets over the wire: what the target shows, where a customer's message goes, what is refused; and what many
//! tickets of one kind suggest.

use bytes::Bytes;
use opora_proto::client::{Desk, request_id};
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use opora_proto::v1::upload_attachment_request::Part;
use opora_tests::{Server, comment, create, get, new_ticket};
use tonic::{Code, Status};

async fn merge(desk: &Desk, source: &str, target: &str) -> v1::MergeTicketsResponse {
    let (name, target) = (source.to_owned(), target.to_owned());
    let request = v1::MergeTicketsRequest { name, target, request_id: request_id(), ..Default::default() };
    desk.tickets().merge_tickets(request).await.unwrap().into_inner()
}

fn from_anna(name: &str, body: &str) -> v1::AddCommentRequest {
    v1::AddCommentRequest {
        name: name.to_owned(),
        body: body.to_owned(),
        visibility: v1::Visibility::Public.into(),
        author: "anna@example.com".into(),
        request_id: request_id(),
        ..Default::default()
    }
}

async fn comments(desk: &Desk, name: &str) -> Vec<v1::Comment> {
    let request = v1::ListCommentsRequest { name: name.into(), oldest_first: true, ..Default::default() };
    desk.tickets().list_comments(request).await.unwrap().into_inner().comments
}

async fn files(desk: &Desk, name: &str) -> Vec<v1::Attachment> {
    let request = v1::ListAttachmentsRequest { name: name.into(), ..Default::default() };
    desk.attachments().list_attachments(request).await.unwrap().into_inner().attachments
}

async fn upload(desk: &Desk, ticket: &str, data: &'static str) -> Result<v1::UploadAttachmentResponse, Status> {
    let header = v1::UploadHeader {
        ticket: ticket.to_owned(),
        file_name: "bpclient_2026_03_02_09_00_00.log".into(),
        size: data.len() as u64,
        upload_id: request_id(),
        ..Default::default()
    };
    let chunk = v1::UploadChunk { write_offset: 0, data: Bytes::from_static(data.as_bytes()), finish_write: true };
    let parts = [Part::Header(header), Part::Chunk(chunk)];
    let stream = futures::stream::iter(parts.map(|part| v1::UploadAttachmentRequest { part: Some(part) }));
    Ok(desk.attachments().upload_attachment(stream).await?.into_inner())
}

#[tokio::test]
async fn a_merge_is_refused_where_the_target_is_another_than_the_caller_saw() {
    let server = Server::start();
    let desk = server.desk();
    let (part, seen) = (create(&desk, "часть").await.unwrap(), create(&desk, "целое").await.unwrap());
    let step = v1::TransitionTicketRequest {
        name: seen.name.clone(),
        state: v1::TicketState::InProgress.into(),
        request_id: request_id(),
        ..Default::default()
    };
    let now = desk.tickets().transition_ticket(step).await.unwrap().into_inner().ticket.unwrap();
    let onto = |etag: &str| v1::MergeTicketsRequest {
        name: part.name.clone(),
        target: seen.name.clone(),
        etag: part.etag.clone(),
        target_etag: etag.to_owned(),
        request_id: request_id(),
        ..Default::default()
    };
    let refused = desk.tickets().merge_tickets(onto(&seen.etag)).await.unwrap_err();
    let fault = Fault::from(&refused);
    assert_eq!((refused.code(), fault.reason), (Code::Aborted, Some(ErrorReason::EtagMismatch)));
    assert_eq!(fault.metadata.get("name"), Some(&seen.name));
    assert_eq!(fault.metadata.get("etag"), Some(&now.etag));
    assert_eq!(get(&desk, &part.name).await.unwrap().state(), v1::TicketState::New);
    desk.tickets().merge_tickets(onto(&now.etag)).await.unwrap();
}

#[tokio::test]
async fn a_target_shows_what_came_with_a_merged_ticket_marked_and_gives_it_back() {
    let server = Server::start();
    let desk = server.desk();
    let (part, target) = (create(&desk, "часть").await.unwrap(), create(&desk, "целое").await.unwrap());
    comment(&desk, &part.name, "было", v1::Visibility::Public).await.unwrap();
    let file = upload(&desk, &part.name, "журнал").await.unwrap().attachment.unwrap();
    let merged = merge(&desk, &part.name, &target.name).await.target.unwrap();
    assert_eq!((merged.comment_count, merged.attachment_count), (1, 1));
    let brought = &merged.merged_parts;
    assert_eq!((brought.len(), brought[0].ticket.as_str(), brought[0].comment_count), (1, part.name.as_str(), 1));
    let shown = comments(&desk, &target.name).await;
    assert_eq!((shown.len(), shown[0].body.as_str(), shown[0].from_ticket.as_str()), (1, "было", &*part.name));
    assert_eq!(comments(&desk, &part.name).await[0].from_ticket, "", "on itself it is its own");
    let listed = files(&desk, &target.name).await;
    assert_eq!((listed.len(), &listed[0].name, &listed[0].from_ticket), (1, &file.name, &part.name));
    assert!(listed[0].nearest);
    // By its own name, and as one of the target's.
    let revision = file.name.rsplit('/').next().unwrap();
    let as_targets = format!("{}/attachments/{revision}", target.name);
    let download = |name: &str| v1::DownloadAttachmentRequest { name: name.to_owned(), ..Default::default() };
    for name in [&file.name, &as_targets] {
        let mut stream = desk.attachments().download_attachment(download(name)).await.unwrap().into_inner();
        assert_eq!(stream.message().await.unwrap().unwrap().attachment.unwrap().name, file.name);
    }
    let request = v1::UnmergeTicketRequest { name: part.name.clone(), request_id: request_id(), ..Default::default() };
    desk.tickets().unmerge_ticket(request).await.unwrap();
    let after = get(&desk, &target.name).await.unwrap();
    assert_eq!((after.comment_count, after.attachment_count, after.merged_parts.len()), (0, 0, 0));
    assert!(comments(&desk, &target.name).await.is_empty() && files(&desk, &target.name).await.is_empty());
    let gone = desk.attachments().download_attachment(download(&as_targets)).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
    assert_eq!(files(&desk, &part.name).await.len(), 1);
}

#[tokio::test]
async fn a_customer_reaches_the_target_by_number_uid_and_batch_and_an_agent_is_told_its_number() {
    let server = Server::start();
    let desk = server.desk();
    let mut tickets = Vec::new();
    for subject in ["один", "два", "три"] {
        tickets.push(create(&desk, subject).await.unwrap());
    }
    merge(&desk, &tickets[0].name, &tickets[1].name).await;
    merge(&desk, &tickets[1].name, &tickets[2].name).await;
    let end = &tickets[2].name;
    for name in [tickets[0].name.clone(), format!("tickets/{}", tickets[0].uid)] {
        let answer = desk.tickets().add_comment(from_anna(&name, "ещё")).await.unwrap().into_inner();
        let written = answer.comment.unwrap();
        assert_eq!(&answer.ticket.unwrap().name, end);
        assert!(written.name.starts_with(&format!("{end}/comments/")), "{}", written.name);
        assert_eq!(written.from_ticket, tickets[0].name);
    }
    let change = v1::batch_change_request::Change::Comment(from_anna("", "пачкой"));
    let names = vec![tickets[1].name.clone()];
    let batch = v1::BatchChangeRequest { names, request_id: request_id(), change: Some(change), ..Default::default() };
    let result = desk.tickets().batch_change(batch).await.unwrap().into_inner().results.remove(0);
    let Some(v1::batch_result::Result::Ticket(ticket)) = result.result else { panic!("{result:?}") };
    assert_eq!((&ticket.name, ticket.comment_count), (end, 3));
    let refused = [
        comment(&desk, &tickets[0].name, "ответ", v1::Visibility::Public).await.unwrap_err(),
        comment(&desk, &tickets[0].name, "заметка", v1::Visibility::Internal).await.unwrap_err(),
        upload(&desk, &tickets[0].name, "журнал").await.unwrap_err(),
    ];
    for status in refused {
        let fault = Fault::from(&status);
        assert_eq!((status.code(), fault.reason), (Code::FailedPrecondition, Some(ErrorReason::TicketState)));
        assert_eq!(fault.metadata.get("merged_into"), Some(end), "{status:?}");
        assert!(status.message().contains(end.as_str()), "{}", status.message());
    }
}

#[tokio::test]
async fn a_batch_of_names_that_lead_to_one_ticket_writes_a_customers_message_once() {
    let server = Server::start();
    let desk = server.desk();
    let mut tickets = Vec::new();
    for subject in ["один", "два", "три", "сам по себе"] {
        tickets.push(create(&desk, subject).await.unwrap());
    }
    merge(&desk, &tickets[0].name, &tickets[1].name).await;
    merge(&desk, &tickets[1].name, &tickets[2].name).await;
    let names: Vec<String> = tickets.iter().map(|ticket| ticket.name.clone()).collect();
    let batch = async |names: Vec<String>, etags: &[(&String, &str)]| {
        let change = v1::batch_change_request::Change::Comment(from_anna("", "пачкой"));
        let etags = etags.iter().map(|(name, etag)| ((*name).clone(), (*etag).to_owned())).collect();
        let request = v1::BatchChangeRequest { names, etags, request_id: request_id(), change: Some(change) };
        let first = desk.tickets().batch_change(request.clone()).await.unwrap().into_inner();
        let again = desk.tickets().batch_change(request).await.unwrap().into_inner();
        assert_eq!(first, again);
        let told = |result: v1::BatchResult| match result.result {
            Some(v1::batch_result::Result::Ticket(ticket)) => Some(ticket.name),
            _ => None,
        };
        first.results.into_iter().map(told).collect::<Vec<_>>()
    };
    let bodies = async |name: &String| comments(&desk, name).await.len();
    let (end, other) = (&names[2], &names[3]);
    let at = |name: &String| Some(name.clone());
    assert_eq!(batch(names.clone(), &[]).await, [at(end), at(end), at(end), at(other)]);
    assert_eq!((bodies(end).await, bodies(other).await), (1, 1));
    // A stale etag refuses its name alone.
    let told = batch(vec![names[0].clone(), names[1].clone()], &[(&names[0], "\"stale\"")]).await;
    assert_eq!((told, bodies(end).await), (vec![None, at(end)], 2));
    // Of a closed one there is one new ticket.
    for state in [v1::TicketState::Resolved, v1::TicketState::Closed] {
        let (name, state) = (end.clone(), state.into());
        let request = v1::TransitionTicketRequest { name, state, request_id: request_id(), ..Default::default() };
        desk.tickets().transition_ticket(request).await.unwrap();
    }
    let told = batch(names[..3].to_vec(), &[]).await;
    let follower = "tickets/5".to_owned();
    assert_eq!(told, [at(&follower), at(&follower), at(&follower)]);
    assert_eq!((bodies(&follower).await, bodies(end).await), (1, 2));
    assert_eq!(get(&desk, "tickets/6").await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn many_tickets_of_one_kind_suggest_more_until_an_agent_decided() {
    let server = Server::start();
    let desk = server.desk();
    for id in ["acme", "beta", "gamma"] {
        let organisation = v1::Organisation { display_name: id.into(), time_zone: "UTC".into(), ..Default::default() };
        let request = v1::CreateOrganisationRequest {
            organisation_id: id.into(),
            organisation: Some(organisation),
            request_id: request_id(),
        };
        desk.directory().create_organisation(request).await.unwrap();
    }
    let suggested = || async {
        let request = v1::ListSuggestionsRequest {};
        desk.reports().list_suggestions(request).await.unwrap().into_inner()
    };
    let mut names = Vec::new();
    for id in ["acme", "acme", "acme", "beta", "gamma"] {
        let mut request = new_ticket("не поступают звонки");
        request.ticket.as_mut().unwrap().organisation = format!("organisations/{id}");
        names.push(desk.tickets().create_ticket(request).await.unwrap().into_inner().ticket.unwrap().name);
    }
    let told = suggested().await;
    assert_eq!((told.total_size, told.suggestions.len(), told.revision > 0), (2, 2, true));
    let (incident, several) = (&told.suggestions[0], &told.suggestions[1]);
    assert_eq!((incident.kind(), incident.impact()), (v1::SuggestionKind::Incident, v1::Impact::ServiceIntermittent));
    assert_eq!(incident.organisations, ["organisations/acme", "organisations/beta", "organisations/gamma"]);
    assert_eq!((&incident.tickets, incident.ticket_count, incident.organisation_count), (&names, 5, 3));
    assert_eq!(several.kind(), v1::SuggestionKind::SeveralWorkstations);
    assert_eq!((several.category(), several.tickets.as_slice()), (v1::Category::ChannelFailure, &names[..3]));
    assert_eq!(several.window.unwrap().seconds, 30 * 60);
    assert_eq!(several.since_time, get(&desk, &names[0]).await.unwrap().create_time);
    for name in &names[..4] {
        let request = v1::LinkTicketsRequest {
            name: name.clone(),
            target: names[4].clone(),
            kind: v1::LinkKind::ChildOfIncident.into(),
            request_id: request_id(),
            ..Default::default()
        };
        desk.tickets().link_tickets(request).await.unwrap();
    }
    assert_eq!(suggested().await.suggestions, []);
}
