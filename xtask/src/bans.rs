//! The lists of what clippy bans: clippy reads the nearest file only, so a crate's own must hold all of the root's.

use std::fs;

use crate::cargo;

/// The crates that ban more than the root does.
const STRICTER: &[&str] = &["crates/opora-server/clippy.toml", "crates/opora-console/clippy.toml"];

/// What a crate's list lacks; one sentence each.
pub(crate) fn faults() -> Result<Vec<String>, String> {
    let root = banned("clippy.toml")?;
    let mut faults = Vec::new();
    for file in STRICTER {
        let own = banned(file)?;
        faults.extend(root.iter().filter(|entry| !own.contains(entry)).map(|entry| format!("{file} lacks {entry}")));
    }
    Ok(faults)
}

fn banned(file: &str) -> Result<Vec<String>, String> {
    let text = fs::read_to_string(cargo::root().join(file)).map_err(|error| format!("{file}: {error}"))?;
    let table: toml::Table = text.parse().map_err(|error| format!("{file}: {error}"))?;
    let lists = ["disallowed-methods", "disallowed-types"].iter().filter_map(|list| table.get(*list)?.as_array());
    Ok(lists.flatten().map(ToString::to_string).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_crates_own_list_of_bans_holds_all_of_the_roots() {
        let found = super::faults().unwrap();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}
