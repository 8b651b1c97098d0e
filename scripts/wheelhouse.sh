#!/usr/bin/env bash
# Purpose:     collects the wheels that install.sh --offline needs, for a Pi that reaches no package registry.
# Usage:       scripts/wheelhouse.sh [--python 3.11|3.13] [--arch arm64|amd64] [--dry-run] FOLDER
#              --python   of the device: 3.11 on bookworm, 3.13 on trixie (default: 3.11)
#              --arch     of the device (default: arm64)
#              --dry-run  say what would be done, and change nothing
# Environment: EDGE_PYTHON   interpreter to collect with (default: python3; with pip and venv)
# Examples:    scripts/wheelhouse.sh wheels && scripts/install.sh --host pi@raspberrypi.local --offline wheels
#              scripts/wheelhouse.sh --python 3.13 wheels-trixie
set -euo pipefail

REPO="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"
readonly REPO

usage() {
  sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
}

die() {
  printf 'wheelhouse.sh: error: %s\n' "$*" >&2
  exit 1
}

say() {
  printf 'wheelhouse.sh: %s\n' "$*" >&2
}

# The platform tags that a device's pip takes, the newest first; each device has at least this C library.
platforms() {
  local machine="$1" glibc="$2" minor
  for ((minor = glibc; minor >= 17; minor--)); do
    printf -- '--platform\nmanylinux_2_%s_%s\n' "$minor" "$machine"
  done
  printf -- '--platform\nmanylinux2014_%s\n' "$machine"
}

# From a copy, since setuptools packs whatever an earlier build has left in the checkout.
build_wheel() {
  local scratch="$1" folder="$2"
  cp -r -- "$REPO"/{edge_app,trainer,setup.cfg,pyproject.toml,README.md,LICENSE} "$scratch"
  mkdir -p -- "$folder"
  rm -f -- "$folder"/edge_digits-*.whl
  "${EDGE_PYTHON:-python3}" -m pip wheel -qq --disable-pip-version-check --no-deps --wheel-dir "$folder" "$scratch"
}

# What a wheel and its extras for a device need on the device's Python: pip itself would ask the Python that it runs on.
requirements() {
  "${EDGE_PYTHON:-python3}" - "$@" <<'PYTHON'
import sys
from importlib.metadata import PathDistribution
from zipfile import Path
from pip._vendor.packaging.requirements import Requirement

wheel, python = sys.argv[1:]
info = next(path for path in Path(wheel).iterdir() if path.name.endswith(".dist-info"))
for text in PathDistribution(info).requires or []:
    wanted = Requirement(text)
    extras = ("pi", "web", "mqtt")
    if wanted.marker is None or any(
        wanted.marker.evaluate({"python_version": python, "extra": extra}) for extra in extras
    ):
        print(f"{wanted.name}{wanted.specifier}")
PYTHON
}

main() {
  local python=3.11 arch=arm64 dry_run="" folder=""
  while (($#)); do
    case "$1" in
      --python) python="${2:-}" && shift ;;
      --arch) arch="${2:-}" && shift ;;
      --dry-run) dry_run=yes ;;
      --help) usage && return 0 ;;
      -*) die "unknown flag $1; see --help" ;;
      *) folder="$1" ;;
    esac
    shift
  done
  [[ -n $folder ]] || die "name the folder that the wheels go into; see --help"
  local glibc machine
  case "$python" in
    3.11) glibc=36 ;;
    3.13) glibc=41 ;;
    *) die "--python must be 3.11 or 3.13. Received: $python" ;;
  esac
  case "$arch" in
    arm64) machine=aarch64 ;;
    amd64) machine=x86_64 ;;
    *) die "--arch must be arm64 or amd64. Received: $arch" ;;
  esac
  if [[ -n $dry_run ]]; then
    say "would collect wheels for Python $python on $machine into $folder"
    return 0
  fi
  local scratch
  scratch="$(mktemp -d)"
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf -- '$scratch'" EXIT
  say "building edge-digits"
  build_wheel "$scratch" "$folder"
  local tags wanted
  mapfile -t tags < <(platforms "$machine" "$glibc")
  mapfile -t wanted < <(requirements "$folder"/edge_digits-*.whl "$python")
  say "collecting what it needs for Python $python on $machine"
  "${EDGE_PYTHON:-python3}" -m pip download -qq --disable-pip-version-check --only-binary=:all: \
    --python-version "$python" --implementation cp "${tags[@]}" --dest "$folder" "${wanted[@]}"
  say "$folder holds $(find "$folder" -name '*.whl' | wc -l) wheels"
}

main "$@"
