#!/bin/bash
# bootstrap.sh - installs what dependencies.txt names and this machine lacks.
#
# usage: vendor/bootstrap.sh [--yes] [GROUP…]      groups: build (the default), test, bench
#
# Says what it installs and why. As root it goes ahead; as somebody else it uses
# sudo, and asks first unless --yes is given or CI=true is set.
set -euo pipefail
table=$(dirname "${BASH_SOURCE[0]}")/dependencies.txt

fail() { printf 'bootstrap: %s\n' "$1" >&2; exit 1; }

usage() { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

# "package minimum purpose" of each line that is of one of the groups $@.
wanted() {
  local package minimum groups purpose group
  while read -r package minimum _ groups purpose; do
    case $package in '#'* | '') continue ;; esac
    for group; do
      case ,$groups, in *,$group,*) printf '%s %s %s\n' "$package" "$minimum" "$purpose"; break ;; esac
    done
  done < "$table"
}

# Leaves installed[PACKAGE]=VERSION; what a package provides counts as its version.
declare -A installed=()
read_installed() {
  local status package version provides name
  while IFS='|' read -r status package version provides; do
    [ "$status" = installed ] || continue
    for name in ${provides//,/ }; do
      case $name in '('* | *')') ;; *) : "${installed[${name%%:*}]:=$version}" ;; esac
    done
    installed[$package]=$version
  done < <(dpkg-query -W -f '${db:Status-Status}|${Package}|${Version}|${Provides}\n')
}

is_at_least() { dpkg --compare-versions "$1" ge "$2"; }

candidate() { apt-cache policy "$1" 2>/dev/null | awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }'; }

# Leaves missing[] (packages) and why[PACKAGE], minimum_of[PACKAGE].
missing=()
declare -A why=() minimum_of=()
find_missing() {
  local package minimum purpose have
  while read -r package minimum purpose; do
    have=${installed[$package]:-}
    if [ -n "$have" ] && is_at_least "$have" "$minimum"; then continue; fi
    missing+=("$package")
    why[$package]=$purpose
    minimum_of[$package]=$minimum
  done < <(wanted "$@")
}

# Sets as_root to the words that give an apt-get its rights.
as_root=()
become_root() {
  [ "$(id -u)" -eq 0 ] && return
  command -v sudo >/dev/null ||
    fail "these packages are missing and sudo is too; as root: apt-get install ${missing[*]}"
  as_root=(sudo)
  if [ "$1" = yes ] || [ "${CI:-}" = true ]; then return; fi
  [ -t 0 ] || fail "no terminal to ask on; --yes agrees to: sudo apt-get install ${missing[*]}"
  local answer
  read -r -p "Install them with sudo apt-get? [y/N] " answer
  case $answer in y | Y | yes) ;; *) fail "nothing was installed" ;; esac
}

apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@"; }

update_once() {
  [ -n "${is_updated:-}" ] && return 1
  echo "reading the package lists (apt-get update)"
  apt update >/dev/null
  is_updated=1
}

show_missing() {
  local package
  echo "missing packages:"
  for package in "${missing[@]}"; do printf '  %-24s %s\n' "$package" "${why[$package]}"; done
}

show_installed() {
  { printf installed:; dpkg-query -W -f ' ${Package}=${Version}' "${missing[@]}"; echo; } | fold -s -w 100
}

# A machine that never ran apt-get update has no candidates.
find_candidates() {
  local package found
  for package in "${missing[@]}"; do
    found=$(candidate "$package")
    if [ -z "$found" ]; then update_once || true; found=$(candidate "$package"); fi
    [ -n "$found" ] || fail "apt knows no package $package; hoko is built on Debian 12 or newer"
    is_at_least "$found" "${minimum_of[$package]}" ||
      fail "$package $found is too old, ${minimum_of[$package]} is needed"
  done
}

install() {
  apt install -y --no-install-recommends "${missing[@]}" >/dev/null && return
  # Lists that are older than the mirror name files that it no longer has.
  update_once && apt install -y --no-install-recommends "${missing[@]}" >/dev/null && return
  fail "apt-get could not install ${missing[*]}"
}

main() {
  local agreed=no groups=()
  while [ $# -gt 0 ]; do
    case $1 in
    --yes) agreed=yes ;;
    -h | --help) usage; exit 0 ;;
    build | test | bench) groups+=("$1") ;;
    *) usage >&2; exit 2 ;;
    esac
    shift
  done
  [ ${#groups[@]} -gt 0 ] || groups=(build)
  command -v apt-get >/dev/null ||
    fail "this is no Debian: install the counterparts of what vendor/dependencies.txt lists"

  read_installed
  find_missing "${groups[@]}"
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  show_missing
  become_root "$agreed"
  find_candidates
  install
  show_installed
}

main "$@"
