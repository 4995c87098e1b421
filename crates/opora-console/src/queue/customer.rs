//! What a customer is called, once for all the rows that have it. Knows no row and no screen.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::text;

/// A customer's name, cleaned, and folded for the filter. As cheap to copy as a pointer.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Customer(Arc<Both>);

#[derive(PartialEq, Eq)]
struct Both {
    shown: Box<str>,
    folded: Box<str>,
}

impl Customer {
    /// As the filter compares it.
    pub(crate) fn folded(&self) -> &str {
        &self.0.folded
    }
}

impl From<&str> for Customer {
    fn from(name: &str) -> Self {
        let shown = text::clean_line(name);
        Self(Arc::new(Both { folded: text::fold(&shown).into(), shown: shown.into() }))
    }
}

impl Deref for Customer {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.shown
    }
}

impl fmt::Display for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
