//! From text to a filter. Limits are checked before the grammar sees the text: it recurses with each parenthesis.

use std::sync::Arc;

use pest::Parser as _;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::Pair;

use self::grammar::{Grammar, Rule};
use super::term::{Wrong, read};
use super::{Filter, FilterError, Node, cost};

mod grammar {
    #![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "made by pest")]

    #[derive(pest_derive::Parser)]
    #[grammar = "filter/grammar.pest"]
    pub(super) struct Grammar;
}

pub(super) fn parse(text: &str) -> Result<Filter, FilterError> {
    check_size(text)?;
    let pairs = Grammar::parse(Rule::filter, text).map_err(|error| not_a_filter(text, &error))?;
    let terms = pairs.clone().flatten().filter(|pair| pair.as_rule() == Rule::term);
    if let Some(extra) = terms.clone().filter(|pair| !holds_group(pair)).nth(Filter::MAX_TERMS) {
        return Err(error(text, &extra, format!("a filter has at most {} terms", Filter::MAX_TERMS)));
    }
    let mut reader = Reader { text, texts: Vec::new(), cost: 0 };
    let root = match pairs.into_iter().find(|pair| pair.as_rule() == Rule::expression) {
        Some(expression) => reader.expression(expression)?,
        None => Node::default(),
    };
    Ok(Filter { root, texts: reader.texts, cost: reader.cost })
}

fn holds_group(term: &Pair<'_, Rule>) -> bool {
    term.clone().into_inner().any(|pair| pair.as_rule() == Rule::group)
}

fn check_size(text: &str) -> Result<(), FilterError> {
    if text.len() > Filter::MAX_LENGTH {
        let position = text.char_indices().take_while(|(at, _)| *at < Filter::MAX_LENGTH).count();
        return Err(FilterError { position, detail: format!("a filter has at most {} bytes", Filter::MAX_LENGTH) });
    }
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (position, c) in text.chars().enumerate() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > Filter::MAX_DEPTH {
            let detail = format!("parentheses are nested at most {} deep", Filter::MAX_DEPTH);
            return Err(FilterError { position, detail });
        }
    }
    Ok(())
}

fn position(text: &str, byte: usize) -> usize {
    text.char_indices().take_while(|(at, _)| *at < byte).count()
}

fn error(text: &str, pair: &Pair<'_, Rule>, detail: String) -> FilterError {
    FilterError { position: position(text, pair.as_span().start()), detail }
}

fn not_a_filter(text: &str, error: &pest::error::Error<Rule>) -> FilterError {
    let (InputLocation::Pos(byte) | InputLocation::Span((byte, _))) = error.location;
    let mut expected: Vec<&str> = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.iter().map(|rule| name(*rule)).collect(),
        ErrorVariant::CustomError { .. } => Vec::new(),
    };
    expected.sort_unstable();
    expected.dedup();
    let found = match text.get(byte..).and_then(|rest| rest.chars().next()) {
        Some(c) => format!("`{c}`"),
        None => "the end".to_owned(),
    };
    let detail = if expected.is_empty() {
        format!("{found} can't stand here")
    } else {
        format!("{found} can't stand here; expected {}", expected.join(" or "))
    };
    FilterError { position: position(text, byte), detail }
}

/// What the grammar calls a rule, for people.
const fn name(rule: Rule) -> &'static str {
    match rule {
        Rule::comparator => "a comparison (= != < <= > >= :)",
        Rule::value | Rule::plain => "a value",
        Rule::and => "AND",
        Rule::or => "OR",
        Rule::close => "a closing parenthesis",
        Rule::end | Rule::content => "a closing quotation mark",
        Rule::EOI => "the end",
        _ => "a term",
    }
}

struct Reader<'a> {
    text: &'a str,
    texts: Vec<Arc<str>>,
    /// What all that was read weighs.
    cost: u32,
}

