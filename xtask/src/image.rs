//! `cargo xtask image`: builds the binary on the host and packs it into a container image of nothing else.
//!
//! A static binary where the target for musl is there, else the usual one with its loader and libraries. Knows
//! `Containerfile` and nothing of what the binary does.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;

use crate::cargo;

/// The target of the static binary.
const STATIC_TARGET: &str = "x86_64-unknown-linux-musl";
/// The compiler that crates with C code need for it (Debian: musl-tools).
const STATIC_COMPILER: &str = "musl-gcc";

/// What is packed, and what the image is called.
#[derive(Args)]
pub(crate) struct Options {
    /// The image's name.
    #[arg(long, default_value = "opora:latest")]
    tag: String,
    /// Pack this binary instead of building one.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Build the usual binary, and pack its loader and libraries with it, even where a static one could be built.
    #[arg(long, conflicts_with = "binary")]
    dynamic: bool,
    /// The engine. Default: the first of podman, buildah and docker that works here.
    #[arg(long, value_enum)]
    engine: Option<Engine>,
}

/// What builds images.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Engine {
    Podman,
    Buildah,
    Docker,
}

impl Engine {
    const fn command(self) -> &'static str {
        match self {
            Self::Podman => "podman",
            Self::Buildah => "buildah",
            Self::Docker => "docker",
        }
    }

    /// Whether it can build here: docker's command alone is no engine.
    fn works(self) -> bool {
        if !cargo::present(self.command()) {
            return false;
        }
        let status = Command::new(self.command()).arg("info").stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    /// The first that works.
    fn any() -> Result<Self, String> {
        [Self::Podman, Self::Buildah, Self::Docker].into_iter().find(|engine| engine.works()).ok_or_else(|| {
            "no container engine works here: install podman (Debian: podman) and try again, or name one with --engine"
                .to_owned()
        })
    }

    /// The image in docker's format, where there is a choice: the other one has no health check.
    fn build(self, tag: &str, context: &Path) -> Command {
        let mut command = Command::new(self.command());
        command.arg("build");
        if self != Self::Docker {
            command.args(["--format", "docker"]);
        }
        command.args(["--tag", tag, "--file"]).arg(cargo::root().join("Containerfile")).arg(context);
        command
    }
}

/// Builds the binary, then the image.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let engine = options.engine.map_or_else(Engine::any, Ok)?;
    let binary = match &options.binary {
        Some(binary) => binary.clone(),
        None => build(options.dynamic)?,
    };
    let context = cargo::target_directory()?.join("image").join(options.tag.replace(['/', ':'], "_"));
    lay_out(&context, &binary)?;
    cargo::succeed(&mut engine.build(&options.tag, &context))?;
    println!("built {} with {}", options.tag, engine.command());
    Ok(())
}

/// The release binary, static where that can be built here.
fn build(dynamic: bool) -> Result<PathBuf, String> {
    let target = cargo::target_directory()?;
    let mut arguments = vec!["build", "--release", "--locked", "--package", "opora"];
    if dynamic || !static_target() {
        if !dynamic {
            println!(
                "building the usual binary: a static one needs `rustup target add {STATIC_TARGET}` and {STATIC_COMPILER} (Debian: musl-tools)"
            );
        }
        cargo::run(&arguments)?;
        return Ok(target.join("release/opora"));
    }
    arguments.extend(["--target", STATIC_TARGET]);
    cargo::run(&arguments)?;
    Ok(target.join(STATIC_TARGET).join("release/opora"))
}

/// Whether a static binary can be built.
fn static_target() -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", STATIC_TARGET]);
    let library = cargo::output(&mut rustc).unwrap_or_default();
    Path::new(library.trim()).is_dir() && cargo::present(STATIC_COMPILER)
}

/// What `Containerfile` copies: the binary at its place, what it is linked with, and an empty `/data` of its user's.
fn lay_out(context: &Path, binary: &Path) -> Result<(), String> {
    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    if context.exists() {
        fs::remove_dir_all(context).map_err(|error| failed(context, error))?;
    }
    let root = context.join("root");
    let data = context.join("owned/data");
    fs::create_dir_all(&data).map_err(|error| failed(&data, error))?;
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).map_err(|error| failed(&data, error))?;
    pack(&root, binary, Path::new("/usr/bin/opora"))?;
    for library in libraries(binary)? {
        pack(&root, &library, &library)?;
    }
    Ok(())
}

/// Copies a file to its place in the image.
fn pack(root: &Path, from: &Path, to: &Path) -> Result<(), String> {
    let place = root.join(to.strip_prefix("/").unwrap_or(to));
    let failed = |error: std::io::Error| format!("{}: {error}", place.display());
    if let Some(directory) = place.parent() {
        fs::create_dir_all(directory).map_err(failed)?;
    }
    fs::copy(from, &place).map_err(|error| format!("{}: {error}", from.display()))?;
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).map_err(failed)
}

/// The loader and the libraries of a binary; none of a static one.
fn libraries(binary: &Path) -> Result<Vec<PathBuf>, String> {
    let listed = Command::new("ldd").arg(binary).output().map_err(|error| format!("ldd: {error}"))?;
    Ok(listed_libraries(&String::from_utf8_lossy(&listed.stdout)))
}

/// The paths that `ldd` prints: `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)`, `/lib64/ld-linux-x86-64.so.2 (0x…)`.
fn listed_libraries(text: &str) -> Vec<PathBuf> {
    let of_line = |line: &str| line.split_whitespace().find(|word| word.starts_with('/')).map(PathBuf::from);
    text.lines().filter_map(of_line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_are_those_that_ldd_finds() {
        let text = "\tlinux-vdso.so.1 (0x00007ffe)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x0)\n\
                    \t/lib64/ld-linux-x86-64.so.2 (0x0)\n";
        let expected = ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"];
        assert_eq!(listed_libraries(text), expected.map(PathBuf::from));
        assert!(listed_libraries("\tstatically linked\n").is_empty());
    }
}
