//! Fetching files: found among a ticket's, checked against their hash, put where nothing of another's is lost.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use opora_core::fold;
use opora_proto::files::{self, TransferError};
use opora_proto::save::{self, Existing, SaveError, Saving};
use opora_proto::v1;

use super::attach::{bar, failed, listed};
use crate::cli::work::AttachArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::sanitise;

/// Where fetched files go.
#[derive(Clone)]
struct Places {
    to: Option<PathBuf>,
    existing: Existing,
    /// There are several: each gets a name of its own.
    several: bool,
    /// Where those before went: what was just fetched is never replaced.
    made: Vec<PathBuf>,
}

impl Places {
    fn begin(&self, file_name: &str) -> Result<Saving, TransferError> {
        let folder = match &self.to {
            Some(path) if path == Path::new("-") => return Ok(Saving::stdout()),
            Some(path) if !self.several && !path.is_dir() => return Self::at(path, self.existing),
            Some(folder) => folder.as_path(),
            None => Path::new("."),
        };
        let name = save::plain_name(&sanitise::line(file_name));
        if self.several && (self.existing == Existing::Keep || self.made.contains(&folder.join(&name))) {
            return Self::at(&save::free_place(folder, &name), self.existing);
        }
        let path = folder.join(name);
        // The customer chose that name: nothing is followed or opened by it, whatever was asked for.
        let is_special = std::fs::symlink_metadata(&path).is_ok_and(|there| !there.is_file());
        if is_special {
            return Err(TransferError::saving(&path, SaveError::Taken));
        }
        Self::at(&path, self.existing)
    }

    fn at(path: &Path, existing: Existing) -> Result<Saving, TransferError> {
        Saving::begin(path, existing).map_err(|cause| TransferError::saving(path, cause))
    }
}

/// `opora attach --download`.
pub(crate) async fn download(context: &Context, args: AttachArgs) -> Result<(), Failure> {
    let several = args.download.len() > 1;
    let existing = if args.force { Existing::Replace } else { Existing::Keep };
    let mut places = Places { to: args.to, existing, several, made: Vec::new() };
    if let Some(folder) = places.to.as_ref().filter(|to| several && to.as_path() != Path::new("-") && !to.is_dir()) {
        let shown = folder.display().to_string();
        return Err(Failure::usage(context.out.text.with("attach-no-directory", &[("path", (&shown).into())])));
    }
    if let Some(path) = places.to.as_ref().filter(|to| to.as_path() != Path::new("-") && !to.is_dir()) {
        save::has_folder(path).map_err(|cause| failed(context, TransferError::saving(path, cause)))?;
    }
    for name in names(context, args.ticket, args.download).await? {
        let progress = OnceCell::new();
        let told = |file: &v1::Attachment, at| {
            progress.get_or_init(|| bar(context, file.size, &file.file_name)).set_position(at);
        };
        let at = places.clone();
        let place = move |file: &v1::Attachment| at.begin(&file.file_name);
        let fetched = files::download(&context.desk, &name, place, told).await;
        if let Some(progress) = progress.get() {
            progress.finish_and_clear();
        }
        let (attachment, target) = fetched.map_err(|error| failed(context, error))?;
        let Some(target) = target else { continue };
        places.made.push(target.clone());
        let (shown, size) = (target.display().to_string(), attachment.size.to_string());
        context.out.one(&attachment, || {
            context.out.say("done-downloaded", &[("file", (&shown).into()), ("size", (&size).into())])
        })?;
    }
    Ok(())
}

/// The full names of what was asked for: a full name, a file's number, or its name in the ticket's list.
async fn names(context: &Context, ticket: Option<String>, asked: Vec<String>) -> Result<Vec<String>, Failure> {
    let mut list = None;
    let mut names = Vec::new();
    for asked in asked {
        let is_full = asked.starts_with("tickets/") && asked.contains("/attachments/");
        let name = match (&ticket, is_full) {
            (_, true) => asked,
            (None, false) => {
                let said = context.out.text.with("attach-which-ticket", &[("file", (&asked).into())]);
                return Err(Failure::usage(said));
            }
            (Some(ticket), false) => {
                let list = match &mut list {
                    Some(list) => list,
                    list => list.insert(listed(context, ticket.clone()).await?.attachments),
                };
                found(context, list, &asked)?
            }
        };
        names.push(name);
    }
    Ok(names)
}

fn found(context: &Context, list: &[v1::Attachment], asked: &str) -> Result<String, Failure> {
    let number = |file: &&v1::Attachment| file.name.rsplit('/').next() == Some(asked);
    let of_name = |is_it: &dyn Fn(&str) -> bool| -> Vec<&v1::Attachment> {
        list.iter().filter(|file| is_it(&file.file_name)).collect()
    };
    let numbered = list.iter().find(number);
    // As it is kept, else as names are compared: another machine writes the same name in other characters or letters.
    let mut by_name = of_name(&|name| name == asked);
    if by_name.is_empty() && numbered.is_none() {
        let folded = fold::name(asked);
        by_name = of_name(&|name| fold::is_name(name, &folded));
    }
    match (by_name.as_slice(), numbered) {
        ([one], _) => Ok(one.name.clone()),
        ([], Some(one)) => Ok(one.name.clone()),
        ([], None) => Err(Failure::new(Exit::Refused, context.out.text.with("attach-none", &[("file", asked.into())]))),
        (several, _) => {
            let told = |file: &&v1::Attachment| {
                let is_as_asked = file.file_name == asked;
                let kept = sanitise::line(&file.file_name);
                if is_as_asked { file.name.clone() } else { format!("{} ({kept})", file.name) }
            };
            let names: Vec<String> = several.iter().map(told).collect();
            let arguments = [("file", asked.into()), ("names", names.join(", ").into())];
            Err(Failure::usage(context.out.text.with("attach-several", &arguments)))
        }
    }
}
