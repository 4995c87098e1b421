//! What comes of a change that is tried several times.

use std::sync::Mutex;

use tonic_types::{ErrorDetails, StatusExt as _};

use super::*;

fn refused(code: Code, reason: ErrorReason) -> Status {
    let details = ErrorDetails::with_error_info(reason.word(), crate::error::DOMAIN, [(String::new(), String::new())]);
    Status::with_error_details(code, "no", details)
}

fn unsent() -> Status {
    Status::from_error(Box::new(tonic::ConnectError("refused".into())))
}

fn cut() -> Status {
    Status::unknown("transport error")
}

/// What a change comes to whose tries, of two at most, come to these; and how many there were.
async fn comes_to(tries: Vec<Status>) -> (Unanswered, usize) {
    let desk = Desk::new(&ClientOptions { retries: 1, ..ClientOptions::default() }).unwrap();
    let mut tries = tries.into_iter();
    let mut count = 0;
    let result: Result<(), _> = desk
        .change(|_| {
            count += 1;
            std::future::ready(Err(tries.next().unwrap()))
        })
        .await;
    (result.unwrap_err(), count)
}

#[tokio::test]
async fn a_change_may_have_been_made_where_an_answer_was_lost_and_no_later_one_says_otherwise() {
    let late = || Status::cancelled("Timeout expired");
    let overloaded = || refused(Code::ResourceExhausted, ErrorReason::Overloaded);
    let stale = || refused(Code::Aborted, ErrorReason::EtagMismatch);
    for (tries, may_be_made) in [
        (vec![cut(), cut()], true),
        (vec![late(), late()], true),
        (vec![cut(), unsent()], true),
        (vec![cut(), overloaded()], true),
        (vec![cut(), stale()], false),
        // Such a desk may not have looked.
        (vec![cut(), refused(Code::ResourceExhausted, ErrorReason::DiskFull)], true),
        (vec![cut(), refused(Code::Internal, ErrorReason::Internal)], true),
        (vec![stale()], false),
        (vec![unsent(), unsent()], false),
        (vec![overloaded(), overloaded()], false),
        (vec![unsent(), cut()], true),
    ] {
        let (shown, wanted) = (format!("{tries:?}"), tries.len());
        let (unanswered, count) = comes_to(tries).await;
        assert_eq!((unanswered.may_be_made, count), (may_be_made, wanted), "{shown}");
    }
}

#[tokio::test]
async fn a_change_that_is_not_answered_takes_no_more_than_the_time_of_a_call() {
    let total = Duration::from_millis(400);
    let desk = Desk::new(&ClientOptions { deadline: Some(total), ..ClientOptions::default() }).unwrap();
    let given = Mutex::new(Vec::new());
    let result: Result<(), _> = desk
        .change(|desk| {
            let time = desk.stamp.deadline.unwrap();
            given.lock().unwrap().push(time);
            async move {
                tokio::time::sleep(time).await;
                Err(Status::cancelled("Timeout expired"))
            }
        })
        .await;
    assert!(result.unwrap_err().may_be_made);
    let given = given.into_inner().unwrap();
    assert!(given.first().unwrap() <= &(total / 2), "time is left for asking again: {given:?}");
    assert!(given.len() <= 2 && given.iter().sum::<Duration>() <= total, "{given:?}");
}

#[tokio::test]
async fn a_read_that_is_late_is_not_asked_for_again_and_has_all_the_time() {
    let desk = Desk::new(&ClientOptions::default()).unwrap();
    let mut given = Vec::new();
    let result: Result<(), _> = desk
        .call(|desk| {
            given.push(desk.stamp.deadline);
            std::future::ready(Err(Status::cancelled("Timeout expired")))
        })
        .await;
    assert_eq!((result.unwrap_err().code(), given), (Code::Cancelled, vec![ClientOptions::default().deadline]));
}
