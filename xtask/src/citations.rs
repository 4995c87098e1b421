//! What texts cite of the pages of the project: the page, its section, its rule, its named part have to be there; and so
//! have the files that pages name.
//!
//! A citation is a page's path from the root (in a page also from its folder), then what is meant of it: sections, rules,
//! names in quotes, as in docs/domain.md §7 rules 1 to 12, §8 or docs/domain.md §7 "Time". A section or a rule alone goes
//! on with the page that the file has cited before; a page that has numbered sections itself means its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::cargo;

/// What can be cited of a page.
#[derive(Default)]
struct Page {
    sections: BTreeMap<u32, Section>,
    /// Headings and words in emphasis, wherever they stand.
    names: Vec<String>,
}

#[derive(Default)]
struct Section {
    /// The numbers of its list.
    rules: Vec<u32>,
    names: Vec<String>,
}

/// The pages by their path from the root.
type Pages = BTreeMap<String, Page>;

/// What is cited and not there; one sentence each.
pub(crate) fn faults(files: &[PathBuf]) -> Result<Vec<String>, String> {
    let mut pages = Pages::new();
    let mut texts = Vec::new();
    for file in files {
        let name = cargo::name_of(file);
        let bytes = fs::read(file).map_err(|error| format!("{name}: {error}"))?;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        if is_page(&name) {
            pages.insert(name.clone(), Page::read(&text));
        }
        texts.push((name, text));
    }
    let sources: Vec<&str> = texts.iter().map(|(name, _)| name.as_str()).filter(|name| is_source(name)).collect();
    let cited = texts.iter().flat_map(|(name, text)| check(name, text, &pages));
    let named = texts.iter().filter(|(name, _)| is_page(name)).flat_map(|(name, text)| unknown(name, text, &sources));
    Ok(cited.chain(named).collect())
}

/// The files of Rust that a page names in backticks by the end of their paths, and that are not there.
fn unknown(name: &str, text: &str, sources: &[&str]) -> Vec<String> {
    let lines = text.lines().enumerate();
    let named = lines.flat_map(|(line, text)| text.split('`').skip(1).step_by(2).map(move |named| (line + 1, named)));
    let missing = named.filter(|(_, named)| {
        let is_end =
            |file: &&str| file.strip_suffix(named).is_some_and(|before| before.is_empty() || before.ends_with('/'));
        is_source(named) && !sources.iter().any(is_end)
    });
    missing.map(|(line, named)| format!("{name}:{line}: there is no file {named}")).collect()
}

fn is_page(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "md")
}

fn is_source(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "rs")
}

impl Page {
    fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut section = None;
        for line in text.lines() {
            let mut names: Vec<&str> = line.split('*').skip(1).step_by(2).collect();
            names.extend(line.split("**").skip(1).step_by(2));
            if let Some(heading) = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim()) {
                if line.starts_with("## ") {
                    section = leading_number(heading).map(|(number, _)| number);
                }
                names.push(heading);
            }
            let names = names.iter().map(|name| name.trim_end_matches('.').to_owned()).filter(|name| !name.is_empty());
            let names: Vec<String> = names.collect();
            page.names.extend(names.iter().cloned());
            let Some(number) = section else { continue };
            let section = page.sections.entry(number).or_default();
            section.names.extend(names);
            section.rules.extend(leading_number(line).filter(|(_, rest)| rest.starts_with(". ")).map(|(rule, _)| rule));
        }
        page
    }
}

/// A text as it is read: without the marks of comments, a paragraph in one piece, with the line of each byte.
struct Plain {
    text: String,
    /// Where each line of the file begins in the text, and its number.
    lines: Vec<(usize, usize)>,
}

impl Plain {
    fn of(name: &str, file: &str) -> Self {
        let mut plain = Self { text: String::new(), lines: Vec::new() };
        for (number, line) in file.lines().enumerate() {
            plain.lines.push((plain.text.len(), number + 1));
            match prose(name, line) {
                Some(part) if !part.is_empty() => {
                    plain.text.push_str(part);
                    plain.text.push(' ');
                }
                _ => plain.text.push('\n'),
            }
        }
        plain
    }

    fn line(&self, at: usize) -> usize {
        let after = self.lines.partition_point(|(begins, _)| *begins <= at);
        self.lines.get(after.saturating_sub(1)).map_or(0, |(_, number)| *number)
    }
}

/// What of a line is prose: all of it in a page or a catalogue, the comment elsewhere.
fn prose<'a>(name: &str, line: &'a str) -> Option<&'a str> {
    let line = line.trim();
    let extension = name.rsplit('.').next().unwrap_or_default();
    match extension {
        "md" | "ftl" => Some(line),
        "rs" | "proto" | "pest" => {
            // Where a quote is open, the marks are part of a text.
            let behind = || line.split_once(" // ").filter(|(code, _)| code.matches('"').count() % 2 == 0);
            let comment = line.strip_prefix("//").or_else(|| behind().map(|(_, comment)| comment))?;
            Some(comment.trim_start_matches(['/', '!']).trim())
        }
        _ => line.strip_prefix('#').map(str::trim),
    }
}

