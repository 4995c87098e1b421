//! What a customer or an owner is called, once for all the rows that have it. Knows no row and no screen.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use crate::text;

/// A name, cleaned, and folded for the filter. As cheap to copy as a pointer.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Name(Arc<Both>);

#[derive(PartialEq, Eq)]
struct Both {
    shown: Box<str>,
    folded: Box<str>,
}

impl Name {
    /// As the filter compares it.
    pub(crate) fn folded(&self) -> &str {
        &self.0.folded
    }

    /// The same for all that share it, and for no other name while it is held.
    pub(crate) fn identity(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        let shown = text::clean_line(name);
        Self(Arc::new(Both { folded: text::fold(&shown).into(), shown: shown.into() }))
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.shown
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        self
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // As `str` does, since it is looked up by one.
        (**self).hash(state);
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
