#!/usr/bin/env bash
# Purpose:     sets up the trainer and goes from nothing to a bundle: MNIST, training, INT8, evaluation, export.
# Usage:       scripts/train.sh [ARGUMENTS OF "edge-trainer all"]
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
  ensure_venv pi,trainer
  if [[ ${1:-} == --help ]]; then
    usage
  fi
  [[ " $* " == *" --mnist"* || " $* " == *" --help "* ]] || fetch_mnist
  exec "$PYTHON" -m trainer all "$@"
}

main "$@"
