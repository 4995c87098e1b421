//! Reads rows: CSV with a heading line, or NDJSON with an object a line. A row that can't be read is refused with its
//! line number, and the rest goes on.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::fault::Fault;
use super::mapping::Mapping;
use super::report::Report;
use crate::failure::Failure;
use crate::text::Text;

/// A row with its line in the file.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// From 1.
    pub(crate) line: u64,
    /// Column → value.
    pub(crate) values: BTreeMap<String, String>,
}

/// All rows of a file.
pub(crate) fn rows(path: &Path, mapping: &Mapping, words: &Text, report: &mut Report) -> Result<Vec<Row>, Failure> {
    let failed = |cause| Failure::io(path.display().to_string(), cause);
    let file = std::fs::File::open(path).map_err(failed)?;
    let ndjson = path.extension().is_some_and(|ending| ending == "ndjson" || ending == "jsonl");
    let rows = if ndjson {
        objects(BufReader::new(file), report).map_err(failed)?
    } else {
        csv_rows(file, path, words, report)?
    };
    if let Some(first) = rows.first() {
        let wanted = mapping.columns.values().chain([&mapping.id]).chain(&mapping.order);
        // NDJSON leaves out what is not known; CSV has every column in every row.
        let missing = wanted.filter(|column| !ndjson && !first.values.contains_key(*column)).min();
        if let Some(column) = missing {
            let fault = Fault::NoColumn { file: path.display().to_string(), column: column.clone() };
            return Err(Failure::config(fault.told(words)));
        }
    }
    Ok(rows)
}

fn csv_rows(file: std::fs::File, path: &Path, words: &Text, report: &mut Report) -> Result<Vec<Row>, Failure> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let shown = path.display().to_string();
    let bad = |error: csv::Error| Failure::io(shown.clone(), system_error(error));
    let headless = |error: csv::Error| match error.kind() {
        csv::ErrorKind::Utf8 { err, .. } => {
            let why = Fault::NoUtf8In((err.field() + 1).to_string()).told(words);
            let told = words.with("import-line", &[("line", "1".into()), ("reason", why.into())]);
            Failure::config(format!("{shown}: {told}"))
        }
        _ => bad(error),
    };
    let heads: Vec<String> = reader
        .headers()
        .map_err(headless)?
        .iter()
        .map(|head| head.trim_start_matches('\u{feff}').trim().to_owned())
        .collect();
    let mut rows = Vec::new();
    for record in reader.into_records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                if record.len() != heads.len() {
                    report.refuse(line, "", Fault::Length { values: record.len(), columns: heads.len() });
                    continue;
                }
                let values = heads.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
                rows.push(Row { line, values });
            }
            Err(error) if matches!(error.kind(), csv::ErrorKind::Io(_)) => return Err(bad(error)),
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                let why = match error.kind() {
                    csv::ErrorKind::Utf8 { err, .. } => {
                        let number = || (err.field() + 1).to_string();
                        Fault::NoUtf8In(heads.get(err.field()).cloned().unwrap_or_else(number))
                    }
                    _ => Fault::Unreadable(error.to_string()),
                };
                report.refuse(line, "", why);
            }
        }
    }
    Ok(rows)
}

/// What the system said, where it was the system.
pub(super) fn system_error(error: csv::Error) -> std::io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}

fn objects(reader: impl BufRead, report: &mut Report) -> std::io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (line, bytes) in (1..).zip(reader.split(b'\n')) {
        let bytes = bytes?;
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text,
            Err(error) => {
                report.refuse(line, "", Fault::NoUtf8(error.valid_up_to() as u64 + 1));
                continue;
            }
        };
        if text.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text) {
            Ok(object) => {
                let word = |value: serde_json::Value| match value {
                    serde_json::Value::String(text) => text,
                    serde_json::Value::Null => String::new(),
                    other => other.to_string(),
                };
                rows.push(Row { line, values: object.into_iter().map(|(k, v)| (k, word(v))).collect() });
            }
            Err(error) => report.refuse(line, "", no_object(&error, text)),
        }
    }
    Ok(rows)
}

fn no_object(error: &serde_json::Error, text: &str) -> Fault {
    match error.classify() {
        serde_json::error::Category::Data => Fault::NoObject,
        serde_json::error::Category::Eof => Fault::CutJson,
        serde_json::error::Category::Syntax => {
            // The reader counts bytes.
            let before = text.get(..text.floor_char_boundary(error.column().saturating_sub(1))).unwrap_or(text);
            Fault::NoJson(before.chars().count() as u64 + 1)
        }
        serde_json::error::Category::Io => Fault::Unreadable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::value::Language;

    const MAP: &str = "name = \"rows\"\nid = \"id\"\n[columns]\nsubject = \"subject\"\n";

    /// What is said of the rows of a file, and of the file.
    fn told(name: &str, content: &[u8], language: Language) -> String {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(name);
        std::fs::write(&path, content).unwrap();
        let (text, mut report) = (Text::new(language), Report::default());
        match rows(&path, &Mapping::parse(MAP).unwrap(), &text, &mut report) {
            Ok(_) => report.reasons(&text).join("; "),
            Err(failure) => failure.lines(&text).join("; "),
        }
    }

    #[test]
    fn what_is_wrong_with_a_row_is_told_in_the_persons_language_with_its_place() {
        for (name, content, en, ru) in [
            ("a.csv", &b"id,subject\n1,\xff\n"[..], "`subject` is no text in UTF-8", "`subject` — не текст в UTF-8"),
            ("a.csv", b"id,\xff\n1,x\n", "line 1: `2` is no text in UTF-8", "строка 1: `2` — не текст в UTF-8"),
            ("a.ndjson", b"{\"id\":\"\xff\"}\n", "no text in UTF-8 from byte 8 on", "с байта 8 не текст в UTF-8"),
            ("a.ndjson", b"{\"id\" 1}\n", "no JSON at character 7", "с символа 7 это не JSON"),
            ("a.ndjson", b"{\"id\": \n", "its JSON is not complete", "JSON не закончен"),
            ("a.ndjson", b"[1]\n", "no object of JSON", "не объект JSON"),
        ] {
            for (language, wanted) in [(Language::En, en), (Language::Ru, ru)] {
                let told = told(name, content, language);
                assert!(told.ends_with(wanted), "{told}");
            }
        }
    }
}
