//! Clocks in words: how long, until when, since when.

use jiff::Timestamp;
use opora_proto::v1::{self, ClockState};

use super::{Out, Tone, instant};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

impl Out {
    /// A stretch of time in its two largest units: `2 d 3 h`, `12 min`, `40 s`. Never negative.
    pub(crate) fn span(&self, seconds: i64) -> String {
        let seconds = seconds.max(0);
        let units = [(DAY, "unit-days"), (HOUR, "unit-hours"), (MINUTE, "unit-minutes"), (1, "unit-seconds")];
        let first = units.iter().position(|(length, _)| seconds >= *length).unwrap_or(units.len() - 1);
        let mut rest = seconds;
        let mut parts = Vec::new();
        for (length, key) in units.iter().skip(first).take(2) {
            let count = rest / length;
            rest %= length;
            // Seconds beside minutes are noise, except near the end.
            if (count > 0 || parts.is_empty()) && !(*length == 1 && seconds >= 10 * MINUTE) {
                parts.push(format!("{count} {}", self.text.get(key)));
            }
        }
        parts.join(" ")
    }

    /// `in 2 h`, or how much is over.
    pub(crate) fn until(&self, due: Timestamp) -> String {
        let left = due.as_second() - self.now.as_second();
        let (key, span) = if left >= 0 { ("time-in", left) } else { ("time-over", -left) };
        self.text.with(key, &[("span", (&self.span(span)).into())])
    }

    fn since(&self, start: Timestamp) -> String {
        self.span(self.now.as_second() - start.as_second())
    }

    /// A clock in words.
    pub(crate) fn clock(&self, clock: Option<&v1::Clock>) -> (String, Tone) {
        let Some(clock) = clock else { return ("—".to_owned(), Tone::Dim) };
        let breached = instant(clock.breach_time.as_ref());
        let text = &self.text;
        match (clock.state(), breached) {
            (ClockState::Met, Some(breach)) => {
                let (met, breach) = (self.wire_time(clock.met_time.as_ref()), self.time(breach));
                (text.with("clock-met-late", &[("time", (&met).into()), ("breached", (&breach).into())]), Tone::Bad)
            }
            (ClockState::Met, None) => {
                let met = self.wire_time(clock.met_time.as_ref());
                (text.with("clock-met", &[("time", (&met).into())]), Tone::Good)
            }
            (_, Some(breach)) => {
                let (time, span) = (self.time(breach), self.since(breach));
                let cause = text.word(clock.breach_cause().as_str_name());
                let arguments = [("time", (&time).into()), ("span", (&span).into()), ("cause", (&cause).into())];
                (text.with("clock-breached", &arguments), Tone::Bad)
            }
            (ClockState::Paused, None) => {
                let left = self.span(clock.remaining.as_ref().map_or(0, |left| left.seconds));
                (text.with("clock-paused", &[("span", (&left).into())]), Tone::Dim)
            }
            (ClockState::Continuous, None) => self.continuous(clock),
            (ClockState::Stopped, None) => (text.get("clock-stopped"), Tone::Dim),
            (ClockState::Running | ClockState::Unspecified, None) => self.running(clock),
        }
    }

    fn continuous(&self, clock: &v1::Clock) -> (String, Tone) {
        let span = self.age(clock);
        let said = match instant(clock.due_time.as_ref()) {
            None => self.text.with("clock-continuous", &[("span", (&span).into())]),
            Some(due) => {
                let due = self.time(due);
                self.text.with("clock-continuous-due", &[("span", (&span).into()), ("time", (&due).into())])
            }
        };
        (said, Tone::Bad)
    }

    /// For how long a continuous clock has been so, what it was paused and set aside not counted. An older server tells
    /// only when the obligation began.
    fn age(&self, clock: &v1::Clock) -> String {
        let since = clock.continuous_since_time.as_ref().or(clock.start_time.as_ref());
        instant(since).map(|since| self.since(since)).unwrap_or_default()
    }

    fn running(&self, clock: &v1::Clock) -> (String, Tone) {
        let Some(due) = instant(clock.due_time.as_ref()) else { return ("—".to_owned(), Tone::Dim) };
        let (relative, time) = (self.until(due), self.time(due));
        let said = self.text.with("clock-due", &[("relative", (&relative).into()), ("time", (&time).into())]);
        (said, self.urgency(due))
    }

    fn urgency(&self, due: Timestamp) -> Tone {
        match due.as_second() - self.now.as_second() {
            left if left < 0 => Tone::Bad,
            left if left < HOUR => Tone::Warn,
            _ => Tone::Plain,
        }
    }

