#!/usr/bin/env bash
# Makes the environment of a Django project with a version of django-models-logging, and prints its Python:
#     scripts/django.sh current | 1.0.6
# Exit code 3, with the reason, where this machine has no Python that the version runs on.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
cache=${PLIMSOLL_CACHE:-$HOME/.cache/plimsoll}
requirements=$here/tests/support/django/requirements-$1.txt
newest=13
[ "$1" = current ] || newest=12

python=
for candidate in python3 "$HOME"/.pyenv/versions/3.*/bin/python "$cache"/venv-*/bin/python; do
  # Asked, not only found: a version manager's shim may stand in for a Python that is not there.
  if "$candidate" -c "import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, $newest))" 2>/dev/null; then
    python=$(command -v "$candidate")
    break
  fi
done
[ -n "$python" ] || { echo "django-models-logging $1 needs Python 3.10 to 3.$newest, and this machine has none"; exit 3; }

version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
venv=$cache/django-$1-py$version-$(sha256sum <"$requirements" | cut -c1-16)
if [ ! -f "$venv/.ready" ]; then
  echo "installing Django with django-models-logging $1 into $venv" >&2
  rm -rf "$venv"
  "$python" -m venv "$venv" >&2
  "$venv/bin/pip" install -q --disable-pip-version-check -r "$requirements" >&2 || {
    rm -rf "$venv"
    echo "django-models-logging $1 does not install on Python $version"
    exit 3
  }
  touch "$venv/.ready"
fi
printf '%s\n' "$venv/bin/python"
