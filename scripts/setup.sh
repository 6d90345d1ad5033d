#!/usr/bin/env bash
# Installs what the tests and the demo need and this machine lacks, and prints the folder of the Python environment.
#   - Debian packages, when it may: PostgreSQL's server, openssl
#   - a venv with the emulators, kept under ~/.cache/plimsoll between runs, one for each version of its requirements
# Says plainly what it could not install. The Pub/Sub emulator alone may be missing.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
cache=${PLIMSOLL_CACHE:-$HOME/.cache/plimsoll}
requirements=$here/tests/support/requirements.txt
say() { printf '%s\n' "$*" >&2; }

apt() {
  local sudo=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null && sudo -n true 2>/dev/null || return 1
    sudo="sudo -n"
  fi
  command -v apt-get >/dev/null || return 1
  say "installing $*"
  $sudo apt-get update -qq >/dev/null 2>&1 || true
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}

need() { # need <what> <test> <package…>
  local what=$1 check=$2
  shift 2
  eval "$check" && return 0
  apt "$@" && eval "$check" && return 0
  say "error: $what is missing. Install it with: apt-get install $*"
  exit 1
}

has_postgres() { [ -n "${PG_BIN:-}" ] || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1; }
need "PostgreSQL's server" has_postgres postgresql
need openssl 'command -v openssl >/dev/null' openssl
need "Python 3" 'command -v python3 >/dev/null' python3 python3-venv

python=
for candidate in "${PYTHON313:-}" python3.13 "$HOME"/.pyenv/versions/3.13*/bin/python; do
  # Asked, not only found: a version manager's shim may stand in for a Python that is not there.
  if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then
    python=$candidate
    break
  fi
done

key=$(cat "$requirements" | sha256sum | cut -c1-16)
venv=$cache/venv-$key
if [ ! -f "$venv/.ready" ]; then
  if [ -z "$python" ]; then
    # Debian 12 has 3.11; uv brings another one along.
    say "fetching Python 3.13 (the BigQuery emulator needs it)"
    tool=$cache/uv
    [ -x "$tool/bin/uv" ] || { python3 -m venv "$tool" && "$tool/bin/pip" install -q uv; }
    "$tool/bin/uv" python install -q 3.13 && python=$("$tool/bin/uv" python find 3.13) || {
      say "error: Python 3.13 is missing. Install it with: uv python install 3.13 (or set PYTHON313)"
      exit 1
    }
  fi
  say "installing the emulators into $venv"
  rm -rf "$venv"
  "$python" -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r "$requirements" >&2
  touch "$venv/.ready"
fi
printf '%s\n' "$venv"
