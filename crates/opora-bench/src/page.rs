//! The table of the page that people read, made from the results file and from nothing else.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::error::Outcome;

/// Between these two lines the page is the benchmark's.
const BEGIN: &str = "<!-- measured -->\n";
const END: &str = "<!-- end of measured -->";

/// Makes the page's table anew from the results. A page without the two marks is left alone.
pub(crate) fn write(page: &Path, results: &Path) -> Outcome<()> {
    let Ok(text) = std::fs::read_to_string(page) else { return Ok(()) };
    let Some((before, rest)) = text.split_once(BEGIN) else { return Ok(()) };
    let Some((_, after)) = rest.split_once(END) else { return Ok(()) };
    let document: Value = serde_json::from_str(&std::fs::read_to_string(results)?).map_err(std::io::Error::from)?;
    Ok(std::fs::write(page, format!("{before}{BEGIN}{}{END}{after}", table(&document)))?)
}

/// All results as a table of Markdown.
fn table(document: &Value) -> String {
    let mut text = String::from("| what | figure | beside it | goal | met | taken |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for row in document["results"].as_array().into_iter().flatten() {
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
        std::fs::write(&page, format!("# Head\n{BEGIN}old\n{END}\ntail\n")).unwrap();
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
}
