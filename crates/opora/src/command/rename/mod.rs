//! Names that stand in a desk already: tags and workstations respelt, customers renamed and split. Only with what every
//! caller has: lists, and changes of many tickets under the etags that were seen. What was done no longer differs from
//! what is asked for, so that a second run goes on where the first one ended.

mod sweep;

use std::collections::BTreeSet;

use opora_core::fold;
use opora_proto::v1;

use self::sweep::{Report, Sweep};
use crate::cli::rename::{OrgArgs, RenameCommand, SpellingArgs};
use crate::context::{Context, call, change};
use crate::failure::{Exit, Failure};
use crate::output::bare;

/// Runs `opora rename …`.
pub(crate) async fn run(context: &Context, command: RenameCommand) -> Result<(), Failure> {
    // A second run finds only what is left.
    context.repeatable();
    let which = match &command {
        RenameCommand::Tag(args) | RenameCommand::Workstation(args) => &args.which,
        RenameCommand::Org(args) => &args.which,
    };
    sound(context, which.filter.as_deref().unwrap_or_default()).await?;
    let (report, dry_run) = match command {
        RenameCommand::Tag(args) => (respell(context, &args, "tag").await?, args.which.dry_run),
        RenameCommand::Workstation(args) => (respell(context, &args, "workstation").await?, args.which.dry_run),
        RenameCommand::Org(args) => (organisation(context, &args).await?, args.which.dry_run),
    };
    report.tell(&context.out, dry_run)?;
    if report.is_whole() { Ok(()) } else { Err(Failure::said(Exit::Refused)) }
}

/// Refuses a filter that is none before it becomes part of another one: what is wrong is told of what was typed, and a
/// bracket that closes too much does not widen what is changed.
async fn sound(context: &Context, filter: &str) -> Result<(), Failure> {
    if filter.trim().is_empty() {
        return Ok(());
    }
    let request = v1::ListTicketsRequest { filter: filter.to_owned(), page_size: 1, ..Default::default() };
    let answer: Result<v1::ListTicketsResponse, _> = call!(context, tickets.list_tickets(request));
    answer.map(drop)
}

/// A tag or a workstation, on all tickets that have it.
async fn respell(context: &Context, args: &SpellingArgs, field: &str) -> Result<Report, Failure> {
    let (old, new) = (fold::name(&args.old), args.new.trim());
    let edit = |ticket: &v1::Ticket| {
        if field == "tag" {
            let tags = respelt(&ticket.tags, &old, new)?;
            return Some(v1::Ticket { tags, ..Default::default() });
        }
        let workstations = respelt(&ticket.workstations, &old, new)?;
        Some(v1::Ticket { workstations, ..Default::default() })
    };
    let path = if field == "tag" { "tags" } else { "workstations" };
    let filter = both(args.which.filter.as_deref(), &format!("{field} = {}", quoted(&args.old)));
    let mut report = Report::default();
    Sweep { context, filter, path, dry_run: args.which.dry_run }.run(edit, &mut report).await?;
    Ok(report)
}

/// Names with one of them spelt anew; `None`: nothing changes. Where the new name stands already it is one with it.
fn respelt(names: &[String], old: &str, new: &str) -> Option<Vec<String>> {
    if !names.iter().any(|name| fold::is_name(name, old)) {
        return None;
    }
    let is_meant = |name: &str| fold::is_name(name, old) || fold::same_name(name, new);
    let spelt = names.iter().map(|name| if is_meant(name) { new.to_owned() } else { name.clone() });
    let mut seen = false;
    // Only the one that is meant is made one: others may stand there twice.
    let after: Vec<String> = spelt.filter(|name| name != new || !std::mem::replace(&mut seen, true)).collect();
    (after != names).then_some(after)
}

async fn organisation(context: &Context, args: &OrgArgs) -> Result<Report, Failure> {
    let mut report = Report::default();
    let from = &args.organisation;
    let Some(to) = &args.to else {
        if args.which.filter.is_some() {
            return Err(Failure::usage(context.out.text.get("rename-filter-alone")));
        }
        rename(context, from, args.name.as_deref().unwrap_or_default(), args.which.dry_run, &mut report).await?;
        return Ok(report);
    };
    if to == from {
        return Err(Failure::usage(context.out.text.get("rename-same")));
    }
    // What does not exist is told before anything is done.
    known(context, from).await?;
    if let Err(failure) = known(context, to).await {
        if !is_unknown(&failure) {
            return Err(failure);
        }
        let Some(name) = &args.name else {
            let sentence = context.out.text.with("rename-unknown", &[("name", to.into())]);
            return Err(Failure::new(Exit::Refused, sentence));
        };
        report.registered = Some(to.clone());
        if !args.which.dry_run {
            register(context, to, name).await?;
        }
    }
    let people = people(context, args).await?;
    let filter = both(args.which.filter.as_deref(), &format!("organisation = {}", quoted(from)));
    let edit = |ticket: &v1::Ticket| {
        let is_from = ticket.organisation == *from;
        is_from.then(|| v1::Ticket { organisation: to.clone(), ..Default::default() })
    };
    let sweep = |filter| Sweep { context, filter, path: "organisation", dry_run: args.which.dry_run };
    if args.contact.is_empty() {
        sweep(filter).run(edit, &mut report).await?;
    } else {
        // Without an address nobody reported anything; who is named twice or shares one with another did so once.
        let addresses: BTreeSet<_> = people.iter().map(|one| &one.email).filter(|email| !email.is_empty()).collect();
        for address in addresses {
            let reported = both(Some(&filter), &format!("reporter = {}", quoted(address)));
            sweep(reported).run(edit, &mut report).await?;
        }
    }
    // People last: whoever is with the new customer already had their tickets moved.
    for one in people.iter().filter(|one| one.organisation == *from) {
        if !args.which.dry_run {
            give(context, one, to).await?;
        }
        report.contacts += 1;
    }
    Ok(report)
}

