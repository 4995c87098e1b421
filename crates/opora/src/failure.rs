//! What ends a command without success: one exit code, one sentence, one next step.

use std::fmt;
use std::io;

use opora_proto::error::{ErrorReason, Fault};
use tonic::{Code, Status};

use crate::system;
use crate::text::Text;

/// The exit codes of `docs/cli.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Refused by the server, or something was found to be wrong.
    Refused = 1,
    /// Wrong usage.
    Usage = 2,
    /// The server can't be reached.
    Unreachable = 69,
    /// A bug.
    Bug = 70,
    /// Input or output failed.
    Io = 74,
    /// A passing trouble.
    TryAgain = 75,
    /// Wrong configuration.
    Config = 78,
}

/// Why a command did not succeed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Failure(Box<Inner>);

#[derive(Debug)]
enum Inner {
    /// Whoever read our output went away: nothing to say, nothing wrong.
    Quiet,
    /// Said already, or nothing to add to what was printed.
    Said(Exit),
    Sentence(Exit, String),
    Io(Place, io::Error),
    Call(String, Fault, Cause),
    /// A change that never got out.
    Unsent(String, Cause),
    /// A change whose answer was lost.
    Lost(Lost),
    /// A signal ended the command, in the middle of a change perhaps.
    Interrupted(i32, Option<Failure>),
    /// The same after a part was done, which is said.
    After(Failure, String),
}

/// A change whose answer was lost.
#[derive(Debug)]
struct Lost {
    server: String,
    /// What makes it at most once.
    command: String,
    /// The command read a text from standard input.
    input: bool,
}

/// What could not be read or written.
#[derive(Debug)]
enum Place {
    /// A file.
    Path(String),
    /// Something that the catalogues name.
    Key(&'static str),
}

/// Why a call did not get through.
#[derive(Debug)]
enum Cause {
    /// By the system's word.
    System(io::Error),
    Told(String),
}

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quiet | Self::Said(_) => f.write_str("ended"),
            Self::Sentence(_, sentence) => f.write_str(sentence),
            Self::Io(Place::Path(what), cause) => write!(f, "{what}: {cause}"),
            Self::Io(Place::Key(what), cause) => write!(f, "{what}: {cause}"),
            Self::Call(_, fault, _) => f.write_str(&fault.message),
            Self::Unsent(..) => f.write_str("not sent"),
            Self::Lost(_) => f.write_str("no answer"),
            Self::Interrupted(signal, _) => write!(f, "ended by signal {signal}"),
            Self::After(failure, _) => failure.fmt(f),
        }
    }
}

