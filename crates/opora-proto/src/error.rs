//! Errors of the contract read back into a type: the code, the reason, what varies, and when to try again.

use std::collections::BTreeMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

pub use crate::v1::ErrorReason;

/// The domain of every `google.rpc.ErrorInfo` that the desk gives.
pub const DOMAIN: &str = "opora";

impl ErrorReason {
    /// The reason as it stands in `ErrorInfo.reason`: the enum's name without its prefix.
    pub fn word(self) -> &'static str {
        let name = self.as_str_name();
        name.strip_prefix("ERROR_REASON_").unwrap_or(name)
    }

    /// The reason of that word, if the contract has it.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::from_str_name(&format!("ERROR_REASON_{word}"))
    }
}

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field's path, `ticket.subject`.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
}

/// An error of the desk, as a caller needs it.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The canonical code.
    pub code: Code,
    /// The reason, where it is one of the contract.
    pub reason: Option<ErrorReason>,
    /// A sentence for people, in the language that was asked for.
    pub message: String,
    /// The variable parts, under the keys that the reason's documentation names.
    pub metadata: BTreeMap<String, String>,
    /// The fields that are wrong, at most 20.
    pub violations: Vec<Violation>,
    /// When the server says to try again.
    pub retry_after: Option<Duration>,
}

impl Fault {
    /// Whether the same request may succeed later without anybody's doing.
    pub fn is_passing(&self) -> bool {
        self.code == Code::Unavailable && self.reason != Some(ErrorReason::StoreFailed)
            || self.reason == Some(ErrorReason::Overloaded)
            // Of what frees itself the server says when.
            || self.reason == Some(ErrorReason::LimitReached) && self.retry_after.is_some()
    }
}

impl From<&Status> for Fault {
    fn from(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info().filter(|info| info.domain == DOMAIN);
        let localised = details.localized_message().map(|m| m.message.clone());
        let violations = details.bad_request().map(|b| &b.field_violations).into_iter().flatten();
        Self {
            code: status.code(),
            reason: info.and_then(|info| ErrorReason::from_word(&info.reason)),
            message: localised.unwrap_or_else(|| status.message().to_owned()),
            metadata: info.map(|i| i.metadata.clone().into_iter().collect()).unwrap_or_default(),
            violations: violations
                .map(|v| Violation { field: v.field.clone(), description: v.description.clone() })
                .collect(),
            retry_after: details.retry_info().and_then(|r| r.retry_delay),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::ErrorDetails;

    #[test]
    fn every_reason_has_a_word_and_is_found_by_it() {
        for number in 1..=200 {
            let Ok(reason) = ErrorReason::try_from(number) else { continue };
            assert_eq!(ErrorReason::from_word(reason.word()), Some(reason));
        }
        assert_eq!(ErrorReason::EtagMismatch.word(), "ETAG_MISMATCH");
    }

    #[test]
    fn a_fault_is_read_back_from_a_status() {
        let mut details = ErrorDetails::with_error_info("ETAG_MISMATCH", DOMAIN, [("etag".to_owned(), "x".to_owned())]);
        details.set_localized_message("ru", "Запрос изменён");
        let fault = Fault::from(&Status::with_error_details(Code::Aborted, "changed", details));
        assert_eq!(fault.reason, Some(ErrorReason::EtagMismatch));
        assert_eq!(fault.message, "Запрос изменён");
        assert_eq!(fault.metadata.get("etag").map(String::as_str), Some("x"));
        assert!(!fault.is_passing());
    }
}
