//! What a filter weighs: about how much it costs to judge it, in terms that compare one value. The weights are ratios,
//! not measures: they keep a filter of a hundred dear terms from passing for one of a hundred cheap ones.

use super::field::Kind;
use super::term::{Op, Term, Value};

/// A part of a text is looked for at every place of the text.
const PART: u32 = 4;
/// One of several tags, workstations or channels.
const AMONG: u32 = 2;
/// A bare text is looked up in the index of full text, once for each text however often it stands there.
pub(super) const SEARCH: u32 = 10;
/// Everything else compares one value.
pub(super) const ONE: u32 = 1;

/// What a term weighs.
pub(super) const fn of_term(term: &Term) -> u32 {
    match (term.field.kind(), term.op, &term.value) {
        (Kind::Text | Kind::OptionalText, Op::Has, Value::Text(_)) => PART,
        (Kind::Names | Kind::Channel, _, _) => AMONG,
        _ => ONE,
    }
}

/// What to do about a filter that weighs too much.
pub(super) fn too_much() -> String {
    format!(
        "a filter weighs at most {}: a word or text to search for weighs {SEARCH}, a part of a text (`:`) {PART}, a tag, \
         workstation or channel {AMONG}, any other term {ONE}; ask for less at once",
        super::Filter::MAX_COST
    )
}
