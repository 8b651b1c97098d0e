#!/usr/bin/env bash
# Purpose:     installs Edge Digits on a Raspberry Pi (or Debian) as a service, or upgrades it; keeps config and bundles.
#              Where the new version does not come up, the old one is started again.
# Usage:       sudo scripts/install.sh [--offline WHEELS] [--dry-run]
#              scripts/install.sh --host pi@raspberrypi.local [--offline WHEELS] [--dry-run]
#              sudo scripts/install.sh --uninstall [--purge] [--dry-run]
#              --host       do it on that machine, over ssh; its user must be allowed to use sudo
#              --offline    take everything from a folder that scripts/wheelhouse.sh filled
#              --uninstall  remove the service and the app; --purge: its bundles, config and user, too
#              --dry-run    say what would be done, and change nothing
# Environment: SSH_OPTIONS   further options for ssh, e.g. "-p 2222"
# Examples:    sudo scripts/install.sh
#              scripts/wheelhouse.sh wheels && scripts/install.sh --host pi@raspberrypi.local --offline wheels
set -euo pipefail

REPO="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"
readonly REPO
readonly PREFIX=/opt/edge-digits CONFIG=/etc/edge-digits STATE=/var/lib/edge-digits
readonly UNIT=edge-digits.service DISPLAY_UNIT=edge-digits-display@.service
DRY_RUN="" CHANGED="" SCRATCH=""

cleanup() {
  [[ -z $SCRATCH ]] || rm -rf -- "$SCRATCH"
}
trap cleanup EXIT

usage() {
  sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
}

die() {
  printf 'install.sh: error: %s\n' "$*" >&2
  exit 1
}

say() {
  printf 'install.sh: %s\n' "$*" >&2
}

# Runs a command that changes something, after a word on it; with --dry-run only the word.
change() {
  local what="$1"
  shift
  if [[ -n $DRY_RUN ]]; then
    say "would $what"
    return 0
  fi
  say "$what"
  CHANGED=yes
  "$@"
}

check_system() {
  ((EUID == 0)) || [[ -n $DRY_RUN ]] || die "root is needed on the device; use sudo, or --host"
  local codename=unknown
  # shellcheck source=/dev/null
  codename="$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-unknown}")"
  [[ $codename == bookworm || $codename == trixie ]] ||
    die "the system must be Debian or Raspberry Pi OS bookworm or trixie. Received: $codename"
  case "$(uname -m)" in
    aarch64 | x86_64) ;;
    *) die "the system must be 64-bit (aarch64 or x86_64). Received: $(uname -m); install the 64-bit Raspberry Pi OS" ;;
  esac
  command -v systemctl >/dev/null || die "systemd is needed"
}

install_packages() {
  local wanted=(python3-venv libgl1 libglib2.0-0) missing=() package
  if [[ -z ${OFFLINE:-} ]] && apt-cache show python3-picamera2 >/dev/null 2>&1; then # only the Pi's own archive has it
    wanted+=(python3-picamera2)
  fi
  for package in "${wanted[@]}"; do
    # trixie's libglib2.0-0t64 provides libglib2.0-0
    dpkg-query -W -f='${Status} ${Provides}\n' "$package*" 2>/dev/null |
      grep -q '^install ok installed' || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  [[ -z ${OFFLINE:-} ]] || die "these Debian packages are needed, and --offline gets none: ${missing[*]}"
  change "install the Debian packages ${missing[*]}" apt_install "${missing[@]}"
}

