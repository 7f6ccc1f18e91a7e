# shellcheck shell=bash
# Sourced by the scripts beside it: where the project is, what it needs, who is root.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What compiling needs; what the lab needs; what the tests and checks need on top.
# shellcheck disable=SC2034
build_packages=(libssh2-1-dev libpq-dev libarchive-dev)
# shellcheck disable=SC2034
lab_packages=(mmdebstrap systemd-container iproute2 nftables openssh-client e2fsprogs qemu-user-static)
# shellcheck disable=SC2034
test_packages=(shellcheck ansible-core haproxy keepalived openssh-server curl strace gnupg postgresql-15)

say() { printf '\n== %s\n' "$*"; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo env PATH="$PATH" "$@"; fi
}

need_swift() {
    command -v swift >/dev/null && return
    echo "The Swift toolchain is missing: install Swift 6.3.1 for Debian 12 (swift.org/install) and put its usr/bin on PATH." >&2
    exit 1
}

# C-Raft's sources, which swift build compiles; not ours, so not in git.
need_sources() { bash "$project/scripts/fetch-raft"; }

# Installs those of the packages that are missing; says nothing when all are there.
need_packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    as_root bash "$project/scripts/install-packages" "${missing[@]}"
}
