#!/usr/bin/env bash
# Some tests drive a real Chromium. Where none is installed: the system's own as root on Debian and
# Ubuntu, else the one that Playwright fetches.
set -euo pipefail
python="$1"
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
if [ -d "${PLAYWRIGHT_BROWSERS_PATH:-$HOME/.cache/ms-playwright}" ]; then exit 0; fi
echo "installing Chromium for the tests" >&2
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -qq -y --no-install-recommends chromium >/dev/null || {
    apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium >/dev/null
  }
else
  "$python" -m playwright install chromium >&2
fi