apt_install() {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# What is to be installed, as a name: the same sources, or the same wheels, give the same one.
version_name() {
  if [[ -n ${OFFLINE:-} ]]; then
    (cd -- "$OFFLINE" && sha256sum -- *.whl)
  else
    (cd -- "$REPO" && find edge_app setup.cfg -type f ! -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum)
  fi | sha256sum | cut -c1-16
}

# Builds the environment in the folder that it stays in, marked as whole at the end.
make_environment() {
  local folder="$1" source from=()
  if [[ -n ${OFFLINE:-} ]]; then
    source="edge-digits[pi,web,mqtt]"
    from=(--no-index --find-links "$OFFLINE")
  else # from a copy: a build leaves files behind, and they would be root's
    SCRATCH="$(mktemp -d)"
    cp -r -- "$REPO"/{edge_app,trainer,setup.cfg,pyproject.toml,README.md,LICENSE} "$SCRATCH"
    source="${SCRATCH}[pi,web,mqtt]"
  fi
  rm -rf -- "$folder"
  mkdir -p -- "$PREFIX/venvs"
  python3 -m venv --system-site-packages "$folder"
  "$folder/bin/python" -m pip install -qq --disable-pip-version-check --no-warn-script-location "${from[@]}" "$source"
  "$folder/bin/edge-app" check >/dev/null
  sync -f "$folder"
  touch "$folder/complete"
}

# Copies a file whole or not at all: systemd never starts a unit that a power cut left empty.
put() {
  local source="$1" target="$2"
  install -D -m 644 -- "$source" "$target.new"
  sync -- "$target.new"
  mv -T -- "$target.new" "$target"
}

# Copies a file where it differs; says so.
place() {
  local source="$1" target="$2"
  cmp -s -- "$source" "$target" || change "write $target" put "$source" "$target"
}

place_files() {
  place "$REPO/systemd/edge-digits.sysusers" /usr/lib/sysusers.d/edge-digits.conf
  place "$REPO/systemd/$DISPLAY_UNIT" "/etc/systemd/system/$DISPLAY_UNIT" # for a Pi with a screen; not enabled
  id edge-digits >/dev/null 2>&1 || change "add the user edge-digits" systemd-sysusers
  if [[ ! -e $CONFIG/config.toml ]]; then # a person's own, from then on
    change "write $CONFIG/config.toml" put "$REPO/systemd/config.toml" "$CONFIG/config.toml"
  fi
  local folder
  for folder in "$STATE" "$STATE/bundles"; do
    [[ -d $folder ]] || change "make $folder" install -d -m 2775 -o edge-digits -g edge-digits -- "$folder"
  done
}

# The bundle that ships with the app is in the store, too, to go back to by name; which one is active stays as it is.
place_bundle() {
  local environment="$1" bundle
  [[ -d $environment ]] || return 0 # with --dry-run
  for bundle in "$environment"/lib/python3*/site-packages/edge_app/assets/bundles/*/; do
    bundle="${bundle%/}"
    [[ -d $STATE/bundles/${bundle##*/} ]] ||
      change "put bundle ${bundle##*/} into $STATE" runuser -u edge-digits -- \
        "$environment/bin/edge-app" models install "$bundle"
  done
}

switch_to() {
  ln -sfn -- "$1" "$PREFIX/.venv.new"
  mv -T -- "$PREFIX/.venv.new" "$PREFIX/venv"
  sync -f "$PREFIX"
}

# Starts the service with what is linked now; it is up once it has read a frame, or knows that there is no camera.
start() {
  systemctl daemon-reload
  systemctl enable --quiet "$UNIT"
  systemctl restart "$UNIT"
}

# Brings the new environment and unit up, or the old ones again.
bring_up() {
  local new="$1" old="$2" unit_before
  unit_before="$(mktemp)"
  cp -- "/etc/systemd/system/$UNIT" "$unit_before" 2>/dev/null || true
  put "$REPO/systemd/$UNIT" "/etc/systemd/system/$UNIT"
  switch_to "$new"
  if start; then
    rm -f -- "$unit_before"
    remove_old "$new" "$old"
    return 0
  fi
  journalctl -u "$UNIT" -n 20 --no-pager -o cat >&2 || true
  [[ -n $old ]] || die "the service does not come up; its last words are above"
  say "the new version does not come up; starting the old one again"
  [[ ! -s $unit_before ]] || put "$unit_before" "/etc/systemd/system/$UNIT"
  rm -f -- "$unit_before"
  switch_to "$old"
  systemctl reset-failed "$UNIT" || true
  start || die "neither does the old one: systemctl status $UNIT"
  die "not upgraded: the new version's last words are above; the old one runs"
}

