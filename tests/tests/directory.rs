//! Organisations, contacts, agents, saved views, snippets: created, edited by mask, listed in pages, kept.

use opora_proto::client::request_id;
use opora_proto::error::ErrorReason;
use opora_proto::v1;
use opora_tests::{Server, new_ticket, reason, violated};
use prost_types::FieldMask;
use tonic::Code;

fn organisation(id: &str) -> v1::CreateOrganisationRequest {
    v1::CreateOrganisationRequest {
        organisation_id: id.to_owned(),
        organisation: Some(v1::Organisation {
            display_name: format!("Контакт-центр {id}"),
            time_zone: "Europe/Moscow".into(),
            platform: v1::Platform::V5.into(),
            ..Default::default()
        }),
        request_id: request_id(),
    }
}

#[tokio::test]
async fn an_entry_is_created_edited_by_mask_and_survives_a_crash() {
    let mut server = Server::start();
    let directory = server.desk().directory();
    let made = directory.clone().create_organisation(organisation("acme")).await.unwrap().into_inner();
    let made = made.organisation.unwrap();
    assert_eq!((made.name.as_str(), made.language.as_str()), ("organisations/acme", "ru"));
    let taken = directory.clone().create_organisation(organisation("acme")).await.unwrap_err();
    assert_eq!((taken.code(), reason(&taken)), (Code::AlreadyExists, Some(ErrorReason::IdTaken)));
    let edit = |etag: &str, path: &str| v1::UpdateOrganisationRequest {
        organisation: Some(v1::Organisation {
            name: "organisations/acme".into(),
            display_name: "Акме".into(),
            ..Default::default()
        }),
        update_mask: Some(FieldMask { paths: vec![path.to_owned()] }),
        etag: etag.to_owned(),
        request_id: request_id(),
    };
    let edited = directory.clone().update_organisation(edit(&made.etag, "display_name")).await.unwrap().into_inner();
    let edited = edited.organisation.unwrap();
    assert_eq!((edited.display_name.as_str(), edited.time_zone.as_str()), ("Акме", "Europe/Moscow"));
    let stale = directory.clone().update_organisation(edit(&made.etag, "display_name")).await.unwrap_err();
    assert_eq!((stale.code(), reason(&stale)), (Code::Aborted, Some(ErrorReason::EtagMismatch)));
    let unknown = directory.clone().update_organisation(edit("", "name")).await.unwrap_err();
    assert_eq!(violated(&unknown), ["update_mask"]);
    server.kill();
    server.restart();
    let request = v1::GetOrganisationRequest { name: "organisations/acme".into() };
    let kept = server.desk().directory().get_organisation(request).await.unwrap().into_inner().organisation.unwrap();
    assert_eq!(kept, edited);
}

#[tokio::test]
async fn lists_come_in_pages_in_order_of_ids() {
    let server = Server::start();
    let directory = server.desk().directory();
    for n in (0..7).rev() {
        directory.clone().create_organisation(organisation(&format!("org-{n}"))).await.unwrap();
    }
    let (mut names, mut token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListOrganisationsRequest { page_size: 3, page_token: token, ..Default::default() };
        let page = directory.clone().list_organisations(request).await.unwrap().into_inner();
        assert!(page.organisations.len() <= 3);
        names.extend(page.organisations.into_iter().map(|o| o.name));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let expected: Vec<String> = (0..7).map(|n| format!("organisations/org-{n}")).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn who_is_named_has_to_be_there() {
    let server = Server::start();
    let contact = v1::CreateContactRequest {
        contact_id: "anna".into(),
        contact: Some(v1::Contact {
            display_name: "Анна Р.".into(),
            email: "anna@example.com".into(),
            organisation: "organisations/nobody".into(),
            ..Default::default()
        }),
        request_id: request_id(),
    };
    let status = server.desk().directory().create_contact(contact).await.unwrap_err();
    assert_eq!((status.code(), reason(&status)), (Code::NotFound, Some(ErrorReason::ResourceNotFound)));
    let mut request = new_ticket("чужая");
    request.ticket.as_mut().unwrap().organisation = "organisations/nobody".into();
    let status = server.desk().tickets().create_ticket(request).await.unwrap_err();
    assert_eq!((status.code(), reason(&status)), (Code::NotFound, Some(ErrorReason::ResourceNotFound)));
}

#[tokio::test]
async fn every_wrong_field_of_an_entry_is_named() {
    let server = Server::start();
    let directory = server.desk().directory();
    let mut request = organisation("Bad Id");
    let entry = request.organisation.as_mut().unwrap();
    (entry.time_zone, entry.language, entry.platform) = ("Mars/Olympus".into(), "fr".into(), 77);
    entry.display_name.clear();
    let mut named = violated(&directory.clone().create_organisation(request).await.unwrap_err());
    named.sort();
    assert_eq!(
        named,
        [
            "organisation.display_name",
            "organisation.language",
            "organisation.platform",
            "organisation.time_zone",
            "organisation_id"
        ]
    );
    let view = v1::CreateSavedViewRequest {
        saved_view_id: "burning".into(),
        saved_view: Some(v1::SavedView {
            display_name: "Горящие".into(),
            filter: "state =".into(),
            order_by: "colour".into(),
            ..Default::default()
        }),
        request_id: request_id(),
    };
    let status = directory.clone().create_saved_view(view).await.unwrap_err();
    assert_eq!(violated(&status), ["saved_view.filter", "saved_view.order_by"]);
}
