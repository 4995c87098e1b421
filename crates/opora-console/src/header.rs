//! The line at the top: what this is, whether it is live, who sits here, what burns, the time. Where there is no room for
//! all, what burns stays longest.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::model::{Link, Model};
use crate::{actions, clock, selection};

/// What is given up, step by step, with all that comes before it. The words of the marks go before any count of what
/// burns; what is breached, how many are marked, what waits and what was refused always stays, the latter as a glyph and a
/// number: nothing else on the screen may tell of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Without {
    Nothing,
    Mine,
    WordsOfMarks,
    Words,
    Time,
    Revision,
    /// Marks that nothing touches now.
    MarksApart,
    /// Suggestions, and how far a file is.
    Hints,
    Open,
    DueSoon,
}

const STEPS: [Without; 9] = [
    Without::Nothing,
    Without::Mine,
    Without::WordsOfMarks,
    Without::Words,
    Without::Time,
    Without::Revision,
    Without::MarksApart,
    Without::Hints,
    Without::Open,
];

/// The line, `width` columns wide.
pub(crate) fn header(model: &Model, width: usize) -> Line<'static> {
    let wide = |spans: &[Span<'_>]| spans.iter().map(Span::width).sum::<usize>();
    // Two columns before each on the right.
    let fits = |without: &Without| {
        let right = right(model, *without);
        wide(&left(model, *without)) + wide(&right) + 2 * right.len() <= width
    };
    let without = STEPS.into_iter().find(fits).unwrap_or(Without::DueSoon);
    let (mut line, right) = (left(model, without), right(model, without));
    let gap = width.saturating_sub(wide(&line) + wide(&right) + 2 * right.len().saturating_sub(1));
    line.push(Span::raw(" ".repeat(gap)));
    for (i, span) in right.into_iter().enumerate() {
        if i > 0 {
            line.push(Span::raw("  "));
        }
        line.push(span);
    }
    Line::from(line)
}

fn left(model: &Model, without: Without) -> Vec<Span<'static>> {
    let mut left =
        vec![Span::styled(" Opora ", model.theme.title()), badge(model, without < Without::Revision), Span::raw("  ")];
    left.push(Span::styled(model.me.clone(), model.theme.plain()));
    left.extend(badges(model, without));
    left
}

/// What burns, how much there is, the time.
fn right(model: &Model, without: Without) -> Vec<Span<'static>> {
    let theme = model.theme;
    let summary = model.summary();
    let count = |key: &str, count: usize| model.texts.with(key, &[("count", count.into())]);
    let calm = |style: Style, count: usize| if count == 0 { theme.dim() } else { style };
    let zone = clock::zone_name(model.now, &model.zone);
    let time = format!("{} {zone} ", clock::time_of_day(model.now, &model.zone));
    let all = [
        (true, Span::styled(count("count-breached", summary.breached), calm(theme.bad(), summary.breached))),
        (
            without < Without::DueSoon,
            Span::styled(count("count-due-soon", summary.due_soon), calm(theme.warning(), summary.due_soon)),
        ),
        (without < Without::Open, Span::raw(count("count-open", summary.open))),
        (without < Without::Mine, Span::raw(count("count-mine", summary.mine))),
        (without < Without::Time, Span::raw(time)),
    ];
    all.into_iter().filter(|(shown, _)| *shown).map(|(_, span)| span).collect()
}

/// What is marked, what waits for the server, and how far a file is.
fn badges(model: &Model, without: Without) -> Vec<Span<'static>> {
    let (texts, theme) = (&model.texts, model.theme);
    let mut spans = Vec::new();
    // Its words until they are given up, then a glyph and a number.
    let mut put = |words_until: Without, words: String, short: String, style: Style| {
        let fitting = if without < words_until { words } else { short };
        spans.extend([Span::raw("  "), Span::styled(fitting, style)]);
    };
    let (waiting, refused) = model.outbox.counts();
    let acting = selection::count(model);
    let apart = if without < Without::MarksApart { model.queue.marks.len().saturating_sub(acting) } else { 0 };
    for (until, glyph, key, count, style) in [
        (Without::WordsOfMarks, "◆", "badge-marked", acting, theme.title()),
        (Without::WordsOfMarks, "◇", "badge-marked-apart", apart, theme.dim()),
        (Without::Words, "…", "badge-waiting", waiting, theme.warning()),
        (Without::Words, "✗", "badge-refused", refused, theme.bad()),
    ] {
        if count > 0 {
            put(until, texts.with(key, &[("count", count.into())]), format!("{glyph} {count}"), style);
        }
    }
    if without >= Without::Hints {
        return spans;
    }
    let suggested = model.suggestions.list.len();
    if suggested > 0 {
        // The way to them stands beside it: it is seldom seen.
        let (key, _) = actions::footer_text(model, actions::Action::Suggestions);
        let words = texts.with("badge-suggested", &[("count", suggested.into()), ("key", (&key).into())]);
        put(Without::Words, words, format!("? {suggested} ({key})"), theme.warning());
    }
    if let Some((_, done, size)) = &model.transfer {
        let percent = done.saturating_mul(100).checked_div(*size).unwrap_or(100);
        let words = format!("⇅ {percent} %");
        put(Without::Words, words.clone(), words, theme.warning());
    }
    spans
}

/// Whether what is on the screen is true now.
fn badge(model: &Model, with_revision: bool) -> Span<'static> {
    let (texts, theme) = (&model.texts, model.theme);
    match &model.link {
        Link::Connecting => {
            Span::styled(texts.with("link-connecting", &[("server", (&model.server).into())]), theme.warning())
        }
        Link::CatchingUp => Span::styled(texts.get("link-catching-up"), theme.warning()),
        Link::Live if !with_revision => Span::styled(texts.get("link-live-short"), theme.good()),
        Link::Live => {
            let revision = grouped(model.revision);
            Span::styled(texts.with("link-live", &[("revision", (&revision).into())]), theme.good())
        }
        Link::Offline { since, retry_at, .. } => {
            let since = clock::moment(*since, model.now, &model.zone);
            let mut words = texts.with("link-offline", &[("since", (&since).into())]);
            // Where the window is narrow the counts need the room.
            if model.size.0 >= 100 {
                let retry = if *retry_at > model.now {
                    let at = clock::to_the_second(*retry_at, &model.zone);
                    texts.with("link-retry", &[("at", (&at).into())])
                } else {
                    texts.get("link-trying")
                };
                words = format!("{words} · {retry}");
            }
            Span::styled(words, theme.bad())
        }
    }
}

/// `48 211`, with spaces that do not break.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(c);
    }
    out
}