fn check(name: &str, file: &str, pages: &Pages) -> Vec<String> {
    let plain = Plain::of(name, file);
    let mut reading = Reading { name, pages, plain: &plain, page: None, with_rules: false, faults: Vec::new() };
    reading.page = pages.get_key_value(name).filter(|(_, page)| !page.sections.is_empty());
    reading.with_rules = reading.page.is_some();
    let text = plain.text.as_str();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let word_begins = !text[..at].ends_with(|c: char| c.is_alphanumeric());
        if let Some(end) = path_end(rest).filter(|_| word_begins) {
            at = reading.path(at, at + end);
        } else if rest.starts_with('§') || (word_begins && rule_word(rest).is_some()) {
            at = reading.parts(at, None);
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    reading.faults
}

/// Where a path of a page ends that begins here.
fn path_end(rest: &str) -> Option<usize> {
    let end =
        rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '/' | '.' | '_' | '-')).unwrap_or(rest.len());
    let path = rest.get(..end)?.trim_end_matches('.');
    (path.len() > 3 && is_page(path)).then_some(path.len())
}

/// What comes after `rule ` or `rules ` with a number behind it.
fn rule_word(rest: &str) -> Option<&str> {
    let after = ["rules ", "rule ", "Rules ", "Rule "].iter().find_map(|word| rest.strip_prefix(word))?;
    after.starts_with(|c: char| c.is_ascii_digit()).then_some(after)
}

fn leading_number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    Some((number.parse().ok()?, rest))
}

/// The numbers of `6, 10 and 11` or `1 to 12`, and what comes after them.
fn numbers(text: &str) -> (Vec<u32>, &str) {
    let mut found: Vec<u32> = Vec::new();
    let mut rest = text;
    let mut joint = "";
    while let Some((number, after)) = leading_number(rest) {
        match found.last() {
            Some(first) if joint == " to " => found.extend(first + 1..=number),
            _ => found.push(number),
        }
        rest = after;
        let Some(next) = [", ", " and ", " to "].into_iter().find(|joint| {
            after.strip_prefix(joint).is_some_and(|behind| behind.starts_with(|c: char| c.is_ascii_digit()))
        }) else {
            break;
        };
        joint = next;
        rest = after.strip_prefix(next).unwrap_or(after);
    }
    (found, rest)
}

struct Reading<'a> {
    name: &'a str,
    pages: &'a Pages,
    plain: &'a Plain,
    /// The page with sections that was cited last.
    page: Option<(&'a String, &'a Page)>,
    /// A section with rules was cited, so that a rule alone means something.
    with_rules: bool,
    faults: Vec<String>,
}

