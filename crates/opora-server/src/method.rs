//! Every method that the server answers, read from the contract's descriptor set: what a call is, by its path. Whoever
//! has to know reads it here; no path is written by hand.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use opora_proto::FILE_DESCRIPTOR_SET;
use prost::Message as _;
use prost_types::{DescriptorProto, FileDescriptorSet, MethodDescriptorProto};

/// The package of the contract.
const CONTRACT: &str = "opora.v1";
/// The package of health.
const HEALTH: &str = "grpc.health.v1";
/// The most bytes of a request that is no upload.
pub(crate) const UNARY_BYTES: usize = 1024 * 1024;
/// The most bytes of a message of an upload: a chunk and what stands round it.
pub(crate) const CHUNK_MESSAGE_BYTES: usize = 256 * 1024 + 4 * 1024;

/// One method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Method {
    /// `/opora.v1.TicketService/GetTicket`.
    pub(crate) path: String,
    /// `opora.v1.TicketService`.
    pub(crate) service: String,
    /// `GetTicket`: a part of the keys of request ids and of page tokens, which never changes.
    pub(crate) name: String,
    /// How messages and answers go.
    pub(crate) shape: Shape,
    /// Whether it changes anything; what does not is a read.
    pub(crate) changes: bool,
    /// Whether its request has an id, under which it is made once.
    pub(crate) request_id: bool,
}

/// How messages and answers go, as far as bounds are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A message for a message.
    Plain,
    /// A message for a page of many things.
    Page,
    /// A message for a stream without an end.
    Watch,
    /// A file for a message.
    Upload,
    /// A message for a file.
    Download,
    /// Health: it always gets through.
    Health,
    /// The same as a stream.
    HealthWatch,
    /// Reflection, or what is not there: a stream of questions and answers.
    Other,
}

impl Shape {
    /// Whether its request has many messages, which come while it is worked on.
    pub(crate) fn comes_in_parts(self) -> bool {
        matches!(self, Self::Upload | Self::Other)
    }

    /// Whether its answer lasts until one of both ends it.
    pub(crate) fn is_long_lived(self) -> bool {
        matches!(self, Self::Watch | Self::HealthWatch | Self::Other)
    }
}

/// What is in the table of neither.
static OTHER: Method = nothing(Shape::Other);
/// The same where it would be one of the contract: a call like others, until it is found that there is none.
static MISSING: Method = nothing(Shape::Plain);

const fn nothing(shape: Shape) -> Method {
    Method {
        path: String::new(),
        service: String::new(),
        name: String::new(),
        shape,
        changes: false,
        request_id: false,
    }
}

static TABLE: LazyLock<HashMap<String, Method>> = LazyLock::new(|| {
    let sets = [FILE_DESCRIPTOR_SET, tonic_health::pb::FILE_DESCRIPTOR_SET];
    let methods = sets.into_iter().flat_map(read);
    methods.map(|method| (method.path.clone(), method)).collect()
});

impl Method {
    /// The method of a path; one that says nothing where there is none, or where it is no part of the contract.
    pub(crate) fn of(path: &str) -> &'static Self {
        let missing = || if Self::is_in_contract(path) { &MISSING } else { &OTHER };
        TABLE.get(path).unwrap_or_else(missing)
    }

    /// Whether a path is one of the contract, be there such a method or not.
    pub(crate) fn is_in_contract(path: &str) -> bool {
        path.starts_with("/opora.v1.")
    }

    /// What a desk asks of itself.
    pub(crate) fn none() -> &'static Self {
        &OTHER
    }

    /// All of them, in no order.
    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        TABLE.values()
    }

    /// Whether it is of the contract, and not of what stands beside it.
    pub(crate) fn is_of_contract(&self) -> bool {
        self.service.starts_with(CONTRACT)
    }

    /// The most bytes of a message of its request.
    fn request_bytes(&self) -> usize {
        if self.shape == Shape::Upload { CHUNK_MESSAGE_BYTES } else { UNARY_BYTES }
    }
}

/// The services of the contract.
pub(crate) fn services() -> BTreeSet<&'static str> {
    Method::all().filter(|method| method.is_of_contract()).map(|method| method.service.as_str()).collect()
}

/// The most bytes of a message that a service takes: those of pieces of files, where it takes files.
pub(crate) fn request_bytes(service: &str) -> usize {
    let of_service = Method::all().filter(|method| method.service == service);
    of_service.map(Method::request_bytes).min().unwrap_or(UNARY_BYTES)
}