    /// What of a ticket is due next, short, for a list.
    pub(crate) fn due(&self, ticket: &v1::Ticket) -> (String, Tone) {
        let sla = ticket.sla.as_ref();
        let clocks = [
            ("due-response", sla.and_then(|sla| sla.first_response.as_ref())),
            ("due-resolution", sla.and_then(|sla| sla.resolution.as_ref())),
        ];
        let unmet = || clocks.iter().filter_map(|(key, clock)| Some((*key, (*clock)?)));
        if let Some((_, clock)) = unmet().rev().find(|(_, clock)| clock.state() == ClockState::Continuous) {
            return (format!("∞ {}", self.age(clock)), Tone::Bad);
        }
        let running = unmet()
            .filter(|(_, clock)| clock.state() == ClockState::Running)
            .filter_map(|(key, clock)| Some((key, instant(clock.breach_time.as_ref().or(clock.due_time.as_ref()))?)))
            .min_by_key(|(_, due)| *due);
        if let Some((key, due)) = running {
            return (self.text.with(key, &[("relative", (&self.until(due)).into())]), self.urgency(due));
        }
        match unmet().find(|(_, clock)| clock.state() == ClockState::Paused && clock.breach_time.is_none()) {
            Some((_, clock)) => {
                let left = self.span(clock.remaining.as_ref().map_or(0, |left| left.seconds));
                (self.text.with("due-paused", &[("span", (&left).into())]), Tone::Dim)
            }
            None => (String::new(), Tone::Plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::value::{Language, OutputFormat};
    use crate::text::Text;
    use jiff::tz::TimeZone;

    fn out(language: Language) -> Out {
        Out {
            format: OutputFormat::Table,
            terminal: false,
            colour: false,
            width: 100,
            text: Text::new(language),
            zone: TimeZone::UTC,
            now: "2026-03-02T12:00:00Z".parse().unwrap(),
        }
    }

    fn at(text: &str) -> prost_types::Timestamp {
        super::super::wire(text.parse().unwrap())
    }

    #[test]
    fn a_stretch_of_time_is_told_in_its_two_largest_units() {
        let out = out(Language::En);
        let said: Vec<_> =
            [0, 40, 90, 900, 3_600, 5_400, 90_000, 172_800 + 60, -5].map(|s| out.span(s)).into_iter().collect();
        assert_eq!(said, ["0 s", "40 s", "1 min 30 s", "15 min", "1 h", "1 h 30 min", "1 d 1 h", "2 d", "0 s"]);
    }

    #[test]
    fn a_clock_is_told_in_each_of_its_states() {
        let out = out(Language::Ru);
        let clock = |state: ClockState| v1::Clock { state: state.into(), ..Default::default() };
        let running = v1::Clock { due_time: Some(at("2026-03-02T12:45:00Z")), ..clock(ClockState::Running) };
        assert_eq!(out.clock(Some(&running)), ("через 45 мин (12:45)".to_owned(), Tone::Warn));
        let breached = v1::Clock {
            breach_time: Some(at("2026-03-02T11:00:00Z")),
            breach_cause: v1::BreachCause::Delay.into(),
            ..running
        };
        assert_eq!(out.clock(Some(&breached)).0, "нарушено 11:00 (1 ч назад, задержка)");
        let paused = v1::Clock {
            remaining: Some(prost_types::Duration { seconds: 2_100, nanos: 0 }),
            ..clock(ClockState::Paused)
        };
        assert_eq!(out.clock(Some(&paused)).0, "на паузе, осталось 35 мин");
        let met = v1::Clock { met_time: Some(at("2026-03-01T09:20:00Z")), ..clock(ClockState::Met) };
        assert_eq!(out.clock(Some(&met)).0, "выполнено 2026-03-01 09:20");
        let continuous = v1::Clock { start_time: Some(at("2026-03-02T11:42:00Z")), ..clock(ClockState::Continuous) };
        assert_eq!(out.clock(Some(&continuous)), ("непрерывно, 18 мин".to_owned(), Tone::Bad));
        let raised = v1::Clock { continuous_since_time: Some(at("2026-03-02T11:57:00Z")), ..continuous };
        assert_eq!(out.clock(Some(&raised)).0, "непрерывно, 3 мин", "since it is continuous, not since it was created");
        let sla = v1::TicketSla { resolution: Some(raised), ..Default::default() };
        assert_eq!(out.due(&v1::Ticket { sla: Some(sla), ..Default::default() }).0, "∞ 3 мин");
        assert_eq!(out.clock(Some(&clock(ClockState::Stopped))).0, "остановлено");
    }

    #[test]
    fn a_list_shows_the_earliest_unmet_clock() {
        let out = out(Language::En);
        let clock =
            |due: &str| v1::Clock { state: ClockState::Running.into(), due_time: Some(at(due)), ..Default::default() };
        let mut ticket = v1::Ticket {
            sla: Some(v1::TicketSla {
                first_response: Some(clock("2026-03-02T12:10:00Z")),
                resolution: Some(clock("2026-03-03T12:00:00Z")),
                ..Default::default()
            }),
            ..Default::default()
        };
        assert_eq!(out.due(&ticket), ("reply in 10 min".to_owned(), Tone::Warn));
        ticket.sla.as_mut().unwrap().first_response.as_mut().unwrap().state = ClockState::Met.into();
        assert_eq!(out.due(&ticket), ("fix in 1 d".to_owned(), Tone::Plain));
    }
}
