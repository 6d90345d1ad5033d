#!/usr/bin/env bash
# The pictures of the pages in docs/images, made from the sixty tables that the tests have, in Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."
for program in chromium chromedriver; do
  command -v "$program" >/dev/null || { echo "error: no $program. Install it with: apt-get install chromium chromium-driver"; exit 1; }
done
mkdir -p docs/images
PLIMSOLL_SCREENSHOTS=$PWD/docs/images ./scripts/test.sh console_browser::pictures_of_the_pages >&2
printf 'wrote %s\n' docs/images/*.png
