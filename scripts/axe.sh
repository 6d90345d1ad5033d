#!/usr/bin/env bash
# Fetches axe-core, which finds what is wrong with a page for people who hear it or use no mouse, from npm, and prints the path of its script.
# Exit code 3, with the reason, where that is not possible.
set -euo pipefail
cache=${PLIMSOLL_CACHE:-$HOME/.cache/plimsoll}
version=4.14.1
# As the registry has it: `npm view axe-core@VERSION dist.integrity`.
integrity=FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==
folder=$cache/axe-$version
if [ ! -f "$folder/axe.min.js" ]; then
  command -v npm >/dev/null || { echo "npm is missing, which axe-core comes from: apt-get install npm"; exit 3; }
  mkdir -p "$cache"
  fetched=$(mktemp -d "$cache/axe.XXXXXX")
  trap 'rm -rf "$fetched"' EXIT
  (cd "$fetched" && npm pack --silent "axe-core@$version" >/dev/null 2>&1) || { echo "axe-core $version could not be fetched from npm"; exit 3; }
  [ "$(openssl dgst -sha512 -binary "$fetched/axe-core-$version.tgz" | base64 -w 0)" = "$integrity" ] || { echo "axe-core $version from npm is not the one that was pinned"; exit 3; }
  tar xzf "$fetched/axe-core-$version.tgz" -C "$fetched"
  mkdir -p "$folder"
  # In one step: tests may do this side by side.
  mv "$fetched/package/axe.min.js" "$folder/axe.min.js"
fi
printf '%s\n' "$folder/axe.min.js"
