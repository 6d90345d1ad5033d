#!/usr/bin/env bash
# Prints the notices of everything that is linked into the binary: one list of crates, then each licence's text once, with the
# crates it stands in. Needs cargo, the crates' sources where cargo keeps them, and coreutils: the image is built with no more.
# Ends with 1 where a crate has no text and none can be given for it.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo tree --locked --edges normal --prefix none --no-dedupe --format '{p}|{l}|{r}' \
  | sed 's/ (proc-macro)//; s/ (\*)//' | grep -v '^plimsoll v' | sort -u >"$work/crates"

# One file a text, named by its digest without regard to line breaks; beside it the crates.
keep() { # keep <crate> <file>
  local digest
  digest=$(tr -s ' \t\r\n' '    ' <"$2" | sha256sum | cut -c1-32)
  cp "$2" "$work/$digest.text"
  printf '%s\n' "$1" >>"$work/$digest.crates"
}

missing=0
while IFS='|' read -r crate licence _; do
  folder=${crate/ v/-}
  folder=$(find "${CARGO_HOME:-$HOME/.cargo}"/registry/src -mindepth 2 -maxdepth 2 -type d -name "$folder" | head -1)
  if [ -z "$folder" ]; then
    echo "error: the source of $crate is not here: cargo fetch --locked brings it" >&2
    exit 1
  fi
  # What a crate has vendored stands some folders down, with a licence of its own.
  find "$folder" -maxdepth 4 -type f -not -name '*.rs' \
    \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'copyright*' -o -iname 'notice*' -o -iname 'unlicense*' \) | sort >"$work/found"
  if [ -s "$work/found" ]; then
    while read -r file; do keep "$crate" "$file"; done <"$work/found"
    continue
  fi
  # Its package has no text: the one of the licence that it names, with the authors that it names.
  case $licence in
    *Apache-2.0*) keep "$crate" LICENSE ;;
    MIT | BSD-2-Clause)
      authors=$(awk '/^authors = /{ on = 1 } on { print } on && /\]/{ exit }' "$folder/Cargo.toml" | grep -o '"[^"]*"' | tr -d '"' | paste -sd, | sed 's/,/, /g')
      awk -v authors="${authors:-the authors of $crate}" '{ gsub(/AUTHORS$/, ""); print $0 ($0 ~ /^Copyright \(c\) $/ ? authors : "") }' \
        "scripts/licences/$licence" >"$work/filled"
      keep "$crate" "$work/filled"
      ;;
    *)
      echo "error: $crate ($licence) has no licence text in its package, and scripts/licences has none for it" >&2
      missing=1
      ;;
  esac
done <"$work/crates"
[ "$missing" = 0 ] || exit 1

cat <<'END'
Plimsoll is licensed under the Apache License, Version 2.0. Its binary has the following software linked into it.

Rust's standard library, under "MIT OR Apache-2.0": https://github.com/rust-lang/rust, file COPYRIGHT.
Where libgcc is linked in, under the GNU General Public License with the GCC Runtime Library Exception: https://gcc.gnu.org.

END
while IFS='|' read -r crate licence repository; do
  printf '%s: %s%s\n' "$crate" "${licence:-see below}" "${repository:+, $repository}"
done <"$work/crates"
# In the order of the crates, so that the same sources give the same file.
for list in $(head -qn1 "$work"/*.crates | paste -d'|' - <(ls "$work"/*.crates) | sort | cut -d'|' -f2); do
  printf '\n%s\n\n' "================================================================================"
  sort -u "$list"
  printf '\n%s\n\n' "--------------------------------------------------------------------------------"
  cat "${list%.crates}.text"
done
