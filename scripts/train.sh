#!/usr/bin/env bash
# Purpose:     sets up the trainer and goes from nothing to a bundle: MNIST, training, INT8, evaluation, export.
# Usage:       scripts/train.sh [--dry-run] [ARGUMENTS OF "edge-trainer all"; see `.venv/bin/edge-trainer all --help`]
#              --dry-run        say what would be done, and change nothing
# Environment: EDGE_PYTHON      interpreter to make .venv with (default: python3)
#              XDG_CACHE_HOME   where MNIST is kept once downloaded (default: ~/.cache)
# Examples:    scripts/train.sh
#              scripts/train.sh --model seed
#              scripts/train.sh --bundles edge_app/assets/bundles   (replace the bundle that ships with the app)
set -euo pipefail

# shellcheck source=scripts/setup.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/setup.sh"

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
  ensure_venv pi,trainer
  [[ " $* " == *" --mnist"* ]] || fetch_data
  change "train, quantize, evaluate and export" exec "$PYTHON" -m trainer all "$@"
}

main "$@"
