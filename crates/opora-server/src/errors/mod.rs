//! Errors on their way out: what went wrong as a value, and how it is said on the wire (docs/contract.md "Promises").
//!
//! [`map`] alone knows which refusal has which code, reason and details. Nothing internal leaks: an I/O error's text
//! goes to the log, never to a caller.
#![expect(clippy::unnecessary_box_returns, reason = "a problem is rare and large: in a Result it is boxed")]
#![expect(clippy::needless_pass_by_value, reason = "what is said in an error reads best by value")]

mod map;
mod violations;

use std::collections::HashMap;
use std::time::Duration;

use opora_proto::error::{DOMAIN, ErrorReason};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

pub(crate) use map::{LATER, refusal_of_batch, refused};
pub(crate) use violations::Violations;

use crate::language::{self, Language};

/// The most characters of a variable part that comes from a caller.
const MAX_VALUE: usize = 200;

/// What a handler gives. The problem is boxed: it is rare, and large.
pub(crate) type Outcome<T> = Result<T, Box<Problem>>;

/// Why a call is refused, before it is put into a caller's language.
#[derive(Debug)]
pub(crate) struct Problem {
    code: Code,
    reason: ErrorReason,
    /// The sentence, where it is not the reason's own.
    text: Option<&'static str>,
    metadata: Vec<(&'static str, String)>,
    violations: Vec<(String, String)>,
    retry: Option<Duration>,
    resource: Option<(&'static str, String)>,
    precondition: bool,
    quota: bool,
}

impl Problem {
    /// A problem with this code and reason.
    pub(crate) fn new(code: Code, reason: ErrorReason) -> Box<Self> {
        Box::new(Self {
            code,
            reason,
            text: None,
            metadata: Vec::new(),
            violations: Vec::new(),
            retry: None,
            resource: None,
            precondition: code == Code::FailedPrecondition,
            quota: code == Code::ResourceExhausted,
        })
    }

    /// Fields that are wrong: 20 at most, and how many in all.
    pub(crate) fn fields(violations: Violations) -> Box<Self> {
        let (list, count) = violations.into_parts();
        let mut problem = Self::new(Code::InvalidArgument, ErrorReason::InvalidField);
        problem.metadata.push(("violations", count.to_string()));
        problem.violations = list;
        problem
    }

    /// One field that is wrong.
    pub(crate) fn field(path: &str, detail: &str) -> Box<Self> {
        let mut violations = Violations::default();
        violations.add(path, detail);
        Self::fields(violations)
    }

    /// A bug, or a disk that can't be read: told to the log in full, to the caller not at all.
    pub(crate) fn internal(what: &str, cause: &dyn std::fmt::Display) -> Box<Self> {
        tracing::error!(%cause, "{what}");
        Self::new(Code::Internal, ErrorReason::Internal)
    }

    /// With a variable part, under a key that `errors.proto` names.
    pub(crate) fn with(mut self: Box<Self>, key: &'static str, value: impl ToString) -> Box<Self> {
        self.metadata.push((key, clip(&value.to_string())));
        self
    }

    /// With the word to try again after a while.
    pub(crate) fn retry(mut self: Box<Self>, after: Duration) -> Box<Self> {
        self.retry = Some(after);
        self
    }

    /// About this resource.
    pub(crate) fn about(mut self: Box<Self>, kind: &'static str, name: impl ToString) -> Box<Self> {
        self.resource = Some((kind, clip(&name.to_string())));
        self
    }

    /// With a sentence of its own instead of the reason's.
    pub(crate) fn say(mut self: Box<Self>, text: &'static str) -> Box<Self> {
        self.text = Some(text);
        self
    }

    /// The canonical code.
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// The reason.
    pub(crate) fn reason(&self) -> ErrorReason {
        self.reason
    }

    /// The variable parts.
    pub(crate) fn metadata(&self) -> HashMap<String, String> {
        self.metadata.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    }

    /// The sentence in a language.
    pub(crate) fn sentence(&self, language: Language) -> String {
        let key = self.text.map_or_else(|| language::key(self.reason), str::to_owned);
        let first = self.violations.first();
        let count = self.metadata.iter().find(|(key, _)| *key == "violations").and_then(|(_, n)| n.parse().ok());
        let mut values: Vec<(&str, &str)> = self.metadata.iter().map(|(key, value)| (*key, value.as_str())).collect();
        if let Some((field, detail)) = first {
            values.extend([("field", field.as_str()), ("detail", detail.as_str())]);
        }
        language::sentence(language, &key, &values, count)
    }

    /// The status on the wire.
    pub(crate) fn status(&self, language: Language) -> Status {
        let english = ascii(&self.sentence(Language::English));
        let mut details = ErrorDetails::with_error_info(self.reason.word(), DOMAIN, self.metadata());
        for (field, detail) in &self.violations {
            details.add_bad_request_violation(field, detail);
        }
        if self.precondition {
            let subject = self.resource.as_ref().map_or("", |(_, name)| name);
            details.add_precondition_failure_violation(self.reason.word(), subject, &english);
        }
        if self.quota {
            details.add_quota_failure_violation(self.reason.word(), &english);
        }
        if let Some((kind, name)) = &self.resource {
            details.set_resource_info(*kind, name, "", &english);
        }
        if let Some(after) = self.retry {
            details.set_retry_info(Some(after));
        }
        if language != Language::English {
            details.set_localized_message(language.tag(), self.sentence(language));
        }
        Status::with_error_details(self.code, english, details)
    }
}

/// At most 200 characters of a text that a caller sent.
fn clip(text: &str) -> String {
    text.chars().take(MAX_VALUE).collect()
}

/// What can stand in `grpc-message` without being escaped.
fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() && !c.is_ascii_control() { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests;
