#!/usr/bin/env bash
# Installs the linters that come from PyPI into a venv of their own, one for each version of scripts/lint-requirements.txt, and prints its folder.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=${PLIMSOLL_CACHE:-$HOME/.cache/plimsoll}/lint-$(sha256sum <scripts/lint-requirements.txt | cut -c1-16)
if [ ! -f "$tools/.ready" ]; then
  rm -rf "$tools"
  python3 -m venv "$tools"
  "$tools/bin/pip" install -q --disable-pip-version-check -r scripts/lint-requirements.txt >&2
  touch "$tools/.ready"
fi
printf '%s\n' "$tools"
