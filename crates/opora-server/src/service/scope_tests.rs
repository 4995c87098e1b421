//! Who may see one organisation is told nothing of another one's, by whatever is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt as _;
use opora_core::command::Change;
use opora_core::model::{Actor, Attachment, LogKind, OrganisationId};
use opora_proto::v1::attachment_service_server::AttachmentService as _;
use opora_proto::v1::directory_service_server::DirectoryService as _;
use opora_proto::v1::presence_service_server::PresenceService as _;
use opora_proto::v1::report_service_server::ReportService as _;
use opora_proto::v1::sla_service_server::SlaService as _;

use opora_proto::v1::{self, admin_service_server::AdminService as _};
use opora_store::{BlobOptions, Embedded, EmbeddedOptions};
use prost::Message as _;
use tonic::{Code, Request, Status};

use super::wire::generated::ticket_service_server::TicketService as _;
use super::*;
use crate::call::Call;
use crate::desk::DeskOptions;
use crate::engine::{Action, Submission};
use crate::method::Method;
use crate::scope::Scope;
use crate::size::FILE;

/// Stands in every text of the other organisation, and in none of the own one's.
const OTHERS: &str = "Иволга";
const OWN: &str = "Сойка";

fn request<T>(method: &str, scope: &Scope, message: T) -> Request<T> {
    let method = Method::all().find(|known| known.is_of_contract() && known.name == method).unwrap();
    let mut request = Request::new(message);
    request.extensions_mut().insert(Call { method, ..Call::own().within(scope.clone()) });
    request
}

/// What is told, by the method's name: the bytes of all answers.
type Told = BTreeMap<&'static str, Vec<u8>>;

struct Asker<'a> {
    service: &'a Service,
    scope: Scope,
    told: Told,
}

macro_rules! ask {
    ($asker:ident, $name:literal $method:ident $($message:tt)+) => {
        let answer = $asker.service.$method(request($name, &$asker.scope, v1::$($message)+)).await;
        $asker.took($name, answer.map(|answer| answer.into_inner().encode_to_vec()));
    };
}
macro_rules! listen {
    ($asker:ident, $name:literal $method:ident $($message:tt)+) => {
        listen!($asker, |message| message.encode_to_vec(), $name $method $($message)+)
    };
    ($asker:ident, $encoded:expr, $name:literal $method:ident $($message:tt)+) => {
        let answer = $asker.service.$method(request($name, &$asker.scope, v1::$($message)+)).await;
        match answer {
            Err(status) => $asker.took($name, Err(status)),
            Ok(stream) => {
                let mut stream = stream.into_inner();
                // What there is comes at once; a stream that lasts is left when it is quiet.
                while let Ok(Some(message)) = tokio::time::timeout(Duration::from_millis(300), stream.next()).await {
                    $asker.took($name, message.map($encoded));
                }
            }
        }
    };
}

impl Asker<'_> {
    fn took(&mut self, name: &'static str, answer: Result<Vec<u8>, Status>) {
        let told = self.told.entry(name).or_default();
        match answer {
            Ok(bytes) => told.extend(bytes),
            // Of the file nothing is kept here but its name.
            Err(status) if matches!(status.code(), Code::NotFound | Code::PermissionDenied | Code::DataLoss) => {}
            Err(status) => panic!("{name}: {status:?}"),
        }
    }
}