# All but the environment in use and the one before it.
remove_old() {
  local folder
  for folder in "$PREFIX"/venvs/*; do
    [[ $folder == "$1" || $folder == "$2" ]] || rm -rf -- "$folder"
  done
}

install_here() {
  check_system
  install_packages
  local new old=""
  new="$PREFIX/venvs/$(version_name)"
  old="$(readlink -f -- "$PREFIX/venv" || true)"
  [[ -d $old ]] || old=""
  [[ -f $new/complete ]] || change "build $new (some minutes on a small board)" make_environment "$new"
  place_files
  place_bundle "$new"
  if [[ $old != "$new" ]] || ! cmp -s "$REPO/systemd/$UNIT" "/etc/systemd/system/$UNIT" ||
    ! systemctl is-active --quiet "$UNIT"; then
    change "start $UNIT with it" bring_up "$new" "${old#"$new"}"
  fi
  if [[ -n $CHANGED ]]; then
    say "done: systemctl status edge-digits"
  elif [[ -z $DRY_RUN ]]; then
    say "unchanged"
  fi
}

uninstall_here() {
  check_system
  if systemctl cat "$UNIT" >/dev/null 2>&1; then
    change "stop and disable $UNIT" systemctl disable --now --quiet "$UNIT"
    change "stop its windows" systemctl disable --now --quiet 'edge-digits-display@*'
    change "remove $UNIT" rm -f -- /etc/systemd/system/{"$UNIT","$DISPLAY_UNIT"} /usr/lib/sysusers.d/edge-digits.conf
    change "tell systemd" systemctl daemon-reload
  fi
  [[ ! -e $PREFIX ]] || change "remove $PREFIX" rm -rf -- "$PREFIX"
  if [[ -n $1 ]]; then
    [[ ! -e $STATE && ! -e $CONFIG ]] || change "remove $STATE and $CONFIG" rm -rf -- "$STATE" "$CONFIG"
    ! id edge-digits >/dev/null 2>&1 || change "remove the user edge-digits" userdel edge-digits
  fi
  [[ -n $CHANGED || -n $DRY_RUN ]] || say "unchanged: it is not installed"
}

# Copies what the device needs to a folder there, and runs this script in it.
install_there() {
  local host="$1" scratch arguments=()
  shift
  local ssh=(ssh -o BatchMode=yes -o ConnectTimeout=15)
  # shellcheck disable=SC2206  # several options in one variable
  ssh+=(${SSH_OPTIONS:-})
  scratch="$("${ssh[@]}" "$host" mktemp -d /tmp/edge-digits.XXXXXX)" || die "$host cannot be reached by ssh"
  say "copying to $host"
  rsync -a --exclude __pycache__ -e "${ssh[*]}" \
    "$REPO"/{edge_app,trainer,scripts,systemd,setup.cfg,pyproject.toml,README.md,LICENSE} "$host:$scratch/"
  if [[ -n ${OFFLINE:-} ]]; then
    rsync -a -e "${ssh[*]}" "$OFFLINE/" "$host:$scratch/wheels/"
    arguments=(--offline "$scratch/wheels")
  fi
  local code=0
  "${ssh[@]}" "$host" sudo "$scratch/scripts/install.sh" "${arguments[@]}" "$@" || code=$?
  "${ssh[@]}" "$host" rm -rf "$scratch"
  return "$code"
}

main() {
  local host="" uninstall="" purge="" passed=()
  while (($#)); do
    case "$1" in
      --host) host="${2:?--host needs a name}" && shift ;;
      --offline) OFFLINE="$(cd -- "${2:?--offline needs a folder}" && pwd)" && shift ;;
      --dry-run) DRY_RUN=yes && passed+=("$1") ;;
      --uninstall) uninstall=yes && passed+=("$1") ;;
      --purge) purge=yes && passed+=("$1") ;;
      --help) usage && return 0 ;;
      *) die "unknown argument $1; see --help" ;;
    esac
    shift
  done
  [[ -z $purge || -n $uninstall ]] || die "--purge goes with --uninstall"
  if [[ -n $host ]]; then
    install_there "$host" "${passed[@]}"
  elif [[ -n $uninstall ]]; then
    uninstall_here "$purge"
  else
    install_here
  fi
}

main "$@"
