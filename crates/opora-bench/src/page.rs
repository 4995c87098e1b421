//! The tables of the pages that people read, made from the results file and from nothing else: all of it for those who
//! want to know, and in short for those who come.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::error::Outcome;

/// What a page has between its marks.
struct Part {
    /// Between these two lines the page is the benchmark's.
    begin: &'static str,
    end: &'static str,
    make: fn(&Value) -> String,
}

const WHOLE: Part = Part { begin: "<!-- measured -->\n", end: "<!-- end of measured -->", make: table };
const SHORT: Part =
    Part { begin: "<!-- measured, in short -->\n", end: "<!-- end of measured, in short -->", make: short };

/// What people ask before they take a desk, and the result that answers it.
const QUESTIONS: [(&str, &str); 6] = [
    (
        "64 callers create tickets, each on disk before its answer: rate / etcd's put",
        "create, 64 in flight: rate / etcd put",
    ),
    ("a search in full text among a million tickets, p99", "search at 1000000, 1 in flight: p99"),
    (
        "1,000 watch with filters, a change reaches the ten whom it concerns, p99",
        "watch, 1000 filtered, 10 reached: p99",
    ),
    (
        "the console on a million tickets, from its start to its first rows",
        "console, 1000000 tickets (100000 open): start to first rows",
    ),
    ("memory with a million tickets, a tenth of them open", "memory at 1000000 tickets"),
    ("the desk answers again after `kill -9` with a million tickets", "ready at 1000000 after kill -9"),
];

/// Makes the tables of a page anew from the results. A page without marks is left alone.
pub(crate) fn write(page: &Path, results: &Path) -> Outcome<()> {
    let Ok(text) = std::fs::read_to_string(page) else { return Ok(()) };
    let document: Value = serde_json::from_str(&std::fs::read_to_string(results)?).map_err(std::io::Error::from)?;
    let made = made(&text, &document);
    if made != text {
        std::fs::write(page, made)?;
    }
    Ok(())
}

fn made(text: &str, document: &Value) -> String {
    [WHOLE, SHORT].iter().fold(text.to_owned(), |text, part| {
        let Some((before, rest)) = text.split_once(part.begin) else { return text };
        let Some((_, after)) = rest.split_once(part.end) else { return text };
        format!("{before}{}{}{}{after}", part.begin, (part.make)(document), part.end)
    })
}

fn rows(document: &Value) -> impl Iterator<Item = &Value> {
    document["results"].as_array().into_iter().flatten()
}

/// What is asked most, then every goal that is missed.
fn short(document: &Value) -> String {
    let mut text = String::from("| what | figure |\n| --- | --- |\n");
    for (question, what) in QUESTIONS {
        let row = rows(document).find(|row| row["what"] == what);
        let found = row.and_then(|row| figure(&row["figure"], row["unit"].as_str().unwrap_or_default()));
        let _ = writeln!(text, "| {question} | {} |", found.as_deref().unwrap_or("not measured"));
    }
    let missed: Vec<&Value> = rows(document).filter(|row| row["met"] == false).collect();
    if missed.is_empty() {
        text.push_str("\nEvery goal is met.\n");
        return text;
    }
    text.push_str("\n| goal that is missed | figure | goal |\n| --- | --- | --- |\n");
    for row in missed {
        let what = row["what"].as_str().unwrap_or_default();
        let found = figure(&row["figure"], row["unit"].as_str().unwrap_or_default()).unwrap_or_default();
        let _ = writeln!(text, "| {what} | {found} | {} |", row["goal"].as_str().unwrap_or_default());
    }
    text
}