impl Reading<'_> {
    fn fault(&mut self, at: usize, what: &str) {
        self.faults.push(format!("{}:{}: {what}", self.name, self.plain.line(at)));
    }

    /// A page that is named here, and what is meant of it; where reading goes on.
    fn path(&mut self, begins: usize, ends: usize) -> usize {
        let path = self.plain.text.get(begins..ends).unwrap_or_default();
        let beside = match self.name.rsplit_once('/') {
            Some((folder, _)) if is_page(self.name) => format!("{folder}/{path}"),
            _ => path.to_owned(),
        };
        let pages = self.pages;
        match pages.get_key_value(&beside).or_else(|| pages.get_key_value(path)) {
            None => {
                self.fault(begins, &format!("there is no page {path}"));
                ends
            }
            Some((path, page)) => {
                if !page.sections.is_empty() {
                    self.page = Some((path, page));
                }
                self.parts(ends, Some((path, page)))
            }
        }
    }

    /// Sections, rules and names from here on; of `page`, or of the one that was cited last.
    fn parts(&mut self, begins: usize, page: Option<(&String, &Page)>) -> usize {
        let all = self.plain.text.as_str();
        let mut at = begins;
        let mut section: Option<u32> = None;
        loop {
            let rest = all.get(at..).unwrap_or_default();
            let rest =
                if at == begins && page.is_none() { rest } else { rest.trim_start_matches([' ', ',', '`', ')', ']']) };
            let cited = all.len() - rest.len();
            let after = if let Some(after) = rest.strip_prefix('§') {
                let Some((first, mut after)) = leading_number(after) else { return at.max(cited + '§'.len_utf8()) };
                let mut last = first;
                if let Some((number, behind)) =
                    after.strip_prefix('-').map(|a| a.trim_start_matches('§')).and_then(leading_number)
                {
                    (last, after) = (number, behind);
                }
                for number in first..=last {
                    self.section(cited, page, number);
                }
                section = Some(last);
                after
            } else if let Some(after) = rule_word(rest) {
                let (rules, after) = numbers(after);
                for rule in rules {
                    self.rule(cited, page, section, rule);
                }
                after
            } else if let Some((name, after)) =
                rest.strip_prefix('"').filter(|_| page.is_some()).and_then(|rest| rest.split_once('"'))
            {
                self.named(cited, page, section, name);
                after
            } else {
                return at;
            };
            at = all.len() - after.len();
        }
    }

    fn section(&mut self, at: usize, page: Option<(&String, &Page)>, number: u32) {
        let page = page.map(|(path, page)| (path.clone(), page.sections.get(&number).map(|s| !s.rules.is_empty())));
        match page.or_else(|| {
            self.page.map(|(path, page)| (path.clone(), page.sections.get(&number).map(|s| !s.rules.is_empty())))
        }) {
            None => self.fault(at, &format!("§{number} of which page?")),
            Some((path, None)) => self.fault(at, &format!("{path} has no §{number}")),
            Some((_, Some(with_rules))) => self.with_rules |= with_rules,
        }
    }

    fn rule(&mut self, at: usize, page: Option<(&String, &Page)>, section: Option<u32>, rule: u32) {
        let cited = page.or(self.page);
        let Some((path, page)) = cited.filter(|_| section.is_some() || self.with_rules) else {
            return self.fault(at, &format!("rule {rule} of which section?"));
        };
        let path = path.clone();
        let mut sections = page.sections.iter().filter(|(number, _)| section.is_none_or(|section| section == **number));
        if !sections.any(|(_, section)| section.rules.contains(&rule)) {
            let place = section.map_or_else(|| path.clone(), |section| format!("{path} §{section}"));
            self.fault(at, &format!("{place} has no rule {rule}"));
        }
    }

    fn named(&mut self, at: usize, page: Option<(&String, &Page)>, section: Option<u32>, name: &str) {
        let Some((path, page)) = page else { return };
        let names = match section.and_then(|section| page.sections.get(&section)) {
            Some(section) => &section.names,
            None => &page.names,
        };
        if !names.iter().any(|known| known == name) {
            self.fault(at, &format!("{path} has no part \"{name}\""));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Page, Pages, check, faults, unknown};

    const PAGE: &str = "# The game\n\n## 1. Words\n\nNone.\n\n## 2. Moves\n\n**Turns.** In order.\n\n1. **White**: first.\n\
                        2. Black.\n\n*Draw*: nobody wins. See §1; §2 rule 2.\n\n## Prizes\n";

    fn pages() -> Pages {
        Pages::from([("docs/game.md".to_owned(), Page::read(PAGE)), ("README.md".to_owned(), Page::default())])
    }

    fn of_code(comment: &str) -> Vec<String> {
        check("crates/game/src/lib.rs", comment, &pages())
    }

    #[test]
    fn what_the_texts_of_this_tree_cite_is_there() {
        let found = faults(&crate::cargo::tracked_files().unwrap()).unwrap();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    #[test]
    fn a_page_a_section_a_rule_and_a_name_that_are_there_can_be_cited() {
        for comment in [
            "// See README.md.",
            "/// White begins (docs/game.md §2 rule 1).",
            "/// Both (`docs/game.md` §1-§2, §2 rules 1 and 2).",
            "//! The rules of the game (docs/game.md §2 rules\n//! 1 to 2), and who wins (rule 2, §1).",
            "let x = 1; // docs/game.md §2 \"Turns\", \"Draw\"; docs/game.md \"Prizes\", or \"nothing\"",
            "let page = \"no/such/page.md §9\";",
        ] {
            assert_eq!(of_code(comment), Vec::<String>::new(), "{comment}");
        }
        assert_eq!(check("docs/game.md", PAGE, &pages()), Vec::<String>::new());
        assert_eq!(check("docs/other.md", "[The game](game.md) §1, ../README.md", &pages()).len(), 1);
    }

    #[test]
    fn a_page_names_files_that_are_there() {
        let sources = ["crates/game/src/board/mod.rs", "crates/game/src/lib.rs"];
        assert_eq!(unknown("README.md", "See `board/mod.rs`, `lib.rs` and `clap`.", &sources), Vec::<String>::new());
        assert_eq!(unknown("README.md", "`ib.rs`, `board/lib.rs`", &sources).len(), 2);
    }

    #[test]
    fn what_is_not_there_can_not_be_cited() {
        for (comment, fault) in [
            ("// See game.md.", "there is no page game.md"),
            ("// docs/chess.md §1", "there is no page docs/chess.md"),
            ("// docs/game.md §3", "docs/game.md has no §3"),
            ("//! docs/game.md\n//! §1, §4", "docs/game.md has no §4"),
            ("// docs/game.md §2 rules 1 to 3", "docs/game.md §2 has no rule 3"),
            ("// docs/game.md §2.\n\nfn f() {} // by rule 9", "docs/game.md has no rule 9"),
            ("// docs/game.md §1 \"Turns\"", "docs/game.md has no part \"Turns\""),
            ("// docs/game.md \"Losses\"", "docs/game.md has no part \"Losses\""),
            ("// as §2 says", "§2 of which page?"),
            ("// README.md, rule 2", "rule 2 of which section?"),
        ] {
            let found = of_code(comment);
            assert!(found.iter().any(|found| found.ends_with(fault)), "{comment}: {found:?}");
        }
    }
}