/// Asks everything that there is to ask.
async fn ask_all(service: &Service, scope: Scope) -> Told {
    let mut asker = Asker { service, scope, told: Told::new() };
    for ticket in 1..=service.desk().position().tickets {
        let name = format!("tickets/{ticket}");
        ask!(asker, "GetTicket" get_ticket GetTicketRequest { name: name.clone(), view: 0 });
        ask!(asker, "ListComments" list_comments ListCommentsRequest { name: name.clone(), ..Default::default() });
        ask!(asker, "ListEvents" list_events ListEventsRequest { name: name.clone(), ..Default::default() });
        ask!(asker, "ListAttachments" list_attachments ListAttachmentsRequest { name: name.clone(), ..Default::default() });
        ask!(asker, "ExplainTicket" explain_ticket ExplainTicketRequest { name: name.clone() });
        ask!(asker, "PreviewPriority" preview_priority PreviewPriorityRequest { name: name.clone(), ..Default::default() });
        for revision in 1..=service.desk().revision().0 {
            let name = format!("{name}/attachments/{revision}");
            listen!(asker, "DownloadAttachment" download_attachment DownloadAttachmentRequest { name, ..Default::default() });
        }
    }
    for filter in ["", "organisation = others", OTHERS, "NOT state = CLOSED OR state = CLOSED"] {
        for view in [v1::TicketView::Basic, v1::TicketView::Full] {
            let wanted = v1::ListTicketsRequest {
                filter: filter.into(),
                view: view.into(),
                include_total: true,
                ..Default::default()
            };
            let answer = service.list_tickets(request("ListTickets", &asker.scope, wanted)).await;
            let encoded = answer.map(|answer| {
                let mut bytes = Vec::new();
                answer.into_inner().encode(&mut bytes).unwrap();
                bytes
            });
            asker.took("ListTickets", encoded);
        }
    }
    ask!(asker, "GetQueueSummary" get_queue_summary GetQueueSummaryRequest::default());
    ask!(asker, "ListSuggestions" list_suggestions ListSuggestionsRequest::default());
    for organisation in ["organisations/own", "organisations/others"] {
        let name = organisation.to_owned();
        ask!(asker, "GetOrganisation" get_organisation GetOrganisationRequest { name: name.clone() });
        ask!(asker, "ListContacts" list_contacts ListContactsRequest { organisation: name.clone(), ..Default::default() });
        ask!(asker, "PreviewPriority" preview_priority PreviewPriorityRequest { organisation: name, ..Default::default() });
    }
    ask!(asker, "ListOrganisations" list_organisations ListOrganisationsRequest::default());
    ask!(asker, "ListContacts" list_contacts ListContactsRequest::default());
    ask!(asker, "ListAgents" list_agents ListAgentsRequest::default());
    ask!(asker, "ListSavedViews" list_saved_views ListSavedViewsRequest::default());
    ask!(asker, "ListSnippets" list_snippets ListSnippetsRequest::default());
    for id in ["own", "others"] {
        ask!(asker, "GetContact" get_contact GetContactRequest { name: format!("contacts/{id}") });
        ask!(asker, "GetAgent" get_agent GetAgentRequest { name: format!("agents/{id}") });
        ask!(asker, "GetSavedView" get_saved_view GetSavedViewRequest { name: format!("savedViews/{id}") });
        ask!(asker, "GetSnippet" get_snippet GetSnippetRequest { name: format!("snippets/{id}") });
    }
    ask!(asker, "GetPolicy" get_policy GetPolicyRequest { name: "policies/default".into() });
    ask!(asker, "GetServerInfo" get_server_info GetServerInfoRequest::default());
    let id = uuid::Uuid::from_u128(7).to_string();
    ask!(asker, "GetUploadStatus" get_upload_status GetUploadStatusRequest { upload_id: id.clone() });
    listen!(asker, "WatchPresence" watch_presence WatchPresenceRequest { session_id: id });
    for (view, from_revision, include_current) in
        [(v1::TicketView::Basic, 1, false), (v1::TicketView::Full, 1, false), (v1::TicketView::Full, 0, true)]
    {
        let view = view.into();
        listen!(asker, |message| message.to_vec(), "WatchTickets" watch_tickets WatchTicketsRequest { view, from_revision, include_current, ..Default::default() });
    }
    asker.told
}

fn service(dir: &std::path::Path) -> Service {
    let store = Arc::new(Embedded::open(EmbeddedOptions::new(dir)).unwrap());
    let files =
        Arc::new(opora_store::Blobs::open(dir, BlobOptions { reserve: 0, staging: 1 << 30, largest: FILE }).unwrap());
    let desk = Desk::open(store, DeskOptions::new(dir.to_owned())).unwrap();
    Service::new(Parts {
        tokens: Tokens::new(&[7; 32], desk.store_uid()),
        importing_allowed: false,
        started: desk.now(),
        watches: Arc::new(Semaphore::new(100)),
        max_watches: 100,
        filters: Cache::new(FILTERS),
        presences: Presences::new(100),
        stopping: CancellationToken::new(),
        warnings: Warnings::default(),
        desk,
        files,
    })
}

