# Thin names for the common tasks; `just` lists them. Whatever is here is one command that can be typed as well.

default:
    @just --list

# Every check that a change must pass.
ci:
    .ci/run

# All suites, or those named.
test *ARGS:
    cargo xtask test {{ARGS}}

# Measures against references in the same run.
bench *ARGS:
    cargo xtask bench {{ARGS}}

# A desk with invented tickets, and the console on it.
demo *ARGS:
    cargo run --release -- demo {{ARGS}}

# A server on ./data.
serve *ARGS:
    cargo run --release -- serve --data data {{ARGS}}

# Puts the tree in its format.
format:
    cargo fmt --all
    buf format --write proto

# Clippy, with warnings denied.
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# Layers, lengths, texts.
check:
    cargo xtask check

# The recording and the picture of the README, from a real run.
record:
    cargo build --release --workspace --bins
    OPORA_BIN=$PWD/target/release/opora target/release/cast docs/console.cast docs/console.svg
