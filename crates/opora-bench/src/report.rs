//! What was found: rows with figure, goal and whether it is met; printed as a table and kept as JSON.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::error::{BenchError, Outcome};
use crate::machine;
use crate::settings::Settings;
use crate::stats::Spread;

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A ratio.
    Times,
    /// Milliseconds.
    Millis,
    /// Seconds.
    Seconds,
    /// MiB.
    Mebibytes,
    /// Calls a second: not for quoting.
    Rate,
    /// A number of things.
    Count,
    /// Percent.
    Percent,
    /// Bytes.
    Bytes,
}

impl Unit {
    fn sign(self) -> &'static str {
        match self {
            Self::Times => "×",
            Self::Millis => " ms",
            Self::Seconds => " s",
            Self::Mebibytes => " MiB",
            Self::Rate => "/s",
            Self::Count => "",
            Self::Percent => "%",
            Self::Bytes => " B",
        }
    }

    fn figure(self, value: f64) -> String {
        match self {
            Self::Mebibytes | Self::Rate | Self::Bytes => format!("{value:.0}"),
            _ => format!("{value:.2}"),
        }
    }
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    /// Not less.
    AtLeast(f64),
    /// Not more.
    AtMost(f64),
    /// Only told.
    Told,
}

impl Goal {
    /// Whether the median meets it; `None` where there is none.
    fn met(self, figure: Spread) -> Option<bool> {
        match self {
            Self::AtLeast(goal) => Some(figure.median >= goal),
            Self::AtMost(goal) => Some(figure.median <= goal),
            Self::Told => None,
        }
    }

    fn text(self, unit: Unit) -> String {
        match self {
            Self::AtLeast(goal) => format!("≥ {}{}", unit.figure(goal), unit.sign()),
            Self::AtMost(goal) => format!("≤ {}{}", unit.figure(goal), unit.sign()),
            Self::Told => String::new(),
        }
    }
}

struct Row {
    measure: &'static str,
    what: String,
    figure: Result<(Spread, Unit), String>,
    goal: Goal,
    detail: Value,
}

impl Row {
    fn cells(&self) -> [String; 5] {
        match &self.figure {
            Ok((spread, unit)) => {
                let met = match self.goal.met(*spread) {
                    Some(true) => "met",
                    Some(false) => "MISSED",
                    None => "",
                };
                [
                    self.what.clone(),
                    format!("{}{}", unit.figure(spread.median), unit.sign()),
                    format!("({}..{})", unit.figure(spread.min), unit.figure(spread.max)),
                    self.goal.text(*unit),
                    met.to_owned(),
                ]
            }
            Err(fault) => {
                [self.what.clone(), "–".into(), String::new(), String::new(), format!("not measured: {fault}")]
            }
        }
    }

    fn json(&self) -> Value {
        match &self.figure {
            Ok((spread, unit)) => json!({
                "measure": self.measure,
                "what": self.what,
                "figure": spread.json(),
                "unit": unit.sign().trim(),
                "goal": self.goal.text(*unit),
                "met": self.goal.met(*spread),
                "detail": self.detail,
            }),
            Err(fault) => json!({ "measure": self.measure, "what": self.what, "fault": fault }),
        }
    }
}

/// The findings of a run.
pub(crate) struct Report {
    head: Value,
    rows: Vec<Row>,
}

impl Report {
    /// None yet; describes the machine.
    pub(crate) fn new(settings: &Settings) -> Outcome<Self> {
        let taken = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
        let head = json!({
            "taken_unix_seconds": taken,
            "quick": settings.quick,
            "window_seconds": settings.window().as_secs_f64(),
            "warm_up_seconds": settings.warm_up().as_secs_f64(),
            "passes": settings.passes(),
            "sizes": settings.sizes(),
            "connections": 4,
            "machine": machine::describe(&settings.directory)?,
            "versions": machine::versions(settings),
        });
        Ok(Self { head, rows: Vec::new() })
    }

    /// One finding. `None` for a figure that came out as no number.
    pub(crate) fn add(
        &mut self,
        measure: &'static str,
        what: impl Into<String>,
        figure: Option<Spread>,
        unit: Unit,
        goal: Goal,
        detail: Value,
    ) {
        let figure = figure.map(|spread| (spread, unit)).ok_or_else(|| "no passes".to_owned());
        self.keep(Row { measure, what: what.into(), figure, goal, detail });
    }

    /// Something that could not be measured.
    pub(crate) fn fault(&mut self, measure: &'static str, error: &BenchError) {
        let what = measure.to_owned();
        self.keep(Row { measure, what, figure: Err(error.to_string()), goal: Goal::Told, detail: Value::Null });
    }

    fn keep(&mut self, row: Row) {
        println!("  {}", row.cells().iter().filter(|c| !c.is_empty()).cloned().collect::<Vec<_>>().join("  "));
        self.rows.push(row);
    }

    /// Whether everything could be measured.
    pub(crate) fn complete(&self) -> bool {
        self.rows.iter().all(|row| row.figure.is_ok())
    }

