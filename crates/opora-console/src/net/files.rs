//! Files of tickets: sent, listed, fetched. What is on its way is told as it goes, as far as the inbox has room.

use std::path::{Path, PathBuf};

use opora_proto::client::Desk;
use opora_proto::files::{self, Measured, TransferError};
use opora_proto::save::{Existing, Saving};
use opora_proto::v1;
use tokio::sync::mpsc;

use crate::msg::{Done, Msg, Net, Trouble};

/// The kind of a file that says nothing of itself.
const OCTETS: &str = "application/octet-stream";
/// The most files of a ticket that are listed.
const PAGE: i32 = 1000;

/// Sends a file of this machine to a ticket.
pub(super) async fn attach(desk: &Desk, inbox: &mpsc::Sender<Msg>, number: u64, path: &str) -> Result<Done, Trouble> {
    let file = Measured::of(path.into()).await.map_err(trouble)?;
    let (name, size, told) = (file.name.clone(), file.size, inbox.clone());
    let progress = move |done| {
        // Only a view: where the inbox is full the next one comes soon.
        let _ = told.try_send(Msg::Net(Net::Progress { name: name.clone(), done, size }));
    };
    let answer = files::upload(desk, &format!("tickets/{number}"), &file, OCTETS, progress).await.map_err(trouble)?;
    Ok(Done { number, revision: answer.revision, whom: file.name, ..Done::default() })
}

/// The files of a ticket, oldest first.
pub(super) async fn list(desk: &Desk, number: u64) -> Result<Vec<v1::Attachment>, Trouble> {
    let request =
        v1::ListAttachmentsRequest { name: format!("tickets/{number}"), page_size: PAGE, ..Default::default() };
    let answer = desk.call(|desk| {
        let request = request.clone();
        async move { desk.attachments().list_attachments(request).await }
    });
    answer.await.map(|answer| answer.attachments).map_err(|status| Trouble::from(&status))
}

/// Fetches a file to a place on this machine; gives where it is.
pub(super) async fn fetch(desk: &Desk, inbox: &mpsc::Sender<Msg>, name: &str, to: &str) -> Result<String, Trouble> {
    let shown = Path::new(to).file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let progress = |file: &v1::Attachment, done| {
        let _ = inbox.try_send(Msg::Net(Net::Progress { name: shown.clone(), done, size: file.size }));
    };
    let at = PathBuf::from(to);
    let place =
        move |_: &v1::Attachment| Saving::begin(&at, Existing::Keep).map_err(|cause| TransferError::saving(&at, cause));
    files::download(desk, name, place, progress).await.map_err(trouble)?;
    Ok(to.to_owned())
}

fn trouble(error: TransferError) -> Trouble {
    match error {
        TransferError::Call(status) | TransferError::Lost(status) => Trouble::from(&*status),
        other => Trouble { message: other.to_string(), technical: format!("{other:?}"), ..Trouble::default() },
    }
}
