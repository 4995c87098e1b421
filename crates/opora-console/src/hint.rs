//! What may follow the first of two keys: a list over the footer, from the key map and the registry. Pure.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use crate::actions::{self, Place};
use crate::model::Model;
use crate::text::{cut, fit, width};

/// Draws the list above `footer`, where a first key is open.
pub(crate) fn draw(model: &Model, frame: &mut Frame<'_>, footer: Rect) {
    let Some(first) = model.chord else { return };
    let (theme, texts) = (model.theme, &model.texts);
    let next = model.settings.keys.next(Place::of(model), first);
    let keys: Vec<String> = next.iter().map(|(key, _)| key.to_string()).collect();
    let column = keys.iter().map(|key| width(key)).max().unwrap_or_default() + 2;
    let lines: Vec<Line<'_>> = next
        .iter()
        .zip(&keys)
        .map(|((_, action), key)| {
            let words = texts.get(&format!("help-{}", actions::spec(*action).id));
            match actions::why_not(model, *action) {
                None => Line::from(vec![Span::styled(fit(key, column), theme.key()), Span::raw(words)]),
                Some(why) => Line::styled(format!("{}{words} — {}", fit(key, column), texts.get(why)), theme.dim()),
            }
        })
        .collect();
    let (most_wide, most_high) = (footer.width.saturating_sub(4), footer.y.saturating_sub(1));
    let wide = (lines.iter().map(Line::width).max().unwrap_or_default() as u16 + 4).clamp(24, most_wide.max(24));
    let high = (lines.len() as u16 + 2).min(most_high);
    let area = Rect {
        x: footer.x + footer.width.saturating_sub(wide + 1),
        y: footer.y - high,
        width: wide.min(footer.width),
        height: high,
    };
    let hint = cut(&texts.get("hint-chord"), wide.saturating_sub(4) as usize);
    let block = Block::bordered()
        .border_style(theme.border(true))
        .title(Line::styled(format!(" {first} … "), theme.title()))
        .title_bottom(Line::styled(format!(" {hint} "), theme.dim()));
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines).block(block), area);
}
