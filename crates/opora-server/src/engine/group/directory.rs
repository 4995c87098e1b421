//! Edits of the directory: applied to the entry as it stands, checked for what it names.

use opora_core::decide::Refusal;
use opora_core::event::DirectoryPut;
use opora_core::model::{Actor, AgentId, Entry, OrganisationId, PolicyId};
use opora_store::Record;

use super::{Draft, Group};
use crate::engine::directory::Layered;
use crate::engine::{Answer, DirectoryCommand, DirectoryEdit, Edit, Refused};

impl Group<'_> {
    pub(super) fn edit_directory(
        &mut self,
        command: &DirectoryCommand,
        actor: &Actor,
        draft: &mut Draft,
    ) -> Result<Answer, Refused> {
        let known = Layered { base: &self.state.directory, top: &self.directory };
        let put = match &command.put {
            DirectoryEdit::Organisation(id, edit) => {
                let entry = self.edited(command, known.organisation(id).as_deref(), edit, || id.name())?;
                self.check_policy(entry.value.policy.as_ref())?;
                DirectoryPut::Organisation(id.clone(), entry)
            }
            DirectoryEdit::Contact(id, edit) => {
                let entry = self.edited(command, known.contact(id).as_deref(), edit, || id.name())?;
                check_organisation(&known, entry.value.organisation.as_ref())?;
                if let Some((taken, _)) = known.by_email(&entry.value.email).filter(|(other, _)| other != id) {
                    return Err(Refused::IdTaken(taken.name()));
                }
                DirectoryPut::Contact(id.clone(), entry)
            }
            DirectoryEdit::Agent(id, edit) => {
                let entry = self.edited(command, known.agent(id).as_deref(), edit, || id.name())?;
                DirectoryPut::Agent(id.clone(), entry)
            }
            DirectoryEdit::SavedView(id, edit) => {
                let entry = self.edited(command, known.saved_view(id).as_deref(), edit, || id.name())?;
                check_agent(&known, entry.value.owner.as_ref())?;
                DirectoryPut::SavedView(id.clone(), entry)
            }
            DirectoryEdit::Snippet(id, edit) => {
                let entry = self.edited(command, known.snippet(id).as_deref(), edit, || id.name())?;
                check_agent(&known, entry.value.owner.as_ref())?;
                DirectoryPut::Snippet(id.clone(), entry)
            }
        };
        self.directory.apply(put.clone());
        draft.records.push(Record::Directory(actor.clone(), put.clone()));
        draft.before.push(None);
        Ok(Answer::Directory(put))
    }

    /// The entry after the edit, if it may be made.
    fn edited<T: PartialEq>(
        &self,
        command: &DirectoryCommand,
        before: Option<&Entry<T>>,
        edit: &Edit<T>,
        name: impl Fn() -> String,
    ) -> Result<Entry<T>, Refused> {
        match before {
            Some(_) if command.create => return Err(Refused::IdTaken(name())),
            None if !command.create => return Err(Refusal::NoResource(name()).into()),
            Some(entry) if command.etag.as_ref().is_some_and(|etag| *etag != entry.etag()) => {
                return Err(Refused::DirectoryEtag(entry.etag()));
            }
            _ => {}
        }
        let value = edit(before.map(|entry| &entry.value));
        if before.is_some_and(|entry| entry.value == value) {
            return Err(Refusal::NoChange.into());
        }
        Ok(Entry {
            value,
            revision: self.newest.next(),
            create_time: before.map_or(self.at, |entry| entry.create_time),
            update_time: self.at,
        })
    }

    fn check_policy(&self, policy: Option<&PolicyId>) -> Result<(), Refused> {
        match policy {
            Some(id) if self.rules.policies.newest(id).is_none() => Err(Refusal::NoResource(id.name()).into()),
            _ => Ok(()),
        }
    }
}

fn check_organisation(known: &Layered<'_>, organisation: Option<&OrganisationId>) -> Result<(), Refused> {
    match organisation {
        Some(id) if known.organisation(id).is_none() => Err(Refusal::NoResource(id.name()).into()),
        _ => Ok(()),
    }
}

fn check_agent(known: &Layered<'_>, agent: Option<&AgentId>) -> Result<(), Refused> {
    match agent {
        Some(id) if known.agent(id).is_none() => Err(Refusal::NoResource(id.name()).into()),
        _ => Ok(()),
    }
}
