#!/usr/bin/env bash
# A release to hand out: dist/plimsoll-VERSION-TARGET.tar.gz with the stripped binary, completions for shells, LICENSE
# and NOTICE; beside it the checksum and the bill of materials.
# The binary needs glibc 2.35 or later (Debian 12, Ubuntu 22.04, Fedora 36) and nothing else: both are checked.
set -euo pipefail
cd "$(dirname "$0")/.."
oldest_glibc=2.35
target=$(rustc -vV | sed -n 's/^host: //p')
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -1)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
name=plimsoll-$version-$target
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The standard library asks the linker for libgcc_s.so: what unwinds the stack is put into the binary instead.
mkdir "$work/lib"
echo 'INPUT(-lgcc_eh -lgcc -lc)' >"$work/lib/libgcc_s.so"
# Without the paths of this machine, and with the time of the commit: the same source gives the same files.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
RUSTFLAGS="--remap-path-prefix=$PWD=plimsoll --remap-path-prefix=$cargo_home=cargo -C link-arg=-Wl,--build-id=none" \
  CARGO_PROFILE_RELEASE_STRIP=symbols CARGO_PROFILE_RELEASE_DEBUG=none CARGO_INCREMENTAL=0 \
  cargo rustc --locked --release --bin plimsoll -- -C "link-arg=-L$work/lib"
binary=${CARGO_TARGET_DIR:-target}/release/plimsoll
scripts/linked.sh "$binary" "$oldest_glibc"
"$binary" --version

mkdir -p "$work/$name" dist
cp "$binary" LICENSE README.md CHANGELOG.md "$work/$name/"
for shell in bash zsh fish; do "$binary" completions "$shell" >"$work/$name/completions.$shell"; done
scripts/notices.sh >"$work/$name/NOTICE"
scripts/sbom.py "$target" >"dist/$name.cdx.json"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$work" -cf - "$name" | gzip -9n >"dist/$name.tar.gz"
cd dist
sha256sum "$name.tar.gz" "$name.cdx.json" >"$name.sha256"
ls -l "$name".*
