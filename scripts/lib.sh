# shellcheck shell=bash
# Sourced by the scripts beside it: where the project is, what it needs, who is root.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What compiling needs; what the lab needs; what the tests and checks need on top.
# shellcheck disable=SC2034
build_packages=(libssh2-1-dev libpq-dev libarchive-dev)
# shellcheck disable=SC2034
lab_packages=(mmdebstrap systemd-container iproute2 nftables openssh-client e2fsprogs qemu-user-static)
# shellcheck disable=SC2034
test_packages=(shellcheck ansible-core haproxy keepalived openssh-server curl strace gnupg postgresql-15 pgbouncer)

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

# A copy of the cores and their simulations, as a program built as `debug` or `release`; says where. What is there already is
# used again, so that only what has changed is compiled.
simulations_folder() {
    local folder=${PIDEP_SIMULATIONS:-${TMPDIR:-/tmp}/pidep-simulations}
    mkdir -p "$folder"
    (
        cd "$project" || exit 1
        # Nothing may stay that the tree does not have; what is the same keeps its time.
        find Sources/Shared/JSON Sources/Shared/Consensus/Core Sources/Node/Control/Core Sources/Node/Database/Core \
            Sources/Node/Pool/Core Sources/Shared/Languages Sources/Shared/PostgreSQLWire Sources/Shared/Digest \
            Sources/Shared/Diagnostics Sources/System/COpenSSL Tests/Support/SplitMix64.swift Tests/Node/Pool/Support \
            Tests/Node/Pool/Simulation Sources/System/CRaft Tests/Simulator Tests/Simulation Tests/Soak -type f | sort >"$folder/files"
    )
    (cd "$folder" && find Sources Tests -type f 2>/dev/null | sort | comm -13 files - | xargs -r rm -f --)
    while read -r file; do
        cmp -s "$project/$file" "$folder/$file" || install -D -m 644 "$project/$file" "$folder/$file"
    done <"$folder/files"
    cmp -s "$project/Tests/Soak/Package.swift" "$folder/Package.swift" || cp "$project/Tests/Soak/Package.swift" "$folder/Package.swift"
    swift build --package-path "$folder" -c "$1" --product simulate >"$folder/build.log" 2>&1 || { cat "$folder/build.log" >&2; return 1; }
    echo "$folder"
}
