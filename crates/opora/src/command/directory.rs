//! Customers, their people, and agents.

use opora_proto::v1;

use crate::cli::directory::{
    AgentAddArgs, AgentCommand, AgentFields, AgentUpdateArgs, ContactAddArgs, ContactCommand, ContactFields,
    ContactListArgs, ContactUpdateArgs, OrgAddArgs, OrgCommand, OrgFields, OrgUpdateArgs, PageArgs,
};
use crate::context::{Context, call, change};
use crate::failure::Failure;
use crate::output::bare;

const PAGE: u32 = 500;
/// The most pages that are fetched for one answer.
const MAX_PAGES: usize = 10_000;

/// All pages of a list, or as many as were asked for, as one response.
macro_rules! pages {
    ($context:expr, $method:ident, $request:expr, $field:ident, $page:expr) => {{
        let wanted = $page.limit.unwrap_or(u32::MAX);
        let mut request = $request;
        let mut all = Vec::new();
        let mut last;
        let mut pages = 0;
        loop {
            request.page_size = wanted.saturating_sub(all.len() as u32).min(PAGE) as i32;
            last = call!($context, directory.$method(request.clone()))?;
            all.append(&mut last.$field);
            request.page_token.clone_from(&last.next_page_token);
            pages += 1;
            if last.next_page_token.is_empty() || all.len() as u32 >= wanted || pages >= MAX_PAGES {
                break;
            }
        }
        last.$field = all;
        last
    }};
}

/// Puts what was given into a message, and its path into the mask.
macro_rules! put {
    ($paths:ident, $target:ident, { $($path:literal: $field:ident = $value:expr),* $(,)? }) => {
        $(if let Some(value) = $value {
            $target.$field = value;
            $paths.push($path.to_owned());
        })*
    };
}

fn nothing(context: &Context) -> Failure {
    Failure::usage(context.out.text.get("error-nothing-to-change"))
}

fn said(context: &Context, key: &str, name: &str) -> Result<(), Failure> {
    context.out.say(key, &[("name", name.into())])
}

fn id(name: &str) -> String {
    bare(name).to_owned()
}

/// Runs `opora org …`.
pub(crate) async fn organisations(context: &Context, command: OrgCommand) -> Result<(), Failure> {
    let out = &context.out;
    match command {
        OrgCommand::Add(args) => add_organisation(context, args).await,
        OrgCommand::Update(args) => update_organisation(context, args).await,
        OrgCommand::List(page) => {
            let response: v1::ListOrganisationsResponse = pages!(
                context,
                list_organisations,
                v1::ListOrganisationsRequest { show_archived: page.archived, ..Default::default() },
                organisations,
                page
            );
            out.list(&response, &response.organisations, || out.organisations(&response.organisations))
        }
        OrgCommand::Show { organisation } => {
            let request = v1::GetOrganisationRequest { name: organisation };
            let response: v1::GetOrganisationResponse = call!(context, directory.get_organisation(request))?;
            out.one(&response, || out.organisations(response.organisation.as_slice()))
        }
    }
}

fn organisation(fields: OrgFields) -> (v1::Organisation, Vec<String>) {
    let (mut one, mut paths) = (v1::Organisation::default(), Vec::new());
    put!(paths, one, {
        "display_name": display_name = fields.name,
        "time_zone": time_zone = fields.time_zone,
        "platform": platform = fields.platform.map(Into::into),
        "policy": policy = fields.policy,
        "language": language = fields.language,
    });
    (one, paths)
}

async fn add_organisation(context: &Context, args: OrgAddArgs) -> Result<(), Failure> {
    let (mut one, _) = organisation(args.fields);
    if one.display_name.is_empty() {
        one.display_name = id(&args.organisation);
    }
    let request = v1::CreateOrganisationRequest {
        organisation_id: id(&args.organisation),
        organisation: Some(one),
        request_id: context.request_id(args.again.request_id),
    };
    let response: v1::CreateOrganisationResponse = change!(context, directory.create_organisation(request))?;
    context.out.one(&response, || said(context, "done-registered", &args.organisation))
}

async fn update_organisation(context: &Context, args: OrgUpdateArgs) -> Result<(), Failure> {
    let (mut one, mut paths) = organisation(args.fields);
    put!(paths, one, { "archived": archived = args.archived });
    if paths.is_empty() {
        return Err(nothing(context));
    }
    one.name.clone_from(&args.organisation);
    let request = v1::UpdateOrganisationRequest {
        organisation: Some(one),
        update_mask: Some(prost_types::FieldMask { paths }),
        etag: args.etag.unwrap_or_default(),
        request_id: context.request_id(args.again.request_id),
    };
    let response: v1::UpdateOrganisationResponse = change!(context, directory.update_organisation(request))?;
    context.out.one(&response, || said(context, "done-edited", &args.organisation))
}