impl Failure {
    /// A command that was misused in a way that clap can't see.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self(Box::new(Inner::Sentence(Exit::Usage, sentence.into())))
    }

    /// A file of settings that is wrong.
    pub(crate) fn config(sentence: impl Into<String>) -> Self {
        Self(Box::new(Inner::Sentence(Exit::Config, sentence.into())))
    }

    /// A failure with its own sentence.
    pub(crate) fn new(exit: Exit, sentence: impl Into<String>) -> Self {
        Self(Box::new(Inner::Sentence(exit, sentence.into())))
    }

    /// A failure that the output has told already.
    pub(crate) fn said(exit: Exit) -> Self {
        Self(Box::new(Inner::Said(exit)))
    }

    /// Something that can't be, unless opora has a bug.
    pub(crate) fn bug(detail: impl Into<String>) -> Self {
        Self(Box::new(Inner::Sentence(Exit::Bug, detail.into())))
    }

    /// A file that can't be read or written.
    pub(crate) fn io(path: impl Into<String>, cause: io::Error) -> Self {
        Self::of_io(Place::Path(path.into()), cause)
    }

    /// The same of something that the catalogues name: `io-stdout`.
    pub(crate) fn stream(key: &'static str, cause: io::Error) -> Self {
        Self::of_io(Place::Key(key), cause)
    }

    fn of_io(place: Place, cause: io::Error) -> Self {
        if cause.kind() == io::ErrorKind::BrokenPipe {
            return Self(Box::new(Inner::Quiet));
        }
        Self(Box::new(Inner::Io(place, cause)))
    }

    /// What a server answered, or that none did.
    pub(crate) fn call(server: &str, status: &Status) -> Self {
        Self(Box::new(Inner::Call(server.to_owned(), Fault::from(status), root_cause(status))))
    }

    /// A change that never got out.
    pub(crate) fn unsent(server: &str, status: &Status) -> Self {
        Self(Box::new(Inner::Unsent(server.to_owned(), root_cause(status))))
    }

    /// A signal ended the command, while the answer to a change was waited for perhaps.
    pub(crate) fn interrupted(signal: i32, lost: Option<Self>) -> Self {
        Self(Box::new(Inner::Interrupted(signal, lost)))
    }

    /// The same after a part was done: a line says which.
    pub(crate) fn after(self, done: String) -> Self {
        Self(Box::new(Inner::After(self, done)))
    }

    /// The signal that ended the command.
    pub(crate) fn signal(&self) -> Option<i32> {
        match &*self.0 {
            Inner::Interrupted(signal, _) => Some(*signal),
            Inner::After(failure, _) => failure.signal(),
            _ => None,
        }
    }

    /// A change whose answer was lost, the command that makes it at most once, and whether that reads standard input.
    pub(crate) fn lost(server: &str, command: String, input: bool) -> Self {
        Self(Box::new(Inner::Lost(Lost { server: server.to_owned(), command, input })))
    }

    /// The error of the contract, if a server gave one.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        match &*self.0 {
            Inner::Call(_, fault, _) => Some(fault),
            Inner::After(failure, _) => failure.fault(),
            _ => None,
        }
    }

    /// Whether the server could not be reached or said that it passes.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self.exit(), Some(Exit::Unreachable | Exit::TryAgain))
    }

    /// The exit code; `None`: 0.
    pub(crate) fn exit(&self) -> Option<Exit> {
        match &*self.0 {
            Inner::Quiet => None,
            Inner::Said(exit) | Inner::Sentence(exit, _) => Some(*exit),
            Inner::Io(..) => Some(Exit::Io),
            Inner::Call(_, fault, _) => Some(exit_of(fault)),
            Inner::Unsent(..) => Some(Exit::Unreachable),
            Inner::Lost(_) | Inner::Interrupted(..) => Some(Exit::TryAgain),
            Inner::After(failure, _) => failure.exit(),
        }
    }

    /// What to tell a person: a sentence, details, and a next step, a line each.
    pub(crate) fn lines(&self, text: &Text) -> Vec<String> {
        match &*self.0 {
            Inner::Quiet | Inner::Said(_) => Vec::new(),
            Inner::Sentence(Exit::Bug, detail) => vec![
                text.with("error-bug", &[("detail", detail.into())]),
                text.with("hint-bug", &[("version", env!("CARGO_PKG_VERSION").into())]),
            ],
            Inner::Sentence(_, sentence) => vec![sentence.clone()],
            Inner::Io(what, cause) => {
                let what = match what {
                    Place::Path(path) => path.clone(),
                    Place::Key(key) => text.get(key),
                };
                vec![text.with("error-io", &[("what", what.into()), ("cause", system::told(cause, text).into())])]
            }
            Inner::Call(server, fault, cause) => call_lines(text, server, fault, cause),
            Inner::Unsent(server, cause) => {
                let mut lines = unreachable_lines(text, server, cause);
                lines.insert(1, text.get("hint-unsent"));
                lines
            }
            Inner::Interrupted(_, lost) => lost.as_ref().map(|lost| lost.lines(text)).unwrap_or_default(),
            Inner::After(failure, done) => [vec![done.clone()], failure.lines(text)].concat(),
            Inner::Lost(Lost { server, command, input }) => {
                let hint = if *input { "hint-lost-input" } else { "hint-lost" };
                vec![text.with("error-lost", &[("server", server.into())]), text.get(hint), format!("  {command}")]
            }
        }
    }
}

fn exit_of(fault: &Fault) -> Exit {
    match (fault.code, fault.reason) {
        (_, Some(ErrorReason::StoreFailed)) => Exit::Refused,
        (_, Some(ErrorReason::LimitReached)) if fault.retry_after.is_some() => Exit::TryAgain,
        (_, Some(ErrorReason::Overloaded | ErrorReason::NotServing | ErrorReason::DiskFull))
        | (Code::DeadlineExceeded | Code::Cancelled, _) => Exit::TryAgain,
        (Code::Unavailable | Code::Unknown, None) => Exit::Unreachable,
        _ => Exit::Refused,
    }
}

/// The innermost cause: tonic's own message says `transport error` only.
fn root_cause(status: &Status) -> Cause {
    let mut cause: &dyn std::error::Error = status;
    // A chain of causes is short; the bound guards against one that runs in a circle.
    for _ in 0..16 {
        match cause.source() {
            Some(next) => cause = next,
            None => break,
        }
    }
    if let Some(system) = cause.downcast_ref::<io::Error>() {
        // What came of it can't be taken out of the chain: made again by its number, or with its words.
        return Cause::System(match system.raw_os_error() {
            Some(number) => io::Error::from_raw_os_error(number),
            None if system.get_ref().is_none() => system.kind().into(),
            None => io::Error::new(system.kind(), system.to_string()),
        });
    }
    let itself = std::ptr::addr_eq(cause, std::ptr::from_ref(status));
    Cause::Told(if itself { status.message().to_owned() } else { cause.to_string() })
}

fn call_lines(text: &Text, server: &str, fault: &Fault, cause: &Cause) -> Vec<String> {
    if exit_of(fault) == Exit::Unreachable {
        return unreachable_lines(text, server, cause);
    }
    if fault.reason.is_none() && exit_of(fault) == Exit::TryAgain {
        // The transport's own words, in one language.
        return vec![text.with("error-late", &[("server", server.into())]), text.get("hint-late")];
    }
    let mut lines = vec![fault.message.clone()];
    lines.extend(fault.violations.iter().map(|v| format!("  {}: {}", v.field, v.description)));
    if let Some(hint) = hint(fault) {
        let allowed = fault.metadata.get("allowed").map(String::as_str).unwrap_or_default();
        if hint != "hint-allowed" || !allowed.is_empty() {
            lines.push(text.with(hint, &[("allowed", allowed.into())]));
        }
    }
    lines
}

