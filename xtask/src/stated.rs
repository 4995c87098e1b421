//! What a newcomer reads first is what Cargo.toml states: the oldest Rust that builds it, and the licences.

use std::fs;

use crate::cargo;

/// The pages that say which Rust it takes.
const PAGES: &[&str] = &["README.md", "CONTRIBUTING.md"];
/// The licences by their names in Cargo.toml, and the file that has the text of each.
const LICENCES: &[(&str, &str)] = &[("MIT", "LICENSE-MIT"), ("Apache-2.0", "LICENSE-APACHE")];

/// What is stated otherwise; one sentence each.
pub(crate) fn faults() -> Result<Vec<String>, String> {
    let manifest: toml::Table = read("Cargo.toml")?.parse().map_err(|error| format!("Cargo.toml: {error}"))?;
    let package = manifest.get("workspace").and_then(|workspace| workspace.get("package"));
    let stated = |key: &str| {
        let value = package.and_then(|package| package.get(key)?.as_str());
        value.ok_or_else(|| format!("Cargo.toml has no workspace.package.{key}"))
    };
    let (rust, licence) = (stated("rust-version")?, stated("license")?);
    let mut faults = Vec::new();
    for page in PAGES {
        faults.extend(rust_fault(&read(page)?, rust).map(|fault| format!("{page}: {fault}")));
    }
    for name in licence.split(" OR ") {
        match LICENCES.iter().find(|(known, _)| *known == name) {
            None => faults.push(format!("{name} is a licence of which no file is known")),
            Some((_, file)) if !cargo::root().join(file).is_file() => faults.push(format!("{file} is missing")),
            Some(_) => {}
        }
    }
    Ok(faults)
}

/// Every `Rust 1.…` of a page has to be the stated one, and one there has to be.
fn rust_fault(page: &str, stated: &str) -> Option<String> {
    let said = page.split("Rust ").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        rest.split_at(end).0.trim_end_matches('.')
    });
    let said: Vec<&str> = said.filter(|version| version.contains('.')).collect();
    match said.iter().find(|version| **version != stated) {
        Some(version) => Some(format!("it says Rust {version}, Cargo.toml {stated}")),
        None if said.is_empty() => Some(format!("it does not say that it takes Rust {stated}")),
        None => None,
    }
}

fn read(name: &str) -> Result<String, String> {
    fs::read_to_string(cargo::root().join(name)).map_err(|error| format!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::{faults, rust_fault};

    #[test]
    fn the_first_pages_state_what_the_manifest_states() {
        let found = faults().unwrap();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    #[test]
    fn another_rust_than_the_stated_one_and_none_are_faults() {
        assert_eq!(rust_fault("Written in Rust by hand: Rust 1.95. Or newer.", "1.95"), None);
        assert!(rust_fault("cargo (Rust 1.85 or newer)", "1.95").is_some());
        assert!(rust_fault("cargo, in Rust of course", "1.95").is_some());
    }
}
