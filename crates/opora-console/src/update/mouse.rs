//! The mouse: the wheel, a row, an entry of the footer, the divider. Read through the same layout as the drawing.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{action, scroll};
use crate::actions;
use crate::layout::{Split, is_divider, layout, screen};
use crate::model::{Model, Pane};
use crate::msg::Effect;
use crate::screens;

/// How many rows a notch of the wheel moves.
const NOTCH: isize = 3;

/// Applies an event; true where something visible may have changed.
pub(super) fn apply(model: &mut Model, event: MouseEvent, effects: &mut Vec<Effect>) -> bool {
    if model.dialog.is_some() {
        model.dragging = false;
        return false;
    }
    let regions = layout(model, screen(model));
    let at = Position::new(event.column, event.row);
    let height = regions.rows.height as usize;
    let within = |area: Option<Rect>| area.is_some_and(|area| area.contains(at));
    model.chord = None;
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) if is_divider(&regions, at.x, at.y) => model.dragging = true,
        MouseEventKind::Drag(MouseButton::Left) if model.dragging => {
            let split = Split::at(at.x, model.size.0);
            return std::mem::replace(&mut model.split, split) != split;
        }
        MouseEventKind::Up(MouseButton::Left) if model.dragging => model.dragging = false,
        MouseEventKind::ScrollDown if within(regions.detail) => scroll(model, -NOTCH),
        MouseEventKind::ScrollUp if within(regions.detail) => scroll(model, NOTCH),
        MouseEventKind::ScrollDown if within(regions.screen) => screens::step(model, NOTCH),
        MouseEventKind::ScrollUp if within(regions.screen) => screens::step(model, -NOTCH),
        MouseEventKind::Down(MouseButton::Left) if within(regions.screen) && regions.rows.contains(at) => {
            screens::click(model, usize::from(at.y - regions.rows.y));
        }
        MouseEventKind::ScrollDown if within(regions.list) => step(model, NOTCH, height),
        MouseEventKind::ScrollUp if within(regions.list) => step(model, -NOTCH, height),
        MouseEventKind::Down(MouseButton::Left) if regions.rows.contains(at) && regions.list.is_some() => {
            let place = model.queue.top(height) + usize::from(at.y - regions.rows.y);
            if place < model.queue.len() {
                model.queue.go(place, height);
                model.peek = None;
            }
            model.pane = Pane::List;
        }
        MouseEventKind::Down(MouseButton::Left) if within(regions.detail) => model.pane = Pane::Detail,
        MouseEventKind::Down(MouseButton::Left) if regions.footer.contains(at) => {
            let entries = actions::footer(model, regions.footer.width);
            let hit = entries.iter().find(|(x, width, _)| (*x..*x + *width).contains(&at.x));
            if let Some((_, _, found)) = hit {
                action(model, *found, effects);
            }
        }
        _ => return false,
    }
    true
}

/// Moves the cursor; a ticket that was opened beside the list gives way to the cursor's.
fn step(model: &mut Model, by: isize, height: usize) {
    model.peek = None;
    model.queue.step(by, height);
}
