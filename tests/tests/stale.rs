//! Policies and the directory: who saw an older version is told, and what changes nothing makes no new one.

use opora_proto::client::request_id;
use opora_proto::error::{ErrorReason, Fault};
use opora_proto::v1;
use opora_tests::{Server, reason};
use tonic::Code;

#[tokio::test]
async fn of_two_who_apply_a_policy_the_second_is_told_and_the_same_one_makes_no_new_version() {
    let server = Server::start();
    let desk = server.desk();
    let request = v1::GetPolicyRequest { name: "policies/default".into() };
    let seen = desk.sla().get_policy(request.clone()).await.unwrap().into_inner().policy.unwrap();
    let apply = |target: &str, etag: &str, dry_run: bool| {
        let mut policy = seen.clone();
        policy.cells.iter_mut().for_each(|cell| target.clone_into(&mut cell.first_response));
        let (policy, etag) = (Some(policy), etag.to_owned());
        v1::ApplyPolicyRequest { policy, dry_run, request_id: request_id(), reason: "договор".into(), etag }
    };
    let done = desk.sla().apply_policy(apply("2 h", &seen.etag, false)).await.unwrap().into_inner();
    let newest = done.policy.unwrap();
    assert!(newest.version == 2 && newest.etag != seen.etag);
    for dry_run in [false, true] {
        let stale = desk.sla().apply_policy(apply("3 h", &seen.etag, dry_run)).await.unwrap_err();
        assert_eq!((stale.code(), reason(&stale)), (Code::Aborted, Some(ErrorReason::EtagMismatch)));
        assert_eq!(Fault::from(&stale).metadata.get("etag"), Some(&newest.etag));
        for etag in ["", &newest.etag] {
            let same = desk.sla().apply_policy(apply("2 h", etag, dry_run)).await.unwrap_err();
            assert_eq!((same.code(), reason(&same)), (Code::FailedPrecondition, Some(ErrorReason::NoChange)));
        }
    }
    assert_eq!(desk.sla().get_policy(request).await.unwrap().into_inner().policy.unwrap(), newest);
}

#[tokio::test]
async fn an_edit_of_the_directory_that_changes_nothing_is_refused() {
    let server = Server::start();
    let directory = server.desk().directory();
    let organisation =
        v1::Organisation { display_name: "Акме".into(), time_zone: "UTC".into(), ..Default::default() };
    let request = v1::CreateOrganisationRequest {
        organisation_id: "acme".into(),
        organisation: Some(organisation.clone()),
        request_id: request_id(),
    };
    let made = directory.clone().create_organisation(request).await.unwrap().into_inner().organisation.unwrap();
    let same = v1::UpdateOrganisationRequest {
        organisation: Some(v1::Organisation { name: made.name.clone(), ..organisation }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["display_name".to_owned()] }),
        request_id: request_id(),
        ..Default::default()
    };
    let refused = directory.clone().update_organisation(same).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused)), (Code::FailedPrecondition, Some(ErrorReason::NoChange)));
    let request = v1::GetOrganisationRequest { name: made.name.clone() };
    let kept = directory.clone().get_organisation(request).await.unwrap().into_inner().organisation.unwrap();
    assert_eq!(kept.etag, made.etag);
}
