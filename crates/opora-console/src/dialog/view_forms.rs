//! The forms of a ticket drawn: its fields, and the steps that the customer tried.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::checklist::Checklist;
use super::fields::{Field, FieldsForm, Value};
use super::view::{fault, line_field, list};
use super::view_more::at;
use crate::model::Model;
use crate::text::{clean_line, fit, width, wrap};

pub(super) fn fields(model: &Model, frame: &mut Frame<'_>, area: Rect, form: &FieldsForm) {
    let (theme, texts) = (model.theme, &model.texts);
    if !form.is_filled() {
        let words = Line::styled(texts.get("detail-loading"), theme.dim());
        return frame.render_widget(Paragraph::new(words), area);
    }
    let labels: Vec<String> = Field::ALL.iter().map(|field| texts.get(field.name())).collect();
    let wide = labels.iter().map(|label| width(label)).max().unwrap_or_default() + 2;
    for (i, (field, label)) in Field::ALL.into_iter().zip(&labels).enumerate() {
        let active = form.field == field;
        let place = at(area, i as u16, 1);
        let label = fit(label, wide);
        match form.value(field) {
            Some(Value::Text(line)) => line_field(model, frame, place, &label, line, active),
            Some(Value::Organisation(organisation)) => organisation.draw(model, frame, place, &label, active),
            Some(Value::Turn(..)) => {
                let words = form.words(model, field);
                let style = if active { theme.key() } else { theme.dim() };
                let value = if active { format!("‹ {words} ›") } else { format!("  {words}") };
                let line = Line::from(vec![Span::styled(label, style), Span::raw(value)]);
                frame.render_widget(Paragraph::new(line), place);
            }
            Some(Value::Long(text)) => {
                let style = if active { theme.key() } else { theme.dim() };
                frame.render_widget(Paragraph::new(Line::styled(label, style)), place);
                let under = at(area, i as u16 + 1, area.height);
                if active {
                    frame.render_widget(text.widget(), under);
                } else {
                    let lines = wrap(&text.text(), area.width as usize).into_iter().map(Line::raw);
                    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), under);
                }
            }
            None => {}
        }
    }
    if let (Field::Organisation, Some(Value::Organisation(organisation))) = (form.field, form.value(form.field)) {
        organisation.draw_list(model, frame, at(area, 2, area.height.saturating_sub(3)));
    }
    let form_of = match form.field {
        Field::Occurred => "form-occur-time",
        Field::Workstations => "form-workstations",
        _ => return fault(model, frame, area, form.fault),
    };
    let words = Line::styled(texts.get(form_of), theme.dim());
    frame.render_widget(Paragraph::new(words), at(area, area.height.saturating_sub(1), 1));
    fault(model, frame, area, form.fault);
}

pub(super) fn checklist(model: &Model, frame: &mut Frame<'_>, area: Rect, dialog: &Checklist) {
    let (theme, texts) = (model.theme, &model.texts);
    if dialog.steps.is_empty() {
        let words = Line::styled(texts.get("detail-loading"), theme.dim());
        return frame.render_widget(Paragraph::new(words), area);
    }
    let line = |step: &crate::change::Step| {
        let key = format!("step-{}", step.step);
        let name = texts.get(&key);
        let name = if name == key { clean_line(&step.step) } else { name };
        let (glyph, style) = if step.done { ("√ ", theme.good()) } else { ("· ", theme.dim()) };
        let note = if step.note.is_empty() { String::new() } else { format!(" — {}", clean_line(&step.note)) };
        Line::from(vec![Span::styled(glyph, style), Span::raw(name), Span::styled(note, theme.dim())])
    };
    let upper = at(area, 0, area.height.saturating_sub(2));
    list(model, frame, upper, dialog.steps.iter().map(line).collect(), dialog.chosen);
    if let Some(note) = &dialog.note {
        let y = area.height.saturating_sub(1);
        line_field(model, frame, at(area, y, 1), &format!("{} ", texts.get("note-label")), note, true);
    }
    fault(model, frame, area, dialog.fault);
}