fn read(set: &[u8]) -> Vec<Method> {
    // Made by the build from the contract; a test walks it.
    let Ok(set) = FileDescriptorSet::decode(set) else { return Vec::new() };
    let messages: HashMap<String, &DescriptorProto> = set
        .file
        .iter()
        .flat_map(|file| file.message_type.iter().map(|m| (format!(".{}.{}", file.package(), m.name()), m)))
        .collect();
    let has = |message: &str, field: &str| {
        messages.get(message).is_some_and(|message| message.field.iter().any(|f| f.name() == field))
    };
    let mut methods = Vec::new();
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                let full = format!("{}.{}", file.package(), service.name());
                let request_id = has(method.input_type(), "request_id");
                let paged = has(method.output_type(), "next_page_token");
                methods.push(Method {
                    path: format!("/{full}/{}", method.name()),
                    name: method.name().to_owned(),
                    shape: shape(file.package(), method, paged),
                    changes: request_id || method.client_streaming() || method.name().starts_with("Set"),
                    request_id,
                    service: full,
                });
            }
        }
    }
    methods
}

fn shape(package: &str, method: &MethodDescriptorProto, paged: bool) -> Shape {
    match (package, method.client_streaming(), method.server_streaming()) {
        (HEALTH, _, true) => Shape::HealthWatch,
        (HEALTH, _, false) => Shape::Health,
        (CONTRACT, true, _) => Shape::Upload,
        (CONTRACT, _, true) if method.name().starts_with("Watch") => Shape::Watch,
        (CONTRACT, _, true) => Shape::Download,
        // What answers with many things is weighed as a page is, whether or not there is a next one.
        (CONTRACT, ..) if paged || method.name().starts_with("List") || method.name().starts_with("Batch") => {
            Shape::Page
        }
        (CONTRACT, ..) => Shape::Plain,
        _ => Shape::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_what_the_contract_says_of_its_path() {
        for (path, shape) in [
            ("/opora.v1.TicketService/GetTicket", Shape::Plain),
            ("/opora.v1.TicketService/ListTickets", Shape::Page),
            ("/opora.v1.DirectoryService/ListAgents", Shape::Page),
            ("/opora.v1.ReportService/ListSuggestions", Shape::Page),
            ("/opora.v1.TicketService/BatchChange", Shape::Page),
            ("/opora.v1.TicketService/WatchTickets", Shape::Watch),
            ("/opora.v1.PresenceService/WatchPresence", Shape::Watch),
            ("/opora.v1.AttachmentService/UploadAttachment", Shape::Upload),
            ("/opora.v1.AttachmentService/DownloadAttachment", Shape::Download),
            ("/grpc.health.v1.Health/Check", Shape::Health),
            ("/grpc.health.v1.Health/Watch", Shape::HealthWatch),
            ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Shape::Other),
            ("/opora.v1.TicketService/NoSuchCall", Shape::Plain),
            ("", Shape::Other),
        ] {
            assert_eq!(Method::of(path).shape, shape, "{path}");
        }
    }

    #[test]
    fn every_method_of_the_contract_is_told_by_its_name_to_read_or_to_change() {
        let reads = ["Get", "List", "Watch", "Explain", "Preview", "Download"];
        let mut count = 0;
        for method in Method::all().filter(|method| method.is_of_contract()) {
            let is_read = reads.iter().any(|prefix| method.name.starts_with(prefix));
            assert_eq!(method.changes, !is_read, "{}", method.path);
            assert!(!method.request_id || method.changes, "{}", method.path);
            assert_eq!(method.shape.is_long_lived(), method.name.starts_with("Watch"), "{}", method.path);
            assert_eq!(method.path, format!("/{}/{}", method.service, method.name));
            assert!(method.shape != Shape::Other, "{}", method.path);
            count += 1;
        }
        let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
        let of_contract = set.file.iter().filter(|file| file.package() == CONTRACT);
        assert_eq!(count, of_contract.flat_map(|file| &file.service).map(|s| s.method.len()).sum::<usize>());
        assert!(services().contains("opora.v1.TicketService"), "{:?}", services());
    }

    #[test]
    fn only_the_service_that_takes_files_is_bounded_by_their_pieces() {
        assert_eq!(request_bytes("opora.v1.TicketService"), UNARY_BYTES);
        assert_eq!(request_bytes("opora.v1.AttachmentService"), CHUNK_MESSAGE_BYTES);
    }
}
