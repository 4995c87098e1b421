//! How clocks came to their due times, and what other priorities would mean.

use opora_proto::v1::{self, StretchReason};

use super::{Out, Tone, cell, instant, short, toned};
use crate::failure::Failure;

impl Out {
    /// Both clocks of a ticket, with their stretches as a time line and a table.
    pub(crate) fn explanation(&self, response: &v1::ExplainTicketResponse) -> Result<(), Failure> {
        let name = response.ticket.as_ref().map(|ticket| short(&ticket.name)).unwrap_or_default();
        let clocks = [
            (v1::ClockKind::FirstResponse, response.first_response.as_ref()),
            (v1::ClockKind::Resolution, response.resolution.as_ref()),
        ];
        for (index, (kind, explanation)) in clocks.into_iter().enumerate() {
            let Some(explanation) = explanation else { continue };
            if index > 0 {
                self.line("")?;
            }
            let clock = self.text.word(kind.as_str_name());
            let title = self.text.with("explain-title", &[("clock", (&clock).into()), ("ticket", (&name).into())]);
            self.toned(Tone::Strong, &title)?;
            self.clock_explanation(explanation)?;
        }
        Ok(())
    }

    fn clock_explanation(&self, explanation: &v1::ClockExplanation) -> Result<(), Failure> {
        let used = self.span(explanation.elapsed.as_ref().map_or(0, |elapsed| elapsed.seconds));
        let (state, tone) = self.clock(explanation.clock.as_ref());
        let target = explanation.clock.as_ref().and_then(|clock| clock.target.as_ref());
        let said = match target.map(|target| self.span(target.seconds)) {
            Some(target) => self.text.with(
                "explain-elapsed",
                &[("span", (&used).into()), ("target", (&target).into()), ("state", (&state).into())],
            ),
            None => {
                self.text.with("explain-elapsed-continuous", &[("span", (&used).into()), ("state", (&state).into())])
            }
        };
        self.toned(tone, &said)?;
        if !explanation.calendar.is_empty() {
            let arguments = [("calendar", (&explanation.calendar).into()), ("zone", (&explanation.time_zone).into())];
            self.toned(Tone::Dim, &self.text.with("explain-calendar", &arguments))?;
        }
        if let Some(line) = time_line(&explanation.stretches, usize::from(self.width.clamp(20, 100)) - 4) {
            self.line(&line)?;
        }
        self.stretches(&explanation.stretches)?;
        if explanation.truncated {
            self.say("explain-truncated", &[])?;
        }
        if explanation.obligations.len() > 1 { self.obligations(&explanation.obligations) } else { Ok(()) }
    }

    fn stretches(&self, stretches: &[v1::Stretch]) -> Result<(), Failure> {
        if stretches.is_empty() {
            return Ok(());
        }
        let mut table = self.new_table(&["head-from", "head-to", "head-length", "head-reason"]);
        for stretch in stretches {
            let tone = if stretch.reason() == StretchReason::Open { Tone::Plain } else { Tone::Dim };
            let mark = mark(stretch.reason());
            table.add_row(vec![
                toned(&self.wire_time(stretch.start_time.as_ref()), tone),
                toned(&self.wire_time(stretch.end_time.as_ref()), tone),
                toned(&self.span(seconds(stretch)), tone),
                toned(&format!("{mark} {}", self.text.word(stretch.reason().as_str_name())), tone),
            ]);
        }
        self.table(&table)
    }

    fn obligations(&self, obligations: &[v1::Obligation]) -> Result<(), Failure> {
        self.toned(Tone::Dim, &self.text.get("explain-obligations"))?;
        let mut table =
            self.new_table(&["head-priority", "head-target", "head-started", "head-due", "head-calendar", "head-what"]);
        for one in obligations {
            let target = match one.target.as_ref() {
                Some(target) => self.span(target.seconds),
                None => self.text.get("continuous"),
            };
            let what = match (one.shown, one.set_aside) {
                (true, _) => self.text.get("obligation-shown"),
                (false, true) => self.text.get("obligation-set-aside"),
                (false, false) => String::new(),
            };
            table.add_row(vec![
                cell(&self.text.word(one.priority().as_str_name())),
                cell(&target),
                cell(&self.wire_time(one.start_time.as_ref())),
                cell(&self.wire_time(one.due_time.as_ref())),
                cell(&one.calendar),
                cell(&what),
            ]);
        }
        self.table(&table)
    }

    /// What each priority would mean.
    pub(crate) fn previews(&self, ticket: &str, response: &v1::PreviewPriorityResponse) -> Result<(), Failure> {
        self.say("preview-title", &[("ticket", (&short(ticket)).into())])?;
        let mut table = self.new_table(&["head-priority", "head-first-response", "head-resolution"]);
        for preview in &response.previews {
            let priority = self.text.word(preview.priority().as_str_name());
            let priority = if preview.current {
                self.text.with("preview-current", &[("priority", (&priority).into())])
            } else {
                priority
            };
            let (first, first_tone) = self.clock(preview.first_response.as_ref());
            let (resolution, tone) = self.clock(preview.resolution.as_ref());
            let strong = if preview.current { Tone::Strong } else { Tone::Plain };
            table.add_row(vec![toned(&priority, strong), toned(&first, first_tone), toned(&resolution, tone)]);
        }
        self.table(&table)
    }
}

fn seconds(stretch: &v1::Stretch) -> i64 {
    match (instant(stretch.start_time.as_ref()), instant(stretch.end_time.as_ref())) {
        (Some(start), Some(end)) => end.as_second() - start.as_second(),
        _ => 0,
    }
}

/// What a stretch is drawn with: told by shape, not by colour.
const fn mark(reason: StretchReason) -> char {
    match reason {
        StretchReason::Open => '█',
        StretchReason::Paused => '‖',
        StretchReason::Resolved => '✓',
        StretchReason::Merged => '⇒',
        StretchReason::SetAside => '~',
        StretchReason::Holiday => '*',
        StretchReason::Closed | StretchReason::Unspecified => '·',
    }
}

/// The stretches drawn to scale in `width` columns, each at least one column where there is room.
fn time_line(stretches: &[v1::Stretch], width: usize) -> Option<String> {
    let first = instant(stretches.first()?.start_time.as_ref())?.as_second();
    let last = instant(stretches.last()?.end_time.as_ref())?.as_second();
    let whole = last.checked_sub(first).filter(|whole| *whole > 0)?;
    let mut drawn = String::new();
    let mut column = 0_i64;
    for stretch in stretches {
        let end = instant(stretch.end_time.as_ref())?.as_second() - first;
        let until = (i128::from(end) * width as i128 / i128::from(whole)) as i64;
        while column < until {
            drawn.push(mark(stretch.reason()));
            column += 1;
        }
    }
    Some(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(from: i64, to: i64, reason: StretchReason) -> v1::Stretch {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        v1::Stretch { start_time: at(from), end_time: at(to), reason: reason.into() }
    }

    #[test]
    fn stretches_are_drawn_to_scale() {
        let stretches = [
            stretch(0, 50, StretchReason::Open),
            stretch(50, 75, StretchReason::Paused),
            stretch(75, 100, StretchReason::Open),
        ];
        assert_eq!(time_line(&stretches, 20).unwrap(), "██████████‖‖‖‖‖█████");
        assert_eq!(time_line(&[], 20), None);
        assert_eq!(time_line(&[stretch(5, 5, StretchReason::Open)], 20), None);
    }
}
