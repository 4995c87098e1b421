//! Sending files, with a bar. How a file is sent is the contract crate's business.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use opora_proto::client::{Unanswered, is_lost};
use opora_proto::files::{self, Measured, TransferError};
use opora_proto::save::SaveError;
use opora_proto::v1;

use crate::cli::work::AttachArgs;
use crate::command::download;
use crate::context::{Context, call};
use crate::failure::{Exit, Failure};
use crate::output::short;
use crate::text::Text;

/// Runs `opora attach`.
pub(crate) async fn run(context: &Context, args: AttachArgs) -> Result<(), Failure> {
    if !args.download.is_empty() {
        return download::download(context, args).await;
    }
    let ticket = args.ticket.unwrap_or_default();
    if args.list {
        return list(context, ticket).await;
    }
    // What can't be read is told before anything is sent.
    let mut files = Vec::with_capacity(args.files.len());
    for path in args.files {
        files.push(Measured::of(path).await.map_err(|error| failed(context, error))?);
    }
    // An upload that the desk has is not sent again.
    context.repeatable();
    for (done, file) in files.iter().enumerate() {
        let response = upload(context, &ticket, file, &args.content_type).await;
        let response = response.map_err(|failure| after(context, failure, files.split_at(done)))?;
        context.out.one(&response, || {
            let attachment = response.attachment.clone().unwrap_or_default();
            let kind = context.out.text.word(attachment.log_kind().as_str_name());
            let arguments =
                [("file", (&attachment.file_name).into()), ("ticket", short(&ticket).into()), ("kind", (&kind).into())];
            context.out.say("done-attached", &arguments)
        })?;
    }
    Ok(())
}

/// A failure with the files that were attached before it and those that were not.
fn after(context: &Context, failure: Failure, (sent, rest): (&[Measured], &[Measured])) -> Failure {
    if sent.is_empty() {
        return failure;
    }
    let names = |files: &[Measured]| {
        let names: Vec<_> = files.iter().map(|file| crate::sanitise::line(&file.name)).collect();
        names.join(", ")
    };
    let arguments = [("sent", names(sent).into()), ("rest", names(rest).into())];
    failure.after(context.out.text.with("attach-part", &arguments))
}

async fn list(context: &Context, ticket: String) -> Result<(), Failure> {
    let out = &context.out;
    let response = listed(context, ticket).await?;
    out.list(&response, &response.attachments, || out.attachments(&response.attachments))
}

/// All files of a ticket.
pub(crate) async fn listed(context: &Context, ticket: String) -> Result<v1::ListAttachmentsResponse, Failure> {
    let mut request = v1::ListAttachmentsRequest { name: ticket, page_size: 500, ..Default::default() };
    let mut all = Vec::new();
    loop {
        let mut page: v1::ListAttachmentsResponse = call!(context, attachments.list_attachments(request.clone()))?;
        all.append(&mut page.attachments);
        request.page_token.clone_from(&page.next_page_token);
        if page.next_page_token.is_empty() {
            return Ok(v1::ListAttachmentsResponse { attachments: all, ..page });
        }
    }
}

async fn upload(
    context: &Context,
    ticket: &str,
    file: &Measured,
    content_type: &str,
) -> Result<v1::UploadAttachmentResponse, Failure> {
    let bar = bar(context, file.size, &file.name);
    let told = bar.clone();
    let answer = files::upload(&context.desk, ticket, file, content_type, move |at| told.set_position(at)).await;
    match answer {
        Ok(response) => {
            bar.finish_and_clear();
            Ok(response)
        }
        Err(TransferError::Unfinished(size)) => {
            let size = size.to_string();
            let arguments = [("file", (&file.name).into()), ("size", (&size).into())];
            Err(Failure::new(Exit::TryAgain, context.out.text.with("attach-unfinished", &arguments)))
        }
        Err(TransferError::Call(status)) => {
            let may_be_made = is_lost(&status);
            Err(context.unanswered(&Unanswered { status: *status, may_be_made }))
        }
        Err(TransferError::Lost(status)) => Err(context.unanswered(&Unanswered { status: *status, may_be_made: true })),
        Err(error) => Err(failed(context, error)),
    }
}

pub(crate) fn failed(context: &Context, error: TransferError) -> Failure {
    match error {
        TransferError::File { path, cause } => Failure::io(path, cause),
        TransferError::Place { path, cause } => unsaved(&context.out.text, &path, cause),
        TransferError::Content => Failure::new(Exit::Io, context.out.text.with("attach-hash", &[])),
        TransferError::Call(status) => context.failed(&status),
        other => Failure::bug(other.to_string()),
    }
}

/// Why a file can't be put where it should, with what to do about it.
pub(crate) fn unsaved(text: &Text, path: &str, cause: SaveError) -> Failure {
    let (key, name) = match cause {
        SaveError::System(cause) => return Failure::io(path, cause),
        SaveError::Taken => ("attach-taken", path.to_owned()),
        SaveError::Directory => ("attach-directory", path.to_owned()),
        SaveError::Folder(folder) => ("attach-no-folder", folder.display().to_string()),
    };
    Failure::new(Exit::Io, text.with(key, &[("path", name.into())]))
}

/// A bar on standard error, on a terminal only.
pub(crate) fn bar(context: &Context, size: u64, name: &str) -> ProgressBar {
    let shown = context.out.is_table() && std::io::stderr().is_terminal();
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(size), target);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {eta}") {
        bar.set_style(style);
    }
    bar.set_message(crate::sanitise::line(name).into_owned());
    bar
}
