//! Policies and their calendars.

use opora_core::calendar::{CalendarDefinition, Hours, parse_date};
use opora_core::sla::{Cell, Length, PolicyDefinition, Target};
use opora_core::time::Millis;
use pb::target::Target as Wired;

use super::{CodecError, Coded, Word, all, need, pb, wires};

impl Coded for Target {
    type Wire = pb::Target;
    fn wire(&self) -> pb::Target {
        let target = match self {
            Self::Open(Length::Minutes(n)) => Wired::Minutes(*n),
            Self::Open(Length::Hours(n)) => Wired::Hours(*n),
            Self::Open(Length::Days(n)) => Wired::Days(*n),
            Self::Continuous => Wired::Continuous(pb::Nothing {}),
        };
        pb::Target { target: Some(target) }
    }
    fn of(w: pb::Target) -> Result<Self, CodecError> {
        Ok(match need(w.target, "target")? {
            Wired::Minutes(n) => Self::Open(Length::Minutes(n)),
            Wired::Hours(n) => Self::Open(Length::Hours(n)),
            Wired::Days(n) => Self::Open(Length::Days(n)),
            Wired::Continuous(_) => Self::Continuous,
        })
    }
}

impl Coded for Cell {
    type Wire = pb::Cell;
    fn wire(&self) -> pb::Cell {
        pb::Cell {
            first_response: Some(self.first_response.wire()),
            resolution: Some(self.resolution.wire()),
            first_response_calendar: self.first_response_calendar.clone(),
            resolution_calendar: self.resolution_calendar.clone(),
        }
    }
    fn of(w: pb::Cell) -> Result<Self, CodecError> {
        Ok(Self {
            first_response: Coded::of(need(w.first_response, "cell.first_response")?)?,
            resolution: Coded::of(need(w.resolution, "cell.resolution")?)?,
            first_response_calendar: w.first_response_calendar,
            resolution_calendar: w.resolution_calendar,
        })
    }
}

impl Coded for Hours {
    type Wire = pb::Hours;
    fn wire(&self) -> pb::Hours {
        pb::Hours { from: u32::from(self.from), to: u32::from(self.to) }
    }
    fn of(w: pb::Hours) -> Result<Self, CodecError> {
        let minute = |n: u32| u16::try_from(n).map_err(|_| CodecError::Field("hours"));
        Ok(Self { from: minute(w.from)?, to: minute(w.to)? })
    }
}

impl Coded for CalendarDefinition {
    type Wire = pb::Calendar;
    fn wire(&self) -> pb::Calendar {
        pb::Calendar {
            id: self.id.clone(),
            version: self.version,
            time_zone: self.time_zone.clone(),
            day_length: self.day_length.0,
            weekdays: self.weekdays.iter().map(|hours| pb::Day { hours: wires(hours) }).collect(),
            holidays: self.holidays.iter().map(ToString::to_string).collect(),
            moved_days: self
                .moved_days
                .iter()
                .map(|(date, weekday)| pb::MovedDay { date: date.to_string(), weekday: u32::from(*weekday) })
                .collect(),
            short_days: self
                .short_days
                .iter()
                .map(|(date, hours)| pb::ShortDay { date: date.to_string(), hours: wires(hours) })
                .collect(),
        }
    }
    fn of(w: pb::Calendar) -> Result<Self, CodecError> {
        let date = |text: &str| parse_date(text).map_err(|_| CodecError::Field("calendar.date"));
        let weekdays: Vec<Vec<Hours>> = w.weekdays.into_iter().map(|day| all(day.hours)).collect::<Result<_, _>>()?;
        let mut calendar = Self {
            id: w.id,
            version: w.version,
            time_zone: w.time_zone,
            day_length: Millis(w.day_length),
            weekdays: weekdays.try_into().map_err(|_| CodecError::Field("calendar.weekdays"))?,
            holidays: w.holidays.iter().map(|h| date(h)).collect::<Result<_, _>>()?,
            moved_days: std::collections::BTreeMap::new(),
            short_days: std::collections::BTreeMap::new(),
        };
        for moved in w.moved_days {
            let weekday = u8::try_from(moved.weekday).map_err(|_| CodecError::Field("moved_day.weekday"))?;
            calendar.moved_days.insert(date(&moved.date)?, weekday);
        }
        for short in w.short_days {
            calendar.short_days.insert(date(&short.date)?, all(short.hours)?);
        }
        Ok(calendar)
    }
}

impl Coded for PolicyDefinition {
    type Wire = pb::Policy;
    fn wire(&self) -> pb::Policy {
        pb::Policy {
            policy: Some(self.policy.wire()),
            cells: wires(&self.cells),
            raise_from: self.raise_from.code(),
            update_every: self.update_every.0,
            escalate_on_breach: self.escalate_on_breach,
            calendars: wires(&self.calendars),
        }
    }
    fn of(w: pb::Policy) -> Result<Self, CodecError> {
        let cells: Vec<Cell> = all(w.cells)?;
        Ok(Self {
            policy: Coded::of(need(w.policy, "policy.policy")?)?,
            cells: cells.try_into().map_err(|_| CodecError::Field("policy.cells"))?,
            raise_from: Word::of_code(w.raise_from)?,
            update_every: Millis(w.update_every),
            escalate_on_breach: w.escalate_on_breach,
            calendars: all(w.calendars)?,
        })
    }
}
