//! A terminal's screen as an SVG picture, for the README. One cell is 8.4 by 16.3 units of a monospaced face, so that frames have no
//! gaps.

use std::fmt::Write as _;

use vt100::Color;

const WIDTH: f32 = 8.4;
const HEIGHT: f32 = 16.3;
const BACKGROUND: &str = "#16181d";
const FOREGROUND: &str = "#d7dae0";
/// The sixteen colours that terminals name.
const NAMED: [&str; 16] = [
    "#2b2f38", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4", "#5c6370", "#ff7b86",
    "#b5e890", "#ffd58a", "#7cc4ff", "#dd9bf0", "#6fd3df", "#ffffff",
];

/// The picture of a screen.
pub fn svg(screen: &vt100::Screen) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let (width, height) = (f32::from(columns) * WIDTH + 24.0, f32::from(rows) * HEIGHT + 24.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n\
         <g font-family=\"'DejaVu Sans Mono','Menlo','Consolas',monospace\" font-size=\"14\" xml:space=\"preserve\">\n"
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            column += run(&mut svg, screen, row, column, columns);
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// Draws cells of one style from `column` on, and gives how many columns they take.
fn run(svg: &mut String, screen: &vt100::Screen, row: u16, column: u16, columns: u16) -> u16 {
    let style = |at: u16| screen.cell(row, at).map(Style::of).unwrap_or_default();
    let own = style(column);
    let mut text = String::new();
    let mut end = column;
    while end < columns && style(end) == own {
        let cell = screen.cell(row, end).filter(|cell| !cell.is_wide_continuation());
        match cell.map(vt100::Cell::contents) {
            Some("") => text.push(' '),
            Some(contents) => text.push_str(contents),
            None => {}
        }
        end += 1;
    }
    let (x, y) = (f32::from(column) * WIDTH + 12.0, f32::from(row) * HEIGHT + 12.0);
    let width = f32::from(end - column) * WIDTH;
    if own.background != BACKGROUND {
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{HEIGHT}\" fill=\"{}\"/>",
            own.background
        );
    }
    if !text.trim().is_empty() {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let weight = if own.bold { " font-weight=\"bold\"" } else { "" };
        let line = if own.underline { " text-decoration=\"underline\"" } else { "" };
        let _ = writeln!(
            svg,
            "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"{}\" textLength=\"{width:.1}\"{weight}{line}>{escaped}</text>",
            y + 13.5,
            own.foreground
        );
    }
    end - column
}

#[derive(PartialEq)]
struct Style {
    foreground: String,
    background: String,
    bold: bool,
    underline: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { foreground: FOREGROUND.into(), background: BACKGROUND.into(), bold: false, underline: false }
    }
}

impl Style {
    fn of(cell: &vt100::Cell) -> Self {
        let mut foreground = colour(cell.fgcolor(), FOREGROUND);
        let mut background = colour(cell.bgcolor(), BACKGROUND);
        if cell.inverse() {
            std::mem::swap(&mut foreground, &mut background);
        }
        if cell.dim() {
            foreground.push_str("99");
        }
        Self { foreground, background, bold: cell.bold(), underline: cell.underline() }
    }
}

fn colour(colour: Color, default: &str) -> String {
    match colour {
        Color::Default => default.to_owned(),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Idx(n @ 0..=15) => NAMED[usize::from(n)].to_owned(),
        Color::Idx(n @ 16..=231) => {
            let n = n - 16;
            let step = |part: u8| if part == 0 { 0 } else { 55 + part * 40 };
            format!("#{:02x}{:02x}{:02x}", step(n / 36), step(n / 6 % 6), step(n % 6))
        }
        Color::Idx(n) => {
            let grey = 8 + (n - 232) * 10;
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
    }
}