    /// All findings, aligned.
    pub(crate) fn table(&self) -> String {
        let head = ["", "median", "(min..max)", "goal", ""].map(str::to_owned);
        let rows: Vec<[String; 5]> = std::iter::once(head).chain(self.rows.iter().map(Row::cells)).collect();
        let width = |column: usize| rows.iter().filter_map(|r| r.get(column)).map(|c| c.chars().count()).max();
        let widths: Vec<usize> = (0..5).map(|column| width(column).unwrap_or(0)).collect();
        let mut text = String::from("\n");
        for row in &rows {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let fill = width.saturating_sub(cell.chars().count());
                // Words to the left, figures to the right.
                let (before, after) = if matches!(column, 1..=3) { (fill, 0) } else { (0, fill) };
                let _ = write!(line, "{:before$}{cell}{:after$}  ", "", "");
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// Keeps the findings as JSON, with those of earlier runs that this one did not take again.
    pub(crate) fn write(&self, path: &Path) -> Outcome<()> {
        let mut results = self.kept(path);
        results.extend(self.rows.iter().map(|row| dated(row.json(), &self.head)));
        let mut document = self.head.clone();
        if let Value::Object(map) = &mut document {
            map.insert("results".into(), results.into());
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let text = serde_json::to_string_pretty(&document).map_err(std::io::Error::from)?;
        Ok(std::fs::write(path, text + "\n")?)
    }

    /// What the file holds of other measures, each dated.
    fn kept(&self, path: &Path) -> Vec<Value> {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        // A file that can't be read is replaced: it was made by a run, and a run makes it again.
        let old: Value = serde_json::from_str(&text).unwrap_or_default();
        let is_other = |row: &&Value| self.rows.iter().all(|new| row["measure"] != new.measure);
        let rows = old.get("results").and_then(Value::as_array).into_iter().flatten().filter(is_other).cloned();
        rows.map(|row| dated(row, &old)).collect()
    }
}

/// A finding that says when and how it was taken, unless it does already.
fn dated(mut row: Value, head: &Value) -> Value {
    if let Value::Object(map) = &mut row {
        for key in ["taken_unix_seconds", "quick"] {
            map.entry(key).or_insert_with(|| head[key].clone());
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report { head: json!({ "quick": true }), rows: Vec::new() }
    }

    #[test]
    fn a_goal_is_judged_on_the_median() {
        let spread = Spread { median: 1.2, min: 0.5, max: 3.0 };
        assert_eq!(Goal::AtLeast(1.2).met(spread), Some(true));
        assert_eq!(Goal::AtLeast(1.3).met(spread), Some(false));
        assert_eq!(Goal::AtMost(1.1).met(spread), Some(false));
        assert_eq!(Goal::Told.met(spread), None);
    }

    #[test]
    fn columns_stand_under_each_other_in_any_script() {
        let mut report = report();
        let spread = Some(Spread { median: 1.0, min: 0.5, max: 2.0 });
        report.add("desk", "короткое", spread, Unit::Times, Goal::AtLeast(1.0), Value::Null);
        report.add("desk", "something longer", spread, Unit::Mebibytes, Goal::AtMost(250.0), Value::Null);
        let table = report.table();
        let at = |line: &str, what: char| line.chars().position(|c| c == what);
        let lines: Vec<&str> = table.lines().filter(|line| line.contains("..")).collect();
        let ends: Vec<_> = lines.iter().map(|line| at(line, ')')).collect();
        assert_eq!(ends.first(), ends.last(), "{table}");
        assert!(table.contains("met"), "{table}");
    }

    #[test]
    fn what_was_not_measured_is_told_and_makes_the_run_incomplete() {
        let mut report = report();
        report.add("desk", "one", Spread::of([1.0]), Unit::Times, Goal::Told, Value::Null);
        assert!(report.complete());
        report.fault("watch", &BenchError::Void("the stream ended".into()));
        assert!(!report.complete());
        assert!(report.table().contains("not measured: the stream ended"));
    }

    #[test]
    fn the_file_holds_machine_and_results() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bench").join("results.json");
        let mut report = report();
        report.add("desk", "one", Spread::of([2.0]), Unit::Times, Goal::AtLeast(1.0), json!({ "passes": [] }));
        report.write(&path).unwrap();
        let read: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(read["results"][0]["figure"]["median"], 2.0);
        assert_eq!(read["results"][0]["met"], true);
        assert_eq!(read["quick"], true);
    }

    #[test]
    fn findings_of_other_measures_stay_with_the_day_they_were_taken() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("results.json");
        let add = |report: &mut Report, measure, value| {
            report.add(measure, "one", Spread::of([value]), Unit::Times, Goal::Told, Value::Null);
        };
        let mut first = Report { head: json!({ "taken_unix_seconds": 1, "quick": false }), rows: Vec::new() };
        add(&mut first, "desk", 1.0);
        add(&mut first, "console", 2.0);
        first.write(&path).unwrap();
        let mut second = Report { head: json!({ "taken_unix_seconds": 2, "quick": true }), rows: Vec::new() };
        add(&mut second, "console", 3.0);
        second.write(&path).unwrap();
        let read: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let told = |n: usize| {
            let row = &read["results"][n];
            (row["figure"]["median"].as_f64(), row["taken_unix_seconds"].as_u64(), row["quick"].as_bool())
        };
        assert_eq!(told(0), (Some(1.0), Some(1), Some(false)));
        assert_eq!(told(1), (Some(3.0), Some(2), Some(true)));
        assert_eq!(read["results"].as_array().unwrap().len(), 2);
    }
}
