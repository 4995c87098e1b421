//! What suites need beyond cargo: the one table of it, and getting it through `apt-get` where that may be done.
//!
//! Knows no suite's contents.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::cargo;

/// A command that a suite starts, and the Debian package that brings it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    /// The name of the suite, as `cargo xtask test --list` shows it.
    pub(crate) suite: &'static str,
    /// The command.
    pub(crate) command: &'static str,
    /// The Debian package.
    pub(crate) package: &'static str,
}

/// Every need of every suite. A suite that is not named here needs cargo and nothing else.
pub(crate) const NEEDS: &[Need] = &[
    Need { suite: "opora-tests::durable", command: "strace", package: "strace" },
    Need { suite: "opora-tests::clock_jump", command: "faketime", package: "faketime" },
    Need { suite: "opora-tests::earlier", command: "faketime", package: "faketime" },
    Need { suite: "opora-tests::container", command: "podman", package: "podman" },
    Need { suite: "opora-tests::container", command: "runc", package: "runc" },
    Need { suite: "opora-tests::disk_full", command: "mount", package: "mount" },
];

/// What of these suites' needs is not on this machine.
pub(crate) fn missing<'a>(suites: impl Iterator<Item = &'a str>) -> Vec<Need> {
    let wanted: BTreeSet<&str> = suites.collect();
    NEEDS.iter().copied().filter(|need| wanted.contains(need.suite) && !cargo::present(need.command)).collect()
}

/// Installs the missing packages, after listing them, where we are root on Debian; gives what is still missing.
pub(crate) fn install(missing: Vec<Need>, allowed: bool) -> Vec<Need> {
    if missing.is_empty() {
        return missing;
    }
    let packages: BTreeSet<&str> = missing.iter().map(|need| need.package).collect();
    let listed = packages.iter().copied().collect::<Vec<_>>().join(" ");
    for need in &missing {
        println!("{} needs the command `{}` (Debian: {})", need.suite, need.command, need.package);
    }
    if !allowed {
        println!("not installing (--no-install): {listed}");
        return missing;
    }
    if !root_on_debian() {
        println!("not installing, this is not root on Debian: {listed}");
        return missing;
    }
    println!("installing: {listed}");
    let fetched = apt_get(&["install", "--yes", "--no-install-recommends"], &packages).or_else(|_| {
        apt_get(&["update"], &BTreeSet::new())
            .and_then(|()| apt_get(&["install", "--yes", "--no-install-recommends"], &packages))
    });
    if let Err(message) = fetched {
        println!("{message}");
    }
    missing.into_iter().filter(|need| !cargo::present(need.command)).collect()
}

fn apt_get(arguments: &[&str], packages: &BTreeSet<&str>) -> Result<(), String> {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments).args(packages);
    cargo::succeed(&mut command)
}

/// Whether packages can be installed: `apt-get` on a Debian, as user 0.
fn root_on_debian() -> bool {
    let debian = Path::new("/etc/debian_version").exists() && cargo::present("apt-get");
    let user = Command::new("id").arg("-u").output();
    debian && user.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
