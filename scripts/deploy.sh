#!/usr/bin/env bash
# Purpose:     puts a model bundle on devices and has them read with it. A device that does not take to it goes back to
#              the bundle before by itself, and its reason is shown here. Needs no root on the device: its user must be
#              in the group edge-digits there.
# Usage:       scripts/deploy.sh BUNDLE HOST…        push a bundle and read with it
#              scripts/deploy.sh rollback HOST…      read with the bundle before
#              scripts/deploy.sh status HOST…        what each device reads with, and how it is
#              scripts/deploy.sh list HOST…          each device's bundles
#              --canary HOST   this one first; the others only where it went well
#              --keep N        bundles that stay on a device beside the active and the previous one (default: 5)
#              --sign KEY      sign the bundle with this SSH key, for devices whose config says model.trust = "signed"
#              --dry-run       say what would be done, and change nothing
# Environment: SSH_OPTIONS     further options for ssh, e.g. "-p 2222"
#              EDGE_APP        the app on the device (default: /opt/edge-digits/venv/bin/edge-app)
# Examples:    scripts/deploy.sh runs/compact-seed1/bundles/0123456789abcdef pi@raspberrypi.local
#              scripts/deploy.sh --canary pi@desk BUNDLE pi@hall pi@door
set -euo pipefail

REPO="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"
readonly REPO
readonly EDGE_APP="${EDGE_APP:-/opt/edge-digits/venv/bin/edge-app}"
readonly STATE=/var/lib/edge-digits
SCRATCH="" SSH=()

usage() {
  sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
}

die() {
  printf 'deploy.sh: error: %s\n' "$*" >&2
  exit 1
}

say() {
  printf 'deploy.sh: %s\n' "$*" >&2
}

cleanup() {
  [[ -z $SCRATCH ]] || rm -rf -- "$SCRATCH"
}
trap cleanup EXIT

# One connection a host serves all commands; it ends with this script.
connect() {
  SCRATCH="$(mktemp -d)"
  # shellcheck disable=SC2206  # several options in one variable
  SSH=(ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3
    -o ControlMaster=auto -o "ControlPath=$SCRATCH/%C" -o ControlPersist=10 ${SSH_OPTIONS:-})
}

on() {
  local host="$1"
  shift
  "${SSH[@]}" "$host" "$@"
}

# Verifies with the app of the checkout, where it is set up; the device does so in any case.
verify_here() {
  local bundle="$1"
  [[ -f $bundle/manifest.json && -f $bundle/model.tflite ]] ||
    die "$bundle must be a bundle's folder with manifest.json and model.tflite"
  if [[ -x $REPO/.venv/bin/edge-app ]]; then
    "$REPO/.venv/bin/edge-app" check "$bundle" >&2 || die "$bundle is refused here; its reason is above"
  else
    say "not verified here: scripts/run.sh has not been run; the device will"
  fi
}

# A copy of it, since a bundle is never changed. Sets the caller's `bundle`.
sign() {
  local key="$1" copy
  copy="$SCRATCH/signed/$(basename -- "$bundle")"
  mkdir -- "$SCRATCH/signed"
  cp -r -- "$bundle" "$copy"
  rm -f -- "$copy/manifest.json.sig"
  ssh-keygen -q -Y sign -f "$key" -n edge-digits "$copy/manifest.json" || die "$key cannot sign"
  bundle="$copy"
}

# Copied under another name, where an interrupted copy goes on; the device verifies it, switches, and confirms.
push() {
  local host="$1" bundle="$2" keep="$3" name
  name="$(basename -- "$bundle")"
  [[ $name =~ ^[0-9A-Za-z._-]+$ ]] || die "the bundle's folder must have a plain name. Received: $name"
  local incoming="$STATE/incoming/$name"
  # Joined, since a caller that handles a failure switches `set -e` off in here.
  on "$host" mkdir -p "$incoming" &&
    rsync -a --no-perms --no-owner --no-group --chmod=D2775,F664 --partial --delete --timeout=30 -e "${SSH[*]}" \
      "$bundle/" "$host:$incoming/" &&
    on "$host" "$EDGE_APP models install $incoming --activate --keep $keep && rm -rf $incoming"
}

one() {
  local action="$1" host="$2" bundle="$3" keep="$4"
  case "$action" in
    push) push "$host" "$bundle" "$keep" ;;
    rollback) on "$host" "$EDGE_APP" models rollback ;;
    status) on "$host" "$EDGE_APP" status ;;
    list) on "$host" "$EDGE_APP" models list ;;
  esac
}

# All hosts at once; then a line for each, with the last thing that it said. Fails where one did.
all() {
  local action="$1" bundle="$2" keep="$3" host failed=0 pids=()
  shift 3
  for host in "$@"; do
    one "$action" "$host" "$bundle" "$keep" >"$SCRATCH/$host" 2>&1 &
    pids+=("$!")
  done
  local number=0
  for host in "$@"; do
    if wait "${pids[number]}"; then
      report "$action" "$host" ok
    else
      report "$action" "$host" FAILED
      failed=1
    fi
    number=$((number + 1))
  done
  return "$failed"
}

report() {
  local action="$1" host="$2" outcome="$3"
  if [[ $action == status || $action == list ]]; then
    printf '%s:\n' "$host"
    sed 's/^/  /' "$SCRATCH/$host"
  else
    printf '%-28s %-7s %s\n' "$host" "$outcome" "$(tail -n 1 "$SCRATCH/$host")"
  fi
}

main() {
  local canary="" keep=5 dry_run="" key="" words=()
  while (($#)); do
    case "$1" in
      --canary) canary="${2:?--canary needs a host}" && shift ;;
      --keep) keep="${2:?--keep needs a number}" && shift ;;
      --sign) key="${2:?--sign needs a key}" && shift ;;
      --dry-run) dry_run=yes ;;
      --help) usage && return 0 ;;
      -*) die "unknown flag $1; see --help" ;;
      *) words+=("$1") ;;
    esac
    shift
  done
  ((${#words[@]} >= 2)) || [[ ${#words[@]} == 1 && -n $canary ]] || die "name a bundle or an action, and hosts; see --help"
  [[ $keep =~ ^[0-9]+$ ]] || die "--keep must be a number. Received: $keep"
  local action="${words[0]}" bundle="" hosts=("${words[@]:1}") host
  case "$action" in
    rollback | status | list) ;;
    *) bundle="$(cd -- "$action" 2>/dev/null && pwd)" || die "$action is no folder, nor rollback, status or list" && action=push ;;
  esac
  for host in "${hosts[@]}" ${canary:+"$canary"}; do
    [[ $host =~ ^[0-9A-Za-z@._:-]+$ && $host != -* ]] || die "a host must be a name, or user@name. Received: $host"
  done
  if [[ -n $dry_run ]]; then
    [[ $action != push ]] || verify_here "$bundle"
    say "would $action ${bundle:+$bundle }on ${canary:+$canary first, then on }${hosts[*]}"
    return 0
  fi
  connect
  [[ $action != push ]] || verify_here "$bundle"
  [[ -z $key || $action != push ]] || sign "$key"
  if [[ -n $canary ]]; then
    all "$action" "$bundle" "$keep" "$canary" || die "$canary failed; the others were left alone"
  fi
  ((${#hosts[@]} == 0)) || all "$action" "$bundle" "$keep" "${hosts[@]}"
}

main "$@"