fn unreachable_lines(text: &Text, server: &str, cause: &Cause) -> Vec<String> {
    let cause = match cause {
        Cause::System(error) => system::told(error, text),
        Cause::Told(words) => words.clone(),
    };
    vec![
        text.with("error-unreachable", &[("server", server.into()), ("cause", cause.into())]),
        text.get("hint-unreachable"),
    ]
}

fn hint(fault: &Fault) -> Option<&'static str> {
    let by_reason = match fault.reason? {
        ErrorReason::EtagMismatch => "hint-etag",
        ErrorReason::UnseenMessage => "hint-unseen",
        ErrorReason::TransitionNotAllowed => "hint-allowed",
        ErrorReason::TicketNotFound => "hint-not-found",
        ErrorReason::ResourceNotFound => "hint-resource-not-found",
        ErrorReason::ImportNotAllowed => "hint-import",
        ErrorReason::DiskFull => "hint-disk",
        ErrorReason::InvalidFilter => "hint-filter",
        ErrorReason::RequestIdReused => "hint-request-id",
        ErrorReason::DeadlineExceeded => "hint-deadline",
        ErrorReason::Overloaded | ErrorReason::NotServing | ErrorReason::NotLeader => "hint-try-again",
        ErrorReason::StoreFailed | ErrorReason::ReadOnly | ErrorReason::DataCorrupt | ErrorReason::Internal => {
            "hint-operator"
        }
        _ => return None,
    };
    Some(by_reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::value::Language;
    use tonic_types::{ErrorDetails, StatusExt as _};

    fn refused(code: Code, reason: ErrorReason, metadata: &[(&str, &str)]) -> Failure {
        let metadata: std::collections::HashMap<String, String> =
            metadata.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let details = ErrorDetails::with_error_info(reason.word(), "opora", metadata);
        Failure::call("http://desk.example.com", &Status::with_error_details(code, "the desk says no", details))
    }

    #[test]
    fn exit_codes_are_those_of_the_documentation() {
        let cases = [
            (refused(Code::FailedPrecondition, ErrorReason::TransitionNotAllowed, &[]), 1),
            (refused(Code::Unavailable, ErrorReason::NotServing, &[]), 75),
            (refused(Code::ResourceExhausted, ErrorReason::Overloaded, &[]), 75),
            (refused(Code::Unavailable, ErrorReason::StoreFailed, &[]), 1),
            (Failure::call("x", &Status::unavailable("tcp connect error")), 69),
            (Failure::call("x", &Status::deadline_exceeded("late")), 75),
            (Failure::usage("x"), 2),
            (Failure::bug("x"), 70),
            (Failure::io("x", io::Error::other("y")), 74),
            (Failure::config("x"), 78),
        ];
        for (failure, code) in cases {
            assert_eq!(failure.exit().map(|exit| exit as u8), Some(code), "{failure:?}");
        }
        assert_eq!(Failure::io("x", io::ErrorKind::BrokenPipe.into()).exit(), None);
    }

    #[test]
    fn a_refusal_is_told_with_a_next_step() {
        let text = Text::new(Language::En);
        let failure = refused(Code::FailedPrecondition, ErrorReason::TransitionNotAllowed, &[("allowed", "RESOLVED")]);
        assert_eq!(failure.lines(&text), ["the desk says no", "Allowed from here: RESOLVED."]);
        let lines = Failure::call("http://127.0.0.1:1", &Status::unavailable("refused")).lines(&text);
        assert!(lines[0].contains("http://127.0.0.1:1") && lines[1].contains("opora serve"), "{lines:?}");
    }

    #[test]
    fn what_the_system_says_is_told_in_the_persons_language() {
        let text = Text::new(Language::Ru);
        let refused = || io::Error::from(rustix::io::Errno::CONNREFUSED);
        let status = Status::from_error(Box::new(refused()));
        let lines = Failure::call("http://127.0.0.1:1", &Status::unavailable("x")).lines(&text);
        assert_eq!(lines[0], "Сервер http://127.0.0.1:1 недоступен: x");
        let lines = Failure::call("http://127.0.0.1:1", &status).lines(&text);
        assert_eq!(lines[0], "Сервер http://127.0.0.1:1 недоступен: в соединении отказано (ошибка системы 111)");
        let late = Status::from_error(Box::new(io::Error::from(io::ErrorKind::ConnectionReset)));
        let lines = Failure::call("http://127.0.0.1:1", &late).lines(&text);
        assert_eq!(lines[0], "Сервер http://127.0.0.1:1 недоступен: соединение разорвано другой стороной");
        let lines = Failure::stream("io-stdin", refused()).lines(&text);
        assert_eq!(lines, ["стандартный ввод: в соединении отказано (ошибка системы 111)"]);
        let lines = Failure::io("a.txt", refused()).lines(&Text::new(Language::En));
        assert_eq!(lines, ["a.txt: Connection refused (os error 111)"]);
    }
}