/// Runs `opora contact …`.
pub(crate) async fn contacts(context: &Context, command: ContactCommand) -> Result<(), Failure> {
    let out = &context.out;
    match command {
        ContactCommand::Add(args) => add_contact(context, args).await,
        ContactCommand::Update(args) => update_contact(context, args).await,
        ContactCommand::List(ContactListArgs { organisation, page }) => {
            let request = v1::ListContactsRequest {
                organisation: organisation.unwrap_or_default(),
                show_archived: page.archived,
                ..Default::default()
            };
            let response: v1::ListContactsResponse = pages!(context, list_contacts, request, contacts, page);
            out.list(&response, &response.contacts, || out.contacts(&response.contacts))
        }
        ContactCommand::Show { contact } => {
            let request = v1::GetContactRequest { name: contact };
            let response: v1::GetContactResponse = call!(context, directory.get_contact(request))?;
            out.one(&response, || out.contacts(response.contact.as_slice()))
        }
    }
}

fn contact(fields: ContactFields) -> (v1::Contact, Vec<String>) {
    let (mut one, mut paths) = (v1::Contact::default(), Vec::new());
    put!(paths, one, {
        "display_name": display_name = fields.name,
        "email": email = fields.email,
        "organisation": organisation = fields.organisation,
        "phone": phone = fields.phone,
        "language": language = fields.language,
    });
    (one, paths)
}

async fn add_contact(context: &Context, args: ContactAddArgs) -> Result<(), Failure> {
    let (mut one, _) = contact(args.fields);
    if one.display_name.is_empty() {
        one.display_name = id(&args.contact);
    }
    let request = v1::CreateContactRequest {
        contact_id: id(&args.contact),
        contact: Some(one),
        request_id: context.request_id(args.again.request_id),
    };
    let response: v1::CreateContactResponse = change!(context, directory.create_contact(request))?;
    context.out.one(&response, || said(context, "done-registered", &args.contact))
}

async fn update_contact(context: &Context, args: ContactUpdateArgs) -> Result<(), Failure> {
    let (mut one, mut paths) = contact(args.fields);
    put!(paths, one, { "archived": archived = args.archived });
    if paths.is_empty() {
        return Err(nothing(context));
    }
    one.name.clone_from(&args.contact);
    let request = v1::UpdateContactRequest {
        contact: Some(one),
        update_mask: Some(prost_types::FieldMask { paths }),
        etag: args.etag.unwrap_or_default(),
        request_id: context.request_id(args.again.request_id),
    };
    let response: v1::UpdateContactResponse = change!(context, directory.update_contact(request))?;
    context.out.one(&response, || said(context, "done-edited", &args.contact))
}

/// Runs `opora agent …`.
pub(crate) async fn agents(context: &Context, command: AgentCommand) -> Result<(), Failure> {
    let out = &context.out;
    match command {
        AgentCommand::Add(args) => add_agent(context, args).await,
        AgentCommand::Update(args) => update_agent(context, args).await,
        AgentCommand::List(page) => {
            let page: PageArgs = page;
            let request = v1::ListAgentsRequest { show_archived: page.archived, ..Default::default() };
            let response: v1::ListAgentsResponse = pages!(context, list_agents, request, agents, page);
            out.list(&response, &response.agents, || out.agents(&response.agents))
        }
        AgentCommand::Show { agent } => {
            let response: v1::GetAgentResponse =
                call!(context, directory.get_agent(v1::GetAgentRequest { name: agent }))?;
            out.one(&response, || out.agents(response.agent.as_slice()))
        }
    }
}

fn agent(fields: AgentFields) -> (v1::Agent, Vec<String>) {
    let (mut one, mut paths) = (v1::Agent::default(), Vec::new());
    put!(paths, one, {
        "display_name": display_name = fields.name,
        "email": email = fields.email,
        "time_zone": time_zone = fields.time_zone,
        "language": language = fields.language,
    });
    (one, paths)
}

async fn add_agent(context: &Context, args: AgentAddArgs) -> Result<(), Failure> {
    let (mut one, _) = agent(args.fields);
    if one.display_name.is_empty() {
        one.display_name = id(&args.agent);
    }
    let request = v1::CreateAgentRequest {
        agent_id: id(&args.agent),
        agent: Some(one),
        request_id: context.request_id(args.again.request_id),
    };
    let response: v1::CreateAgentResponse = change!(context, directory.create_agent(request))?;
    context.out.one(&response, || said(context, "done-registered", &args.agent))
}

async fn update_agent(context: &Context, args: AgentUpdateArgs) -> Result<(), Failure> {
    let (mut one, mut paths) = agent(args.fields);
    put!(paths, one, { "archived": archived = args.archived });
    if paths.is_empty() {
        return Err(nothing(context));
    }
    one.name.clone_from(&args.agent);
    let request = v1::UpdateAgentRequest {
        agent: Some(one),
        update_mask: Some(prost_types::FieldMask { paths }),
        etag: args.etag.unwrap_or_default(),
        request_id: context.request_id(args.again.request_id),
    };
    let response: v1::UpdateAgentResponse = change!(context, directory.update_agent(request))?;
    context.out.one(&response, || said(context, "done-edited", &args.agent))
}
