# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What the other scripts share; sourced, not run.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"

say() { printf '\n== %s\n' "$*"; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Runs a command whose output matters only if it fails, and then its end.
quietly() {
    local log rc=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 </dev/null || rc=$?
    [ $rc = 0 ] || tail -n 120 "$log" >&2
    rm -f "$log"
    return $rc
}

# The C and C++ sources of the project, tracked or about to be; with arguments: those below them.
sources() {
    git ls-files --cached --others --exclude-standard -- "$@" |
        grep -E '\.(c|cpp|h|hpp)$' | grep -v '^subprojects/' |
        while read -r f; do [ ! -f "$f" ] || printf '%s\n' "$f"; done
}

# configure DIR [MESON OPTION...]: unless DIR is configured. meson takes ccache by itself where there
# is one.
configure() {
    [ -f "$1/build.ninja" ] || quietly meson setup "$@"
}
# build_tree DIR [MESON OPTION...]
build_tree() {
    configure "$@" && quietly ninja -C "$1"
}

# Something to run commands as root with, or nothing when we are root. Sets as_root.
find_root() {
    as_root=()
    [ "$(id -u)" != 0 ] || return 0
    command -v sudo >/dev/null || die "needs root: run it as root, or install sudo"
    as_root=(sudo)
}
