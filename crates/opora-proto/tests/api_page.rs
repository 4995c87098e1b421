//! `docs/api.md` is made from the contract's own comments, and this suite sees that it still says what they say.
//! `OPORA_WRITE_DOCS=1 cargo test -p opora-proto --test api_page` writes it anew.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test: what it did not expect shall end it")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto};

const INTRODUCTION: &str = "# The API: `opora.v1`

Made from the comments in `proto/opora/v1`; change those, not this page.

Connect with any gRPC client to the address that `opora serve` prints; reflection is on, so
`grpcurl -plaintext 127.0.0.1:7420 list` works. Say who calls with the metadata key `opora-actor` (`agents/olga`);
ask for Russian error messages with `accept-language: ru`. Every change takes a `request_id`: make a UUID, keep it
across your retries, and the change happens once. The reasons of errors are the values of
[`ErrorReason`](#errorreason).

## Sizes

No message that the server sends is larger than 2 MiB, half of what gRPC clients take unless told otherwise (4 MiB): none
needs a setting to read whatever the bounds below let in.

- A page of a list may have fewer than were asked for and still have a `next_page_token`: go on until it is empty.
- `WatchTickets` cuts the current tickets into as many messages as they take, and the events of one revision as well:
  `more` is set on all of them but the last. Go on from a revision only when its last message has come; where the stream
  broke before, ask for that revision again, and skip as many of its events as you have taken.
- `BatchChange` never fails for the size of its answer: where the room ends, results are `trimmed`, with name, revision
  and etag of each ticket. `GetTicket` gives the rest.
- A single ticket, event or comment is never cut: in the FULL view it stays under 1 MiB.

What is sent may have 1 MiB a request and 256 KiB a chunk of an upload. A ticket has at most: 500 characters of subject,
256 KiB of description and of each comment, 50 tags, 200 workstations of 200 characters, 2,000 ties to others.
";

#[test]
fn the_page_says_what_the_contract_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = page(&root.join("proto"));
    let path = root.join("docs/api.md");
    if std::env::var_os("OPORA_WRITE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == page,
        "docs/api.md is not what the contract says: OPORA_WRITE_DOCS=1 cargo test -p opora-proto --test api_page"
    );
}

#[test]
fn nothing_in_the_contract_is_without_a_comment() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    for file in files(&root) {
        let comments = Comments::of(&file);
        for (i, message) in file.message_type.iter().enumerate() {
            let i = index(i);
            assert!(!comments.at(&[4, i]).is_empty(), "{} has no comment", message.name());
            for (n, field) in message.field.iter().enumerate() {
                assert!(!comments.at(&[4, i, 2, index(n)]).is_empty(), "{}.{}", message.name(), field.name());
            }
        }
    }
}

fn files(root: &Path) -> Vec<FileDescriptorProto> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(root.join("opora/v1")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "proto"));
    paths.sort();
    let mut compiler = protox::Compiler::new([root]).unwrap();
    compiler.include_source_info(true).open_files(&paths).unwrap();
    compiler.file_descriptor_set().file.into_iter().filter(|file| file.package() == "opora.v1").collect()
}

/// The leading comments of a file by the path of what they stand above.
struct Comments(BTreeMap<Vec<i32>, String>);

impl Comments {
    fn of(file: &FileDescriptorProto) -> Self {
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        Self(
            locations
                .filter_map(|l| {
                    let text = l.leading_comments.as_ref()?;
                    Some((l.path.clone(), text.lines().map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned()))
                })
                .collect(),
        )
    }

    fn at(&self, path: &[i32]) -> &str {
        self.0.get(path).map_or("", String::as_str)
    }

    fn line(&self, path: &[i32]) -> String {
        self.at(path).split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
    }
}

fn index(n: usize) -> i32 {
    i32::try_from(n).unwrap()
}

fn page(root: &Path) -> String {
    let files = files(root);
    let mut page = INTRODUCTION.to_owned();
    page.push_str("\n## Services\n");
    for file in &files {
        let comments = Comments::of(file);
        for (s, service) in file.service.iter().enumerate() {
            let s = index(s);
            let _ = write!(page, "\n### {}\n\n{}\n", service.name(), comments.at(&[6, s]));
            for (m, method) in service.method.iter().enumerate() {
                let (input, output) = (short(method.input_type()), short(method.output_type()));
                let stream = |on: bool| if on { "stream " } else { "" };
                let _ = write!(
                    page,
                    "\n#### {}\n\n`{}{input}` → `{}{output}`: see [{input}](#{}), [{output}](#{}).\n\n{}\n",
                    method.name(),
                    stream(method.client_streaming()),
                    stream(method.server_streaming()),
                    input.to_lowercase(),
                    output.to_lowercase(),
                    comments.at(&[6, s, 2, index(m)]),
                );
            }
        }
    }
    page.push_str("\n## Messages\n");
    for file in &files {
        let comments = Comments::of(file);
        for (i, message) in file.message_type.iter().enumerate() {
            describe_message(&mut page, &comments, index(i), message);
        }
    }
    page.push_str("\n## Enumerations\n");
    for file in &files {
        let comments = Comments::of(file);
        for (i, each) in file.enum_type.iter().enumerate() {
            describe_enum(&mut page, &comments, index(i), each);
        }
    }
    page
}

fn describe_message(page: &mut String, comments: &Comments, i: i32, message: &DescriptorProto) {
    let _ = write!(page, "\n### {}\n\n{}\n", message.name(), comments.at(&[4, i]));
    if message.field.is_empty() {
        return;
    }
    page.push_str("\n| field | type | |\n| --- | --- | --- |\n");
    for (n, field) in message.field.iter().enumerate() {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} |",
            field.name(),
            type_of(field, message),
            comments.line(&[4, i, 2, index(n)])
        );
    }
}

fn describe_enum(page: &mut String, comments: &Comments, i: i32, each: &EnumDescriptorProto) {
    let _ = write!(page, "\n### {}\n\n{}\n", each.name(), comments.at(&[5, i]));
    page.push_str("\n| value | number | |\n| --- | --- | --- |\n");
    for (n, value) in each.value.iter().enumerate() {
        let _ = writeln!(page, "| `{}` | {} | {} |", value.name(), value.number(), comments.line(&[5, i, 2, index(n)]));
    }
}

fn type_of(field: &FieldDescriptorProto, message: &DescriptorProto) -> String {
    let scalar = |word: &str| format!("`{word}`");
    let text = match field.r#type() {
        Type::Message | Type::Enum => {
            let name = short(field.type_name());
            if let Some(entry) = message.nested_type.iter().find(|nested| nested.name() == name) {
                let part = |n: usize| type_of(&entry.field[n], entry);
                return format!("map of {} to {}", part(0), part(1));
            }
            if field.type_name().starts_with(".opora.v1.") {
                format!("[{name}](#{})", name.to_lowercase())
            } else {
                scalar(field.type_name().trim_start_matches('.'))
            }
        }
        Type::String => scalar("string"),
        Type::Bytes => scalar("bytes"),
        Type::Bool => scalar("bool"),
        Type::Int32 => scalar("int32"),
        Type::Uint32 => scalar("uint32"),
        Type::Uint64 => scalar("uint64"),
        other => scalar(other.as_str_name()),
    };
    match (field.label(), field.oneof_index.filter(|_| !field.proto3_optional())) {
        (Label::Repeated, _) => format!("repeated {text}"),
        (_, Some(_)) => format!("one of, {text}"),
        _ => text,
    }
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
