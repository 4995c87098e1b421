//! The dialogs of writing drawn: an answer or a note with what has to be known beside it, and a new ticket.

use opora_proto::v1::{PresenceActivity, Visibility};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::create::{CATEGORIES, Create, FIELDS, Field, IMPACTS};
use super::snippet::Snippets;
use super::view::{fault, line_field, list};
use super::write::Write;
use crate::detail::view::{comment_title, text_lines};
use crate::model::Model;
use crate::text::{clean_line, cut, fit, width, wrap};

/// The lines of a message that came in between which are shown above the text; the whole of it stands in the pane.
const OF_A_MESSAGE: usize = 6;
/// The least lines that are left for the text.
const LEAST: u16 = 3;

/// The colour of who reads it.
pub(super) fn colour(model: &Model, dialog: &Write) -> Style {
    if dialog.visibility == Visibility::Public { model.theme.public() } else { model.theme.internal() }
}

/// An answer to the customer, or a note.
pub(super) fn write(model: &Model, frame: &mut Frame<'_>, area: Rect, dialog: &Write) {
    if let Some(snippets) = &dialog.snippets {
        return choose(model, frame, area, snippets);
    }
    let word = if dialog.visibility == Visibility::Public { "write-public" } else { "write-internal" };
    let style = colour(model, dialog);
    frame.render_widget(Paragraph::new(Line::styled(model.texts.get(word), style)), Rect { height: 1, ..area });
    let mut lines = colleagues(model, dialog, area.width as usize);
    lines.extend(between(model, dialog, area.width as usize));
    let height = (lines.len() as u16).min(area.height.saturating_sub(1 + LEAST));
    frame.render_widget(Paragraph::new(lines), Rect { y: area.y + 1, height, ..area });
    let top = 1 + height;
    let text = Rect { y: area.y + top, height: area.height.saturating_sub(top), ..area };
    frame.render_widget(dialog.area.widget(), text);
    fault(model, frame, area, dialog.fault);
}

/// Who else is writing to the same customer now.
fn colleagues(model: &Model, dialog: &Write, wide: usize) -> Vec<Line<'static>> {
    let writes = |activity| matches!(activity, PresenceActivity::WritingPublic);
    let who: Vec<String> = model
        .presences
        .at(dialog.number)
        .into_iter()
        .filter(|here| writes(here.activity))
        .map(|here| clean_line(model.agent_name(&here.who)))
        .collect();
    if who.is_empty() {
        return Vec::new();
    }
    let words = model.texts.with("write-beside", &[("who", (&who.join(", ")).into())]);
    wrap(&format!("✎ {words}"), wide).into_iter().map(|line| Line::styled(line, model.theme.warning())).collect()
}

/// The messages that the writer has not seen, in full sight before anything can be sent.
fn between(model: &Model, dialog: &Write, wide: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    let unseen = dialog.unseen(model);
    let (key, style) = match dialog.held {
        Some(_) => ("held-back", theme.bad()),
        None if unseen.is_empty() => return Vec::new(),
        None => ("write-newer", theme.warning()),
    };
    let mut lines: Vec<Line<'static>> =
        wrap(&model.texts.get(key), wide).into_iter().map(|line| Line::styled(line, style)).collect();
    for comment in &unseen {
        lines.push(comment_title(model, comment));
        lines.extend(text_lines(&comment.body, wide).take(OF_A_MESSAGE));
    }
    if unseen.is_empty() {
        lines.push(Line::styled(model.texts.get("detail-loading"), theme.dim()));
    }
    lines.push(Line::styled("─".repeat(wide), theme.dim()));
    lines
}