impl Reader<'_> {
    /// Sequences joined by AND, each of factors that stand beside each other: all the same.
    fn expression(&mut self, pair: Pair<'_, Rule>) -> Result<Node, FilterError> {
        let mut parts = Vec::new();
        for sequence in pair.into_inner().filter(|pair| pair.as_rule() == Rule::sequence) {
            for factor in sequence.into_inner().filter(|pair| pair.as_rule() == Rule::factor) {
                match self.factor(factor)? {
                    Node::And(inner) => parts.extend(inner),
                    other => parts.push(other),
                }
            }
        }
        Ok(one_or(parts, Node::And))
    }

    fn factor(&mut self, pair: Pair<'_, Rule>) -> Result<Node, FilterError> {
        let mut parts = Vec::new();
        for term in pair.into_inner().filter(|pair| pair.as_rule() == Rule::term) {
            match self.term(term)? {
                Node::Or(inner) => parts.extend(inner),
                other => parts.push(other),
            }
        }
        Ok(one_or(parts, Node::Or))
    }

    fn term(&mut self, pair: Pair<'_, Rule>) -> Result<Node, FilterError> {
        let mut not = false;
        let mut found = Node::default();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::not | Rule::minus => not = true,
                Rule::restriction => found = self.restriction(part)?,
                Rule::text => found = self.bare(&part)?,
                Rule::group => {
                    for inner in part.into_inner().filter(|pair| pair.as_rule() == Rule::expression) {
                        found = self.expression(inner)?;
                    }
                }
                _ => {}
            }
        }
        Ok(match (not, found) {
            (false, found) => found,
            (true, Node::Not(inner)) => *inner,
            (true, found) => Node::Not(Box::new(found)),
        })
    }

    fn bare(&mut self, pair: &Pair<'_, Rule>) -> Result<Node, FilterError> {
        let (text, _) = content(pair);
        if text.trim().is_empty() {
            return Err(error(self.text, pair, "an empty text finds nothing".into()));
        }
        if let Some(known) = self.texts.iter().position(|known| **known == *text) {
            self.weigh(pair, cost::ONE)?;
            return Ok(Node::Text(known));
        }
        self.weigh(pair, cost::SEARCH)?;
        self.texts.push(text.into());
        Ok(Node::Text(self.texts.len() - 1))
    }

    fn weigh(&mut self, pair: &Pair<'_, Rule>, cost: u32) -> Result<(), FilterError> {
        self.cost += cost;
        if self.cost > Filter::MAX_COST {
            return Err(error(self.text, pair, cost::too_much()));
        }
        Ok(())
    }

    fn restriction(&mut self, pair: Pair<'_, Rule>) -> Result<Node, FilterError> {
        let whole = pair.clone();
        let mut parts = pair.into_inner();
        let (Some(name), Some(comparator), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(error(self.text, &whole, "a field, a comparison and a value belong together".into()));
        };
        let (text, quoted) = content(&value);
        let term = read(name.as_str(), comparator.as_str(), &text, quoted).map_err(|wrong| match wrong {
            Wrong::Field(detail) => error(self.text, &name, detail),
            Wrong::Op(detail) => error(self.text, &comparator, detail),
            Wrong::Value(detail) => error(self.text, &value, detail),
        })?;
        self.weigh(&whole, cost::of_term(&term))?;
        Ok(Node::Term(term))
    }
}

fn one_or(mut parts: Vec<Node>, join: impl Fn(Vec<Node>) -> Node) -> Node {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => Node::default(),
    }
}

/// The text of a value or bare text, and whether it stood in quotation marks.
fn content(pair: &Pair<'_, Rule>) -> (String, bool) {
    let inner = pair.clone().into_inner().flatten().find(|pair| pair.as_rule() == Rule::content);
    let Some(inner) = inner else { return (pair.as_str().to_owned(), false) };
    let mut text = String::with_capacity(inner.as_str().len());
    let mut escaped = false;
    for c in inner.as_str().chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            escaped = false;
            text.push(c);
        }
    }
    (text, true)
}
