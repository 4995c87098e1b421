//! Everything that is known of a call beside its message. Made once, by the layers round every call, and handed on:
//! nobody below the services asks the transport.

use opora_core::model::Actor;
use tokio::time::Instant;

use crate::language::Language;
use crate::method::Method;
use crate::scope::Scope;

/// One call, or what the desk does by itself.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who calls.
    pub(crate) principal: Actor,
    /// What is called.
    pub(crate) method: &'static Method,
    /// In which language problems are told.
    pub(crate) language: Language,
    /// When the caller stops waiting.
    pub(crate) deadline: Option<Instant>,
    /// The call of the caller's that it is a part of, as `traceparent` names it (W3C Trace Context, version 00).
    pub(crate) trace: Option<Trace>,
    /// What the caller may see.
    pub(crate) scope: Scope,
}

/// Which trace a call belongs to: the trace's id and that of the caller's part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    pub(crate) id: u128,
    pub(crate) parent: u64,
}

impl Trace {
    /// Reads `traceparent`; `None`: it is none.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, id, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_hex = |text: &str, length| {
            text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        let whole = is_hex(version, 2) && is_hex(id, 32) && is_hex(parent, 16) && is_hex(flags, 2);
        // A later version may have more parts, version 00 has not.
        if !whole || version == "ff" || version == "00" && parts.next().is_some() {
            return None;
        }
        let trace = Self { id: u128::from_str_radix(id, 16).ok()?, parent: u64::from_str_radix(parent, 16).ok()? };
        (trace.id != 0 && trace.parent != 0).then_some(trace)
    }
}

impl Call {
    /// What the desk does by itself: it sees everything.
    pub fn own() -> Self {
        Self {
            principal: Actor::SYSTEM,
            method: Method::none(),
            language: Language::default(),
            deadline: None,
            trace: None,
            scope: Scope::Everything,
        }
    }

    /// The same call of somebody who sees no more than a scope.
    #[must_use]
    pub fn within(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_read_as_it_is_written_and_no_other() {
        let read = Trace::read("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
        assert_eq!((read.id, read.parent), (0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c, 0xb7ad_6b71_6920_3331));
        assert!(Trace::read("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more").is_some());
        for wrong in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        ] {
            assert_eq!(Trace::read(wrong), None, "{wrong}");
        }
    }
}
