#!/usr/bin/env bash
# Builds what the benchmarks run, and prints where it is: our own crate as a release has it, on the dependencies that the tests and the demo are
# built with. SHIPPED=1 builds what ships instead: it takes a whole build of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=(--example demo)
for setting in opt-level=3 debug-assertions=false overflow-checks=false; do profile+=(--config "profile.dev.package.plimsoll.$setting"); done
folder=debug
if [ -n "${SHIPPED:-}" ]; then
  profile=(--release)
  folder=release
fi
# The stand-ins are packages of their own. Named together, all are built on the same dependencies.
cargo build --locked --package plimsoll --package sqlserver-standin --package storage-write-standin \
  --bin plimsoll --bin sqlserver-standin --bin storage-write-standin "${profile[@]}" >&2
printf '%s\n' "${CARGO_TARGET_DIR:-$PWD/target}/$folder/plimsoll"
