//! The canonical text of a filter: hashed into page tokens, shown to people. Parentheses only where they are needed, so
//! it is never nested deeper than what was read.

use std::fmt::{self, Write as _};

use super::term::{Op, Term, UNITS, Value, When};
use super::{Filter, Node};

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node(f, &self.root)
    }
}

impl Filter {
    fn node(&self, f: &mut fmt::Formatter<'_>, node: &Node) -> fmt::Result {
        match node {
            // OR binds tighter: within AND it needs no parentheses.
            Node::And(parts) => self.joined(f, parts, " AND ", false),
            Node::Or(parts) => self.joined(f, parts, " OR ", true),
            Node::Not(inner) => {
                f.write_str("NOT ")?;
                self.grouped(f, inner, matches!(**inner, Node::And(_) | Node::Or(_)))
            }
            Node::Term(term) => write!(f, "{term}"),
            Node::Text(index) => quote(f, self.texts.get(*index).map_or("", |text| text)),
        }
    }

    fn joined(&self, f: &mut fmt::Formatter<'_>, parts: &[Node], by: &str, group_and: bool) -> fmt::Result {
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                f.write_str(by)?;
            }
            self.grouped(f, part, group_and && matches!(part, Node::And(_)))?;
        }
        Ok(())
    }

    fn grouped(&self, f: &mut fmt::Formatter<'_>, node: &Node, group: bool) -> fmt::Result {
        if !group {
            return self.node(f, node);
        }
        f.write_char('(')?;
        self.node(f, node)?;
        f.write_char(')')
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field.name())?;
        match self.op {
            Op::Has => f.write_char(':')?,
            op => write!(f, " {} ", op.symbol())?,
        }
        match &self.value {
            Value::State(v) => f.write_str(v.word()),
            Value::Priority(v) => f.write_str(v.word()),
            Value::Impact(v) => f.write_str(v.word()),
            Value::Category(v) => f.write_str(v.word()),
            Value::Channel(v) => f.write_str(v.word()),
            Value::Platform(v) => f.write_str(v.word()),
            Value::Origin(v) => f.write_str(v.word()),
            Value::Organisation(v) => write!(f, "\"{v}\""),
            Value::Agent(v) => write!(f, "\"{v}\""),
            Value::Text(v) => quote(f, v),
            Value::Number(v) => write!(f, "{v}"),
            Value::Ticket(v) => write!(f, "\"{v}\""),
            Value::Time(v) => write!(f, "{v}"),
            Value::Bool(v) => write!(f, "{v}"),
            Value::Unset => f.write_str("\"\""),
            Value::Any => f.write_char('*'),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => write!(f, "{at}"),
            Self::FromNow(length) if length.0 == 0 => f.write_str("now"),
            Self::FromNow(length) => {
                let sign = if length.0 < 0 { '-' } else { '+' };
                let all = length.0.unsigned_abs();
                let fits = UNITS.iter().find(|(_, unit)| all.is_multiple_of(unit.unsigned_abs()));
                let (name, unit) = fits.map_or(("s", 1_000), |(name, unit)| (*name, unit.unsigned_abs()));
                write!(f, "now{sign}{}{name}", all / unit)
            }
        }
    }
}

fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}
