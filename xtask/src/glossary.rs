//! The glossary says words as the catalogues say them: it names the key of each, and is wrong where they differ.

use std::fs;

use crate::cargo;

const PAGE: &str = "docs/glossary.md";
/// How the page calls a catalogue, and where it lies.
const CATALOGUES: &[(&str, &str, &str)] =
    &[("console", "crates/opora-console/locales", "console.ftl"), ("cli", "crates/opora/locales", "cli.ftl")];

/// The words that the catalogues say otherwise; one sentence each.
pub(crate) fn faults() -> Result<Vec<String>, String> {
    let page = read(PAGE)?;
    let mut faults = Vec::new();
    for (name, folder, file) in CATALOGUES {
        let (english, russian) = (read(&format!("{folder}/en/{file}"))?, read(&format!("{folder}/ru/{file}"))?);
        for row in rows(&page).filter(|row| row.catalogue == *name) {
            faults.extend(fault(&row, row.english, &english));
            faults.extend(fault(&row, row.russian, &russian));
        }
    }
    let unknown = rows(&page).filter(|row| CATALOGUES.iter().all(|(name, _, _)| *name != row.catalogue));
    faults.extend(unknown.map(|row| format!("{PAGE}:{}: there is no catalogue `{}`", row.line, row.catalogue)));
    Ok(faults)
}

/// A word with the key that says it to users.
struct Row<'a> {
    line: usize,
    english: &'a str,
    russian: &'a str,
    catalogue: &'a str,
    key: &'a str,
}

/// The rows of five cells that name a key.
fn rows(page: &str) -> impl Iterator<Item = Row<'_>> {
    page.lines().enumerate().filter_map(|(number, line)| {
        let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
        let [english, russian, _, _, place] = cells.as_slice() else { return None };
        let (catalogue, key) = place.split_once(' ')?;
        Some(Row { line: number + 1, english, russian, catalogue, key })
    })
}

/// A capital at the beginning is the catalogue's matter.
fn fault(row: &Row<'_>, word: &str, catalogue: &str) -> Option<String> {
    let said = catalogue.lines().find_map(|line| line.strip_prefix(row.key)?.strip_prefix(" = "));
    match said {
        None => Some(format!("{PAGE}:{}: the catalogue `{}` has no `{}`", row.line, row.catalogue, row.key)),
        Some(said) if said.to_lowercase() == word.to_lowercase() => None,
        Some(said) => Some(format!("{PAGE}:{}: `{word}`, but `{}` says `{said}`", row.line, row.key)),
    }
}

fn read(name: &str) -> Result<String, String> {
    fs::read_to_string(cargo::root().join(name)).map_err(|error| format!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::{fault, faults, rows};

    #[test]
    fn the_glossary_says_words_as_the_catalogues_do() {
        let found = faults().unwrap();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    #[test]
    fn a_word_that_is_said_otherwise_or_nowhere_is_a_fault() {
        let page = "| English | Russian | in code | meaning | where |\n| queue | очередь | `Queue` | all | console q |";
        let row = rows(page).next().unwrap();
        assert_eq!(fault(&row, row.russian, "a = b\nq = Очередь"), None);
        assert!(fault(&row, row.russian, "q = список").is_some());
        assert!(fault(&row, row.russian, "q-more = очередь").is_some());
    }
}
