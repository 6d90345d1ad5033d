#!/usr/bin/env bash
# Builds the container image from the Dockerfile, by buildah or docker, whichever is there; everything in it as old as the commit.
#   scripts/image.sh [TAG] [further arguments of the build]
set -euo pipefail
cd "$(dirname "$0")/.."
tag=${1:-plimsoll}
[ $# -gt 0 ] && shift
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
arguments=(--build-arg "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH" -t "$tag" "$@" .)
if command -v buildah >/dev/null; then
  exec buildah build --timestamp "$SOURCE_DATE_EPOCH" --layers "${arguments[@]}"
elif docker info >/dev/null 2>&1; then
  exec docker build "${arguments[@]}"
fi
echo "error: neither buildah nor a Docker engine is here. Install one with: apt-get install buildah"
exit 1
