//! The dialog that brings tickets together, drawn.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::tie::Tie;
use super::view::{fault, line_field};
use super::view_more::at;
use crate::model::Model;
use crate::selection::Picked;
use crate::text::{clean_line, cut, wrap};
use crate::theme::state_word;

pub(super) fn tie(model: &Model, frame: &mut Frame<'_>, area: Rect, dialog: &Tie) {
    let (theme, texts) = (model.theme, &model.texts);
    line_field(model, frame, at(area, 0, 1), &format!("{} ", texts.get("tie-label")), &dialog.line, true);
    if !dialog.merge {
        let kind = texts.get(super::ask::kind_word(dialog.kind));
        let words = format!("{} ‹ {kind} ›", texts.get("tie-kind"));
        frame.render_widget(Paragraph::new(Line::styled(words, theme.key())), at(area, 1, 1));
    }
    let one = dialog.picked.first().map(|one| format!("#{} «{}»", one.number(), clean_line(one.subject())));
    let one = one.unwrap_or_default();
    let (words, style) = match &dialog.found {
        None => (texts.get("tie-how"), theme.dim()),
        Some(Err(why)) => (clean_line(why), theme.bad()),
        Some(Ok(row)) => {
            let two = format!("#{} «{}» ({})", row.number, row.subject(), texts.get(state_word(row.state)));
            let words = if dialog.marked {
                texts.with("tie-link-many", &[("two", (&two).into()), ("count", dialog.tied().count().into())])
            } else {
                let key = if dialog.merge { "tie-merge" } else { "tie-link" };
                texts.with(key, &[("one", (&one).into()), ("two", (&two).into())])
            };
            (words, if dialog.merge { theme.warning() } else { theme.plain() })
        }
    };
    let wide = area.width as usize;
    let mut lines: Vec<Line<'_>> = wrap(&words, wide).into_iter().map(|line| Line::styled(line, style)).collect();
    let changes = dialog.changes.iter().flat_map(|change| wrap(&format!("! {change}"), wide));
    lines.extend(changes.map(|line| Line::styled(line, theme.bad())));
    if dialog.marked {
        let one = |one: &Picked| cut(&format!("#{} {}", one.number(), clean_line(one.subject())), wide);
        lines.extend(listed(model, dialog.tied().map(one), area.height.saturating_sub(5 + lines.len() as u16)));
    }
    frame.render_widget(Paragraph::new(lines), at(area, 3, area.height.saturating_sub(4)));
    fault(model, frame, area, dialog.fault);
}

/// So many of these lines as there is room for, and how many more there are.
fn listed(model: &Model, all: impl Iterator<Item = String>, room: u16) -> Vec<Line<'static>> {
    let all: Vec<String> = all.collect();
    let fitting = if all.len() > room as usize { room.saturating_sub(1) as usize } else { all.len() };
    let rest = all.len() - fitting;
    let mut lines: Vec<Line<'static>> = all.into_iter().take(fitting).map(Line::raw).collect();
    if rest > 0 {
        lines.push(Line::styled(model.texts.with("and-more", &[("count", rest.into())]), model.theme.dim()));
    }
    lines
}
