#!/usr/bin/env bash
# Purpose:     sets up Edge Digits with its trainer and runs every check: shell scripts, style, types, layers, tests.
# Usage:       scripts/test.sh [--dry-run] [ARGUMENTS OF pytest]
#              --dry-run        say what would be done, and change nothing
# Environment: EDGE_PYTHON      interpreter to make .venv with (default: python3)
#              XDG_CACHE_HOME   where MNIST is kept once downloaded (default: ~/.cache)
# Examples:    scripts/test.sh
#              scripts/test.sh tests/stages -k crop
set -euo pipefail

# shellcheck source=scripts/setup.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/setup.sh"

# A screen for the window tests, a compiler for the test delegate, a checker for the scripts, virtual Pis, another
# reader to be compared with, an RTSP server, a browser and its driver, a broker, a checker for alert rules.
readonly PACKAGES=(
  shellcheck xvfb xdotool gcc libc6-dev
  systemd systemd-container mmdebstrap qemu-user-static iproute2 openssh-client rsync tesseract-ocr
  chromium chromium-driver mosquitto prometheus openssl curl
  python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good
)

usage() {
  sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
}

main() {
  local DRY_RUN=""
  if [[ ${1:-} == --help ]]; then
    usage
    return 0
  elif [[ ${1:-} == --dry-run ]]; then
    DRY_RUN=yes
    shift
  fi
  ensure_packages "${PACKAGES[@]}" || say "tests that need them are skipped and say so"
  ensure_venv pi,web,mqtt,trainer,test
  local bin
  bin="$(dirname -- "$PYTHON")"
  if command -v shellcheck >/dev/null; then
    change "check the scripts" shellcheck -x scripts/*.sh .ci/run
  fi
  change "check style" "$bin/ruff" check .
  change "check format" "$bin/ruff" format --check --quiet .
  change "check types" "$bin/mypy"
  change "check layers" "$bin/lint-imports"
  fetch_data
  change "test" "$PYTHON" -m pytest "$@"
}

main "$@"