async fn comment(service: &Service, ticket: u64, body: &str) {
    let body = format!("{body} пишет");
    let asked = v1::AddCommentRequest { name: format!("tickets/{ticket}"), body, visibility: 1, ..Default::default() };
    service.add_comment(request("AddComment", &Scope::Everything, asked)).await.unwrap();
}

/// Two organisations with a ticket each, and one that was merged into the other's.
async fn fill(service: &Service) {
    let all = &Scope::Everything;
    for (id, word) in [("own", OWN), ("others", OTHERS)] {
        let entry = v1::Organisation { display_name: word.into(), time_zone: "UTC".into(), ..Default::default() };
        let asked = v1::CreateOrganisationRequest {
            organisation_id: id.into(),
            organisation: Some(entry),
            ..Default::default()
        };
        service.create_organisation(request("CreateOrganisation", all, asked)).await.unwrap();
        let organisation = format!("organisations/{id}");
        let email = format!("{id}@example.com");
        let entry =
            v1::Contact { display_name: word.into(), email, organisation: organisation.clone(), ..Default::default() };
        let asked = v1::CreateContactRequest { contact_id: id.into(), contact: Some(entry), ..Default::default() };
        service.create_contact(request("CreateContact", all, asked)).await.unwrap();
    }
    for (id, display_name) in [("own", OWN), ("others", OTHERS)] {
        let display_name = display_name.to_owned();
        let entry = v1::SavedView { display_name: display_name.clone(), ..Default::default() };
        let asked =
            v1::CreateSavedViewRequest { saved_view_id: id.into(), saved_view: Some(entry), ..Default::default() };
        service.create_saved_view(request("CreateSavedView", all, asked)).await.unwrap();
        let entry = v1::Snippet {
            display_name,
            body: "слово".into(),
            language: "ru".into(),
            visibility: 1,
            ..Default::default()
        };
        let asked = v1::CreateSnippetRequest { snippet_id: id.into(), snippet: Some(entry), ..Default::default() };
        service.create_snippet(request("CreateSnippet", all, asked)).await.unwrap();
    }
    for (id, word, tagged) in
        [("own", OWN, true), ("others", OTHERS, true), ("others", OTHERS, false), ("own", OWN, true)]
    {
        let ticket = v1::Ticket {
            subject: format!("{word} не слышна"),
            description: format!("{word} молчит"),
            organisation: format!("organisations/{id}"),
            reporter: Some(v1::Reporter { display_name: word.into(), email: format!("{id}@example.com") }),
            impact: v1::Impact::ServiceDown.into(),
            category: v1::Category::ChannelFailure.into(),
            // Tags that a merge brings along are those of the target: it is found by them.
            tags: if tagged { vec![word.into()] } else { Vec::new() },
            ..Default::default()
        };
        let asked = v1::CreateTicketRequest { ticket: Some(ticket), ..Default::default() };
        service.create_ticket(request("CreateTicket", all, asked)).await.unwrap();
    }
    for (ticket, word) in [(1, OWN), (2, OTHERS), (3, OTHERS)] {
        comment(service, ticket, word).await;
        let file = Attachment {
            file_name: format!("{word}.log").into(),
            content_type: "text/plain".into(),
            size: 1,
            hash: [1; 32],
            log_kind: LogKind::Other,
            platform: None,
            log_start_time: None,
            modify_time: None,
            from: None,
        };
        let action = Action::Change {
            ticket: TicketRef::Number(TicketNumber(ticket)),
            etag: None,
            change: Change::Attach(file),
        };
        let submission = Submission { actor: Actor::SYSTEM, request: None, import_time: None, action };
        service.desk().submit(submission).await.unwrap();
    }
    let asked = v1::MergeTicketsRequest { name: "tickets/3".into(), target: "tickets/1".into(), ..Default::default() };
    service.merge_tickets(request("MergeTickets", all, asked)).await.unwrap();
    // One that becomes the other organisation's, with a word of theirs.
    let ticket = v1::Ticket {
        name: "tickets/4".into(),
        organisation: "organisations/others".into(),
        subject: OTHERS.into(),
        ..Default::default()
    };
    let update_mask = Some(prost_types::FieldMask { paths: vec!["organisation".into(), "subject".into()] });
    let asked = v1::UpdateTicketRequest { ticket: Some(ticket), update_mask, ..Default::default() };
    service.update_ticket(request("UpdateTicket", all, asked)).await.unwrap();
    let revision = service.desk().revision();
    assert!(service.desk().searchable(revision, Duration::from_mins(1)).await);
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_see_one_organisation_is_told_nothing_of_another_ones() {
    let dir = tempfile::tempdir().unwrap();
    let service = service(dir.path());
    fill(&service).await;

    let everything = ask_all(&service, Scope::Everything).await;
    let reads: BTreeSet<&str> =
        Method::all().filter(|m| m.is_of_contract() && !m.changes).map(|method| method.name.as_str()).collect();
    assert_eq!(everything.keys().copied().collect::<BTreeSet<_>>(), reads, "every read is asked");
    let tell: Vec<_> = everything.iter().filter(|(_, told)| holds(told, OTHERS)).map(|(name, _)| *name).collect();
    assert!(tell.len() >= 13, "without a scope it would have been told: {tell:?}");

    let own = Scope::Organisation(OrganisationId::new("own").unwrap());
    let within = ask_all(&service, own).await;
    for (name, told) in &within {
        assert!(!holds(told, OTHERS), "{name} tells of another one");
        let has_own = holds(&everything[name], OWN)
            && !matches!(*name, "GetSavedView" | "ListSavedViews" | "GetSnippet" | "ListSnippets");
        assert_eq!(holds(told, OWN), has_own, "{name}");
    }
    let summary = v1::GetQueueSummaryResponse::decode(within["GetQueueSummary"].as_slice()).unwrap();
    assert_eq!(summary.open_count, 1);
    service.desk().stop().await.unwrap();
}

/// Tells a wide watcher of the own tickets and one within the scope of a ticket that becomes the other organisation's, and
/// who of them is told a word of theirs; one reads before the other.
async fn told_of_a_ticket_that_leaves(service: &Service, narrow_first: bool) -> [bool; 2] {
    let own = Scope::Organisation(OrganisationId::new("own").unwrap());
    let all = v1::WatchTicketsRequest { filter: "organisation = own".into(), ..Default::default() };
    let wide = service.watch_tickets(request("WatchTickets", &Scope::Everything, all)).await.unwrap().into_inner();
    let narrow = service.watch_tickets(request("WatchTickets", &own, v1::WatchTicketsRequest::default())).await;
    let mut streams = [wide, narrow.unwrap().into_inner()];
    for stream in &mut streams {
        stream.next().await.unwrap().unwrap();
    }
    let ticket = v1::Ticket { subject: OWN.into(), organisation: "organisations/own".into(), ..Default::default() };
    let asked = v1::CreateTicketRequest { ticket: Some(ticket), ..Default::default() };
    let made = service.create_ticket(request("CreateTicket", &Scope::Everything, asked)).await.unwrap().into_inner();
    let ticket = v1::Ticket {
        name: made.ticket.unwrap().name,
        organisation: "organisations/others".into(),
        subject: OTHERS.into(),
        ..Default::default()
    };
    let update_mask = Some(prost_types::FieldMask { paths: vec!["organisation".into(), "subject".into()] });
    let asked = v1::UpdateTicketRequest { ticket: Some(ticket), update_mask, ..Default::default() };
    let moved = service.update_ticket(request("UpdateTicket", &Scope::Everything, asked)).await.unwrap().into_inner();
    let mut told = [false; 2];
    for which in if narrow_first { [1, 0] } else { [0, 1] } {
        loop {
            let bytes = streams[which].next().await.unwrap().unwrap();
            let message = v1::WatchTicketsResponse::decode(bytes).unwrap();
            told[which] |= holds(&message.encode_to_vec(), OTHERS);
            if message.revision == moved.revision {
                assert!(message.events.iter().all(|event| event.left_view), "{message:?}");
                break;
            }
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_to_many_at_once_is_shared_by_those_alone_who_may_see_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let service = service(dir.path());
    fill(&service).await;
    for narrow_first in [false, true] {
        assert_eq!(told_of_a_ticket_that_leaves(&service, narrow_first).await, [true, false], "{narrow_first}");
    }
    service.desk().stop().await.unwrap();
}
