//! The console broken on purpose, so that a test sees how the terminal and the drafts are left.

/// Where it breaks, for a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breaks {
    /// In a frame, when it is live.
    Draw,
    /// When a draft that ends with `!` is to be kept.
    Typed,
}

impl Breaks {
    /// Of what a test asked for.
    pub(crate) fn of(asked: Option<&str>) -> Option<Self> {
        match asked? {
            "draw" => Some(Self::Draw),
            "typed" => Some(Self::Typed),
            _ => None,
        }
    }
}

/// Breaks.
#[expect(clippy::panic, reason = "this is what it is for; only a test asks for it")]
pub(crate) fn broken() {
    panic!("broken on purpose");
}