/// All results as a table of Markdown.
fn table(document: &Value) -> String {
    let mut text = String::from("| what | figure | beside it | goal | met | taken |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for row in rows(document) {
        let what = row["what"].as_str().unwrap_or_default();
        let taken = taken(row).or_else(|| taken(document)).unwrap_or_default();
        if let Some(fault) = row["fault"].as_str() {
            let _ = writeln!(text, "| {what} | not measured: {} | | | | {taken} |", fault.lines().next().unwrap_or(""));
            continue;
        }
        let unit = row["unit"].as_str().unwrap_or_default();
        let met = match row["met"].as_bool() {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        let reference = row.pointer("/detail/reference").unwrap_or(&Value::Null);
        let beside = figure(&reference["figure"], unit)
            .map_or_else(String::new, |figure| format!("{} {figure}", reference["name"].as_str().unwrap_or_default()));
        let figure = figure(&row["figure"], unit).unwrap_or_default();
        let goal = row["goal"].as_str().unwrap_or_default();
        let _ = writeln!(text, "| {what} | {figure} | {beside} | {goal} | {met} | {taken} |");
    }
    text
}

/// A median with its spread.
fn figure(spread: &Value, unit: &str) -> Option<String> {
    let of = |key: &str| spread[key].as_f64();
    let (median, min, max) = (of("median")?, of("min")?, of("max")?);
    let digits = usize::from(!matches!(unit, "MiB" | "B" | "/s")) * 2;
    let sign = if matches!(unit, "×" | "%" | "/s") { unit.to_owned() } else { format!(" {unit}") };
    let sign = sign.trim_end();
    Some(if min.to_bits() == max.to_bits() {
        format!("{median:.digits$}{sign}")
    } else {
        format!("{median:.digits$}{sign} ({min:.digits$}..{max:.digits$})")
    })
}

/// The day of a measurement, and whether its passes were short.
fn taken(of: &Value) -> Option<String> {
    let day = jiff::Timestamp::from_second(of["taken_unix_seconds"].as_i64()?).ok()?.strftime("%Y-%m-%d");
    Some(if of["quick"] == true { format!("{day}, quick") } else { day.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_table_between_the_marks_is_made_anew_and_the_rest_stays() {
        let directory = tempfile::tempdir().unwrap();
        let (page, results) = (directory.path().join("page.md"), directory.path().join("results.json"));
        std::fs::write(&page, format!("# Head\n{}old\n{}\ntail\n", WHOLE.begin, WHOLE.end)).unwrap();
        let spread = json!({ "median": 1.25, "min": 1.0, "max": 2.0 });
        let document = json!({ "taken_unix_seconds": 1_772_449_320, "quick": true, "results": [{
            "measure": "console", "what": "a key", "figure": spread, "unit": "ms", "goal": "≤ 1.50 ms", "met": true,
            "detail": { "reference": { "name": "neomutt", "figure": spread } },
        }] });
        std::fs::write(&results, document.to_string()).unwrap();
        write(&page, &results).unwrap();
        let text = std::fs::read_to_string(&page).unwrap();
        let row =
            "| a key | 1.25 ms (1.00..2.00) | neomutt 1.25 ms (1.00..2.00) | ≤ 1.50 ms | yes | 2026-03-02, quick |";
        assert!(text.starts_with("# Head\n") && text.ends_with("\ntail\n") && !text.contains("old"), "{text}");
        assert!(text.contains(row), "{text}");
    }

    fn result(what: &str, median: f64, met: bool) -> Value {
        let spread = json!({ "median": median, "min": median, "max": median });
        json!({ "what": what, "figure": spread, "unit": "ms", "goal": "≤ 2.00 ms", "met": met })
    }

    #[test]
    fn the_short_table_answers_what_is_asked_and_hides_no_goal_that_is_missed() {
        let [(question, asked), ..] = QUESTIONS;
        let page = format!("{}{}", SHORT.begin, SHORT.end);
        let text = made(&page, &json!({ "results": [result(asked, 1.5, true), result("a key", 3.0, false)] }));
        assert!(text.contains(&format!("| {question} | 1.50 ms |")), "{text}");
        assert!(text.contains("| a key | 3.00 ms | ≤ 2.00 ms |"), "{text}");
        let text = made(&page, &json!({ "results": [result(asked, 1.5, true)] }));
        assert!(text.contains("Every goal is met."), "{text}");
    }

    /// `OPORA_WRITE_DOCS=1` writes the tables anew.
    #[test]
    fn the_pages_say_what_the_results_say() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let results = root.join("bench/results.json");
        let document: Value = serde_json::from_str(&std::fs::read_to_string(&results).unwrap()).unwrap();
        for (page, part) in [("README.md", SHORT), ("docs/benchmarks.md", WHOLE)] {
            let page = root.join(page);
            if std::env::var_os("OPORA_WRITE_DOCS").is_some() {
                write(&page, &results).unwrap();
            }
            let text = std::fs::read_to_string(&page).unwrap();
            let tells = format!("{}{}{}", part.begin, (part.make)(&document), part.end);
            assert!(text.contains(&tells), "{}: run this test with OPORA_WRITE_DOCS=1", page.display());
        }
        assert!(QUESTIONS.iter().all(|(_, what)| rows(&document).any(|row| row["what"] == *what)));
    }
}