/// The canned replies, and under them the text of the marked one.
fn choose(model: &Model, frame: &mut Frame<'_>, area: Rect, snippets: &Snippets) {
    line_field(model, frame, area, "/ ", &snippets.pick.line, true);
    let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let found: Vec<&(String, String)> = snippets.pick.found.iter().filter_map(|at| snippets.list.get(*at)).collect();
    if found.is_empty() {
        let key = match () {
            () if snippets.waiting => "search-waiting",
            () if snippets.list.is_empty() => "snippets-none",
            () => "search-nothing",
        };
        frame.render_widget(Paragraph::new(Line::styled(model.texts.get(key), model.theme.dim())), rest);
        return;
    }
    let upper = rest.height.div_ceil(2).min(found.len() as u16);
    let wide = area.width as usize;
    let lines = found.iter().map(|(name, _)| Line::raw(cut(name, wide.saturating_sub(2)))).collect();
    list(model, frame, Rect { height: upper, ..rest }, lines, snippets.pick.chosen);
    let lower = Rect { y: rest.y + upper, height: rest.height - upper, ..rest };
    let text = snippets.chosen().unwrap_or_default();
    let mut preview = vec![Line::styled("─".repeat(wide), model.theme.dim())];
    preview.extend(text_lines(text, wide).take(lower.height as usize).map(|line| line.style(model.theme.dim())));
    frame.render_widget(Paragraph::new(preview), lower);
}

/// A new ticket.
pub(super) fn create(model: &Model, frame: &mut Frame<'_>, area: Rect, dialog: &Create) {
    let (texts, theme) = (&model.texts, model.theme);
    let labels: Vec<String> = FIELDS.iter().map(|field| texts.get(label(*field))).collect();
    let wide = labels.iter().map(|label| width(label)).max().unwrap_or_default() + 2;
    let at = |y: usize| Rect { y: area.y + (y as u16).min(area.height.saturating_sub(1)), height: 1, ..area };
    let word = |words: Option<&'static str>, active: bool| {
        let word = texts.get(words.unwrap_or("unknown"));
        if active { format!("‹ {word} ›") } else { format!("  {word}") }
    };
    for (i, (field, label)) in FIELDS.iter().zip(&labels).enumerate() {
        let active = dialog.field == *field;
        let label = fit(label, wide);
        let value = match field {
            Field::Subject => {
                line_field(model, frame, at(i), &label, &dialog.subject, active);
                continue;
            }
            Field::Organisation => {
                dialog.organisation.draw(model, frame, at(i), &label, active);
                continue;
            }
            Field::Reporter | Field::Email => {
                let line = if *field == Field::Reporter { &dialog.reporter } else { &dialog.email };
                line_field(model, frame, at(i), &label, line, active);
                continue;
            }
            Field::Category => word(CATEGORIES.get(dialog.category).map(|(_, key)| *key), active),
            Field::Impact => word(IMPACTS.get(dialog.impact).map(|(_, key)| *key), active),
            Field::Description => String::new(),
        };
        let style = if active { theme.key() } else { theme.dim() };
        frame.render_widget(Paragraph::new(Line::from(vec![Span::styled(label, style), Span::raw(value)])), at(i));
    }
    let top = (FIELDS.len() as u16).min(area.height);
    let text = Rect { y: area.y + top, height: area.height - top, ..area };
    if dialog.field == Field::Description {
        frame.render_widget(dialog.description.widget(), text);
    } else if dialog.field == Field::Organisation && !model.organisations.is_empty() {
        let under = Rect { y: area.y + 2.min(area.height), height: area.height.saturating_sub(3), ..area };
        dialog.organisation.draw_list(model, frame, under);
    } else {
        let lines = wrap(&dialog.description.text(), text.width as usize);
        frame.render_widget(Paragraph::new(lines.into_iter().map(Line::raw).collect::<Vec<_>>()), text);
    }
    fault(model, frame, area, dialog.fault);
}

fn label(field: Field) -> &'static str {
    match field {
        Field::Subject => "field-subject",
        Field::Organisation => "field-organisation",
        Field::Reporter => "field-reporter",
        Field::Email => "field-email",
        Field::Category => "field-category",
        Field::Impact => "field-impact",
        Field::Description => "field-description",
    }
}
