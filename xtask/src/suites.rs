//! The suites: one for each test binary of the workspace, and one for the examples in the documentation.
//!
//! They are found by building them, so a new suite needs no entry anywhere. Knows nothing of how a suite is run.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;

use crate::cargo;

/// The cargo profile of tests: fast to build, fast enough to load.
pub(crate) const PROFILE: &str = "ci";

/// A test binary.
#[derive(Clone, Debug)]
pub(crate) struct Suite {
    /// `opora-core` for a library's own tests, `opora-tests::crash` for `tests/crash.rs` of that package,
    /// `opora::bin/opora` for a binary's own: the names that nextest gives.
    pub(crate) name: String,
    /// The executable.
    pub(crate) executable: PathBuf,
    /// The package's directory: where its tests run.
    pub(crate) directory: PathBuf,
}

/// What was built.
pub(crate) struct Built {
    /// The suites, by name.
    pub(crate) suites: Vec<Suite>,
    /// The binary `opora`, which end-to-end suites start.
    pub(crate) opora: PathBuf,
}

/// Builds the binaries and all suites in one go, so that each crate is built once for all of them.
pub(crate) fn build() -> Result<Built, String> {
    let mut command = cargo::cargo();
    command.args(["build", "--workspace", "--lib", "--bins", "--tests", "--profile", PROFILE]);
    command.args(["--message-format", "json-render-diagnostics"]).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cargo: {error}"))?;
    let output = child.stdout.take().ok_or("cargo: no output")?;
    let (mut suites, mut opora) = (Vec::new(), None);
    for line in BufReader::new(output).lines() {
        let line = line.map_err(|error| format!("cargo: {error}"))?;
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        let Some(executable) = message.get("executable").and_then(Value::as_str).map(PathBuf::from) else { continue };
        if message.pointer("/profile/test") == Some(&Value::Bool(true)) {
            suites.extend(suite(&message, executable));
        } else if message.pointer("/target/name").and_then(Value::as_str) == Some("opora") {
            opora = Some(executable);
        }
    }
    let status = child.wait().map_err(|error| format!("cargo: {error}"))?;
    if !status.success() {
        return Err("the suites do not build".to_owned());
    }
    suites.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Built { suites, opora: opora.ok_or("the build gave no binary `opora`")? })
}

fn suite(message: &Value, executable: PathBuf) -> Option<Suite> {
    let manifest = PathBuf::from(message.get("manifest_path")?.as_str()?);
    let package = package_name(message.get("package_id")?.as_str()?);
    let target = message.pointer("/target/name")?.as_str()?;
    let name = match message.pointer("/target/kind/0")?.as_str()? {
        "test" => format!("{package}::{target}"),
        "bin" => format!("{package}::bin/{target}"),
        _ => package,
    };
    Some(Suite { name, executable, directory: manifest.parent()?.to_owned() })
}

/// `opora-core` of `path+file:///somewhere/crates/opora-core#0.1.0` and of `…/tests#opora-tests@0.1.0`.
fn package_name(id: &str) -> String {
    let (path, version) = id.rsplit_once('#').unwrap_or((id, ""));
    match version.split_once('@') {
        Some((name, _)) => name.to_owned(),
        None => path.rsplit('/').next().unwrap_or(path).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::package_name;

    #[test]
    fn a_package_is_named_by_its_directory_unless_its_id_says_otherwise() {
        assert_eq!(package_name("path+file:///src/opora/crates/opora-core#0.1.0"), "opora-core");
        assert_eq!(package_name("path+file:///src/opora/tests#opora-tests@0.1.0"), "opora-tests");
    }
}
