//! Reads rows: CSV with a heading line, or NDJSON with an object a line. A row that can't be read is refused with its
//! line number, and the rest goes on.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
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
    let rows =
        if ndjson { objects(BufReader::new(file), report).map_err(failed)? } else { csv_rows(file, path, report)? };
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

fn csv_rows(file: std::fs::File, path: &Path, report: &mut Report) -> Result<Vec<Row>, Failure> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let bad = |error: csv::Error| Failure::io(path.display().to_string(), std::io::Error::other(error));
    let heads: Vec<String> = reader
        .headers()
        .map_err(bad)?
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
                report.refuse(line, "", Fault::Unreadable(error.to_string()));
            }
        }
    }
    Ok(rows)
}

fn objects(reader: impl std::io::BufRead, report: &mut Report) -> std::io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (line, text) in (1..).zip(BufReader::new(reader).lines()) {
        let text = text?;
        if text.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text) {
            Ok(object) => {
                let word = |value: serde_json::Value| match value {
                    serde_json::Value::String(text) => text,
                    serde_json::Value::Null => String::new(),
                    other => other.to_string(),
                };
                rows.push(Row { line, values: object.into_iter().map(|(k, v)| (k, word(v))).collect() });
            }
            Err(error) => report.refuse(line, "", Fault::Unreadable(error.to_string())),
        }
    }
    Ok(rows)
}
