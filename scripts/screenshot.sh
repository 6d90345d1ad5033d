#!/usr/bin/env bash
# A picture of the status page for the README, from a running demo (`make demo KEEP=1` prints its address).
#   scripts/screenshot.sh URL [FILE]
set -euo pipefail
cd "$(dirname "$0")/.."
url=${1:?"an address, such as http://127.0.0.1:8080"} file=${2:-docs/images/status.png}
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) \
  || { echo "error: no browser. Install one with: apt-get install chromium"; exit 1; }
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
mkdir -p "$(dirname "$file")"
timeout 60 "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$profile" --force-device-scale-factor=2 \
  --window-size="${SIZE:-1100,720}" --screenshot="$file" "$url" >/dev/null 2>&1
[ -s "$file" ] || { echo "error: $url gave no picture"; exit 1; }
echo "wrote $file"
