#!/usr/bin/env bash
# Purpose:     sets up Edge Digits and reads handwritten digits: from the camera, or from the sample clip where there is
#              none. Shows a window where there is a display; else writes an annotated video and a contact sheet.
# Usage:       scripts/run.sh [--dry-run] [ARGUMENTS OF "edge-app run"]
#              --dry-run    say what would be done, and change nothing
# Environment: EDGE_PYTHON   interpreter to make .venv with (default: python3)
#              OUT           folder for the video and the contact sheet (default: out)
# Examples:    scripts/run.sh
#              scripts/run.sh --camera /dev/video0
#              scripts/run.sh --camera clip --json
set -euo pipefail

# shellcheck source=scripts/setup.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/setup.sh"

usage() {
  sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
}

main() {
  if [[ ${1:-} == --help ]]; then
    usage
    return 0
  fi
  local out="${OUT:-out}" files=() DRY_RUN=""
  if [[ ${1:-} == --dry-run ]]; then
    DRY_RUN=yes
    shift
  fi
  ensure_venv pi,web,mqtt
  if [[ -z ${DISPLAY:-}${WAYLAND_DISPLAY:-} ]]; then
    files=(--video "$out/edge-digits.mp4" --sheet "$out/edge-digits.png")
    change "write $out/edge-digits.mp4 and $out/edge-digits.png, since there is no display" mkdir -p "$out"
  fi
  change "read digits" exec "$PYTHON" -m edge_app run --camera-fallback clip "${files[@]}" "$@"
}

main "$@"