/// Gives a customer its name.
async fn rename(
    context: &Context,
    organisation: &str,
    name: &str,
    dry_run: bool,
    report: &mut Report,
) -> Result<(), Failure> {
    let one = known(context, organisation).await?;
    if one.display_name == name {
        return Ok(());
    }
    report.renamed = Some((one.display_name, name.to_owned()));
    if dry_run {
        return Ok(());
    }
    let request = v1::UpdateOrganisationRequest {
        organisation: Some(v1::Organisation {
            name: organisation.to_owned(),
            display_name: name.to_owned(),
            ..Default::default()
        }),
        update_mask: Some(mask("display_name")),
        etag: one.etag,
        request_id: opora_proto::client::request_id(),
    };
    let answer: Result<v1::UpdateOrganisationResponse, _> = change!(context, directory.update_organisation(request));
    answer.map(drop)
}

async fn known(context: &Context, name: &str) -> Result<v1::Organisation, Failure> {
    let request = v1::GetOrganisationRequest { name: name.to_owned() };
    let answer: v1::GetOrganisationResponse = call!(context, directory.get_organisation(request))?;
    answer.organisation.ok_or_else(|| Failure::bug("the answer holds no organisation"))
}

fn is_unknown(failure: &Failure) -> bool {
    failure.fault().is_some_and(|fault| fault.code == tonic::Code::NotFound)
}

async fn register(context: &Context, organisation: &str, name: &str) -> Result<(), Failure> {
    let request = v1::CreateOrganisationRequest {
        organisation_id: bare(organisation).to_owned(),
        organisation: Some(v1::Organisation { display_name: name.to_owned(), ..Default::default() }),
        request_id: opora_proto::client::request_id(),
    };
    let answer: Result<v1::CreateOrganisationResponse, _> = change!(context, directory.create_organisation(request));
    answer.map(drop)
}

/// The people that move: those that were named; without names and a filter all of the customer's.
async fn people(context: &Context, args: &OrgArgs) -> Result<Vec<v1::Contact>, Failure> {
    let mut people = Vec::new();
    for name in args.contact.iter().collect::<BTreeSet<_>>() {
        let request = v1::GetContactRequest { name: name.clone() };
        let answer: v1::GetContactResponse = call!(context, directory.get_contact(request))?;
        people.extend(answer.contact);
    }
    if !args.contact.is_empty() || args.which.filter.is_some() {
        return Ok(people);
    }
    let mut request = v1::ListContactsRequest {
        organisation: args.organisation.clone(),
        show_archived: true,
        page_size: 500,
        ..Default::default()
    };
    loop {
        let page: v1::ListContactsResponse = call!(context, directory.list_contacts(request.clone()))?;
        people.extend(page.contacts);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(people);
        }
    }
}

async fn give(context: &Context, contact: &v1::Contact, to: &str) -> Result<(), Failure> {
    let request = v1::UpdateContactRequest {
        contact: Some(v1::Contact { name: contact.name.clone(), organisation: to.to_owned(), ..Default::default() }),
        update_mask: Some(mask("organisation")),
        etag: contact.etag.clone(),
        request_id: opora_proto::client::request_id(),
    };
    let answer: Result<v1::UpdateContactResponse, _> = change!(context, directory.update_contact(request));
    answer.map(drop)
}

fn mask(path: &str) -> prost_types::FieldMask {
    prost_types::FieldMask { paths: vec![path.to_owned()] }
}

/// A text as a filter quotes it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A filter of two; the first may be missing.
fn both(filter: Option<&str>, term: &str) -> String {
    match filter.map(str::trim).filter(|filter| !filter.is_empty()) {
        Some(filter) => format!("({filter}) AND {term}"),
        None => term.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_is_spelt_anew_and_the_others_stay() {
        let after = |names: &[&str], old: &str, new: &str| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            respelt(&names, &fold::name(old), new)
        };
        assert_eq!(after(&["sip", "vip"], "Vip", "VIP").unwrap(), ["sip", "VIP"]);
        assert_eq!(after(&["VIP"], "vip", "VIP"), None, "it is done");
        assert_eq!(after(&["vip2"], "vip", "VIP"), None);
        assert_eq!(after(&["vip", "important"], "important", "VIP").unwrap(), ["VIP"], "one with what stands there");
        assert_eq!(after(&["АРМ-1", "x", "арм-1"], "арм-1", "АРМ-1").unwrap(), ["АРМ-1", "x"]);
        assert_eq!(after(&["елка"], "Ёлка", "Ёлка").unwrap(), ["Ёлка"]);
    }

    #[test]
    fn any_name_can_stand_in_a_filter() {
        assert_eq!(both(Some(" "), "tag = \"a\""), "tag = \"a\"");
        for name in ["a\"b", "a\\", "a b", "AND"] {
            let filter = both(Some("state = NEW OR open = true"), &format!("tag = {}", quoted(name)));
            assert!(opora_core::filter::Filter::parse(&filter).is_ok(), "{filter}");
        }
    }
}
