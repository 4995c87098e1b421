//! What the figures were taken on, and the programs that they need.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::error::{BenchError, Outcome};
use crate::settings::Settings;

/// The machine: processor, memory, kernel, file system of the data.
pub(crate) fn describe(directory: &Path) -> Outcome<Value> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let kilobytes = value_of(&memory, "MemTotal").and_then(|v| v.split_whitespace().next()?.parse::<u64>().ok());
    Ok(json!({
        "cpu": value_of(&cpu, "model name"),
        "cores": std::thread::available_parallelism()?.get(),
        "memory_mib": kilobytes.map(|k| k / 1024),
        "kernel": kernel.trim(),
        "load_average_before": load.split_whitespace().take(3).collect::<Vec<_>>().join(" "),
        "free_disk_mib": free_disk(directory)? / (1024 * 1024),
    }))
}

/// Versions of what is measured and of what it is compared with.
pub(crate) fn versions(settings: &Settings) -> Value {
    let opora = settings.binary().ok().and_then(|path| first_line(&path, &["--version"]));
    json!({
        "opora": opora,
        "etcd": first_line(Path::new("etcd"), &["--version"]),
        "neomutt": first_line(Path::new("neomutt"), &["-v"]),
        "rust": first_line(Path::new("rustc"), &["--version"]),
        "git": first_line(Path::new("git"), &["rev-parse", "HEAD"]),
    })
}

/// Room for data where it will be, in bytes.
pub(crate) fn free_disk(directory: &Path) -> Outcome<u64> {
    let space = rustix::fs::statvfs(directory).map_err(std::io::Error::from)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

/// Sees to it that `etcd` is there.
pub(crate) fn need_etcd(settings: &Settings) -> Outcome<()> {
    need(settings, "etcd", "--version", "etcd-server", "the reference that writes and watches are compared with")
}

/// Sees to it that `neomutt` is there.
pub(crate) fn need_neomutt(settings: &Settings) -> Outcome<()> {
    need(settings, "neomutt", "-v", "neomutt", "the reference that the console is compared with")
}

/// Sees to it that a program is there: installs it, saying so first, where this is root on Debian.
fn need(settings: &Settings, command: &'static str, version: &str, package: &'static str, why: &str) -> Outcome<()> {
    let present = || first_line(Path::new(command), &[version]).is_some();
    if present() {
        return Ok(());
    }
    let debian = Path::new("/etc/debian_version").exists();
    if settings.no_install || !debian || !rustix::process::geteuid().is_root() {
        return Err(BenchError::Missing { command, package });
    }
    println!("installing {package} (apt-get): {why}");
    let install = || apt_get(&["install", "--yes", "--no-install-recommends", package]);
    if !install() {
        apt_get(&["update"]);
        install();
    }
    if present() { Ok(()) } else { Err(BenchError::Missing { command, package }) }
}

fn apt_get(arguments: &[&str]) -> bool {
    // In run level 1 the package's own service is not started; this program starts its own.
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1").args(arguments);
    command.status().is_ok_and(|status| status.success())
}

fn first_line(program: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.trim().to_owned())
}

/// The value of the first `key : value` line.
fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_from_lines_with_colons() {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2.0GHz: yes\n";
        assert_eq!(value_of(text, "model name"), Some("Some CPU @ 2.0GHz: yes"));
        assert_eq!(value_of(text, "flags"), None);
    }

    #[test]
    fn this_machine_has_a_core_and_a_disk() {
        let machine = describe(&std::env::temp_dir()).unwrap();
        assert!(machine["cores"].as_u64().unwrap() >= 1);
        assert!(!machine["kernel"].as_str().unwrap().is_empty());
    }
}
