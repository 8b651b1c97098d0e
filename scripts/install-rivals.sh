#!/usr/bin/env bash
# Purpose:     installs the readers that `edge-trainer benchmark --against` compares with: Tesseract and RapidOCR.
#              RapidOCR gets a virtual environment of its own in the cache; the project's stays as it is.
# Usage:       scripts/install-rivals.sh [--dry-run]
#              --dry-run        say what would be done, and change nothing
# Environment: EDGE_PYTHON      interpreter to make that environment with (default: python3)
#              XDG_CACHE_HOME   where it goes (default: ~/.cache)
# Examples:    scripts/install-rivals.sh && edge-trainer benchmark scenes --against tesseract rapidocr classic
set -euo pipefail

# shellcheck source=scripts/setup.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/setup.sh"

readonly RAPIDOCR=(rapidocr==3.10.0 onnxruntime==1.22.1 opencv-python-headless==4.11.0.86)

usage() {
  sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
}

install_rapidocr() {
  local folder="$1"
  rm -rf -- "$folder"
  "${EDGE_PYTHON:-python3}" -m venv "$folder"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "${RAPIDOCR[@]}"
  printf '%s' "${RAPIDOCR[*]}" >"$folder/complete"
}

main() {
  local DRY_RUN=""
  if [[ ${1:-} == --help ]]; then
    usage
    return 0
  elif [[ ${1:-} == --dry-run ]]; then
    DRY_RUN=yes
  fi
  ensure_packages tesseract-ocr libgl1 libglib2.0-0 || say "Tesseract could not be installed; it can then not be compared with"
  local folder="${XDG_CACHE_HOME:-$HOME/.cache}/edge-digits/rivals"
  if [[ -f $folder/complete && $(<"$folder/complete") == "${RAPIDOCR[*]}" ]]; then
    say "RapidOCR is unchanged in $folder"
    return 0
  fi
  change "install RapidOCR into $folder" install_rapidocr "$folder"
}

main "$@"
