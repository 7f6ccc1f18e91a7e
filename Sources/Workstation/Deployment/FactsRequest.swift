import Manifest
import SSH

/// What is asked of a node before a plan: one script on the standard input of one `sh -s`, so that it costs one
/// round trip and a handful of processes however many files there are.
public struct FactsRequest: Sendable {
    /// The most of a differing file that is brought for its diff.
    public static let contentLimit = 262_144

    /// Paths, and the SHA-256 that a file there shall have; empty for what is no file.
    public var paths: [(path: String, wanted: String)]
    /// Packages whose state is asked for.
    public var packages: [String]
    /// Units whose state is asked for.
    public var units: [String]
    /// The virtual address whose holder is sought; nil where there is none.
    public var virtualAddress: String?
    /// Paths, and the SHA-256 that the last release gave them: where they differ now, the node's blob is brought,
    /// so that the edit can be shown.
    public var deployed: [(path: String, digest: String)] = []
    /// Whether users and groups are asked for.
    public var asksForAccounts = false
    /// Kernel modules whose state is asked for.
    public var modules: [String] = []
    /// Kernel parameters whose value is asked for.
    public var sysctls: [ManagedSysctl] = []
    private var isSupplement = false

    /// What a manifest's plan needs.
    public init(manifest: Manifest, virtualAddress: String?) {
        paths = manifest.files.map {
            guard case .blob(let digest, _) = $0.content else { return ($0.path, "") }
            return ($0.path, digest.hexadecimal)
        }
        packages = manifest.packages
        units = manifest.unitNames
        self.virtualAddress = virtualAddress
        asksForAccounts = !manifest.users.isEmpty || !manifest.groups.isEmpty
        modules = manifest.modules
        sysctls = manifest.sysctls
    }

    /// What a plan needs beyond the first answer: how those things are that only the release before wanted, and what
    /// that release had put where somebody has edited since. Nil when the first answer says all.
    public init?(supplementing facts: Facts, for manifest: Manifest) {
        guard let previous = facts.manifest?.owning(facts.begun) ?? facts.begun else { return nil }
        isSupplement = true
        paths = []
        packages = []
        for file in previous.files {
            let isRetired = !manifest.files.contains { $0.path == file.path }
            switch file.content {
            case .blob(let digest, _):
                if isRetired { paths.append((file.path, digest.hexadecimal)) }
                let now = facts.paths[file.path]
                if isRetired || now?.digest.map({ $0 != digest.hexadecimal }) == true {
                    deployed.append((file.path, digest.hexadecimal))
                }
            case .link, .directory: if isRetired { paths.append((file.path, "")) }
            case .absent: continue
            }
        }
        let asked = Set(manifest.unitNames)
        units = previous.units.map(\.name).filter { !asked.contains($0) }
        guard !paths.isEmpty || !deployed.isEmpty || !units.isEmpty else { return nil }
    }

    /// The script. Lines of its answer are a word and values, divided by tabs; `end` is the last.
    public var script: String {
        var text = isSupplement ? Self.supplement : Self.machine
        if let virtualAddress {
            text += "vip=$(ip -o addr show to \(quote(virtualAddress)) 2>/dev/null) && [ -n \"$vip\" ] && "
            text += "{ set -- $vip; printf 'vip\\t%s\\n' \"$2\"; }\n"
        }
        text += system
        if !paths.isEmpty { text += files }
        if !deployed.isEmpty { text += edits }
        if !packages.isEmpty {
            text += "dpkg-query -W -f 'package\\t${Package}\\t${db:Status-Status}\\t${Version}\\n' "
            text += packages.map(quote).joined(separator: " ") + " 2>/dev/null\n"
        }
        if !units.isEmpty {
            text += "systemctl show --property=Id,LoadState,ActiveState,UnitFileState -- "
            text += units.map(quote).joined(separator: " ") + " 2>/dev/null | sed 's/^/unit\\t/'\n"
        }
        return text + "echo end\n"
    }

    private static let supplement = """
        export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        sums=
        echo facts

        """

    private static let machine = #"""
        export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        say() { printf '%s\t%s\n' "$1" "$2"; }
        first() { read -r line <"$2" 2>/dev/null && say "$1" "$line"; }
        accounts=
        echo facts
        first hostname /proc/sys/kernel/hostname
        first kernel /proc/sys/kernel/osrelease
        say machine "$(uname -m)"
        say debian "$(dpkg --print-architecture 2>/dev/null)"
        [ -r /etc/pidep-lab-architecture ] && first architecture /etc/pidep-lab-architecture
        [ -r /etc/os-release ] && (. /etc/os-release; say os "$PRETTY_NAME")
        first uptime /proc/uptime
        first load /proc/loadavg
        while read -r key value _; do
            case $key in MemTotal:|MemAvailable:) say "$key" "$value" ;; esac
        done </proc/meminfo
        df -Pk / /var 2>/dev/null | while read -r _ size _ free _ mount; do
            case $size in *[0-9]) printf 'disk\t%s\t%s\t%s\n' "$mount" "$size" "$free" ;; esac
        done
        [ -r /sys/class/thermal/thermal_zone0/temp ] && first temperature /sys/class/thermal/thermal_zone0/temp
        current=$(readlink /opt/pinode/current 2>/dev/null) && say release "${current##*/}"
        [ -r /opt/pinode/current/manifest.json ] && say manifest "$(base64 -w0 </opt/pinode/current/manifest.json)"
        [ -s /var/lib/pinode/pending ] && say pending "$(base64 -w0 </var/lib/pinode/pending)"
        [ -s /var/lib/pinode/begun.json ] && say begun "$(base64 -w0 </var/lib/pinode/begun.json)"
        if [ -s /var/lib/pinode/belongings ]; then
            say belongings "$(base64 -w0 </var/lib/pinode/belongings)"
            while read -r kind path; do
                case $kind in user|group|member) accounts=1 ;; esac
                [ "$kind" = directory ] && [ -d "$path" ] && [ ! -L "$path" ] || continue
                printf 'entries\t%s' "$path"
                for entry in "$path"/* "$path"/.[!.]* "$path"/..?*; do
                    [ -e "$entry" ] || [ -L "$entry" ] || continue
                    case ${entry##*/} in *[!\ -~]*) printf '\t?' ;; *) printf '\t%s' "${entry##*/}" ;; esac
                done
                echo
            done </var/lib/pinode/belongings
        fi
        for blob in /var/lib/pinode/blobs/*; do [ -f "$blob" ] && say blob "${blob##*/}"; done

        """#

    /// Users and groups, modules and parameters of the kernel: no process more than is asked for.
    private var system: String {
        var text = asksForAccounts ? "accounts=1\n" : ""
        if !isSupplement {
            text +=
                "[ \"$accounts\" ] && sed 's/^/passwd\\t/' /etc/passwd && sed 's/^/group\\t/' /etc/group\n"
        }
        for module in modules {
            let pattern = "/" + module.map { $0 == "_" ? "[-_]" : String($0) }.joined() + "\\.ko$"
            text +=
                "if [ -d /sys/module/\(module) ] || grep -q '\(pattern)' /lib/modules/\"$(uname -r)\"/modules.builtin "
            text += "2>/dev/null; then printf 'module\\t%s\\tloaded\\n' \(module)\n"
            text += "elif modprobe --dry-run --quiet \(module) 2>/dev/null; then "
            text += "printf 'module\\t%s\\tthere\\n' \(module); fi\n"
        }
        for sysctl in sysctls {
            // Not the shell's own `read`: dash reads byte by byte, and the kernel gives a number to the first only.
            text += "value=$(cat \(quote(sysctl.path)) 2>/dev/null) && "
            text += "printf 'sysctl\\t%s\\t%s\\n' \(quote(sysctl.key)) \"$value\"\n"
        }
        return text
    }

    /// One find, one sha256sum; what differs from the wanted digest is brought whole.
    private var files: String {
        let all = paths.map { quote($0.path) }.joined(separator: " ")
        let hashed = paths.filter { !$0.wanted.isEmpty }
        var text =
            "find \(all) -maxdepth 0 -printf 'path\\t%y\\t%m\\t%u\\t%g\\t%s\\t%p\\t%l\\n' 2>/dev/null\n"
        guard !hashed.isEmpty else { return text }
        text += "sums=$(sha256sum \(hashed.map { quote($0.path) }.joined(separator: " ")) 2>/dev/null)'\n'\n"
        text += "printf '%s' \"$sums\" | sed 's/^\\([0-9a-f]*\\)  /sum\\t\\1\\t/'\n"
        text += "want() {\n"
        text += "    case $sums in *\"$1  $2\n\"*) return ;; esac\n"
        text += "    [ -f \"$2\" ] && [ ! -L \"$2\" ] || return\n"
        text +=
            "    printf 'content\\t%s\\t%s\\n' \"$2\" \"$(head -c \(Self.contentLimit + 1) \"$2\" | base64 -w0)\"\n"
        text += "}\n"
        for file in hashed { text += "want \(file.wanted) \(quote(file.path))\n" }
        return text
    }

    /// The blobs of the last release whose paths are not what they were.
    private var edits: String {
        var text = "was() {\n"
        text += "    case $sums in *\"$1  $2\n\"*) return ;; esac\n"
        text += "    [ -f /var/lib/pinode/blobs/$1 ] || return\n"
        text += "    printf 'deployed\\t%s\\t%s\\n' \"$2\" "
        text += "\"$(head -c \(Self.contentLimit + 1) /var/lib/pinode/blobs/$1 | base64 -w0)\"\n"
        text += "}\n"
        for file in deployed { text += "was \(file.digest) \(quote(file.path))\n" }
        return text
    }
}

/// A word that a POSIX shell takes as it stands.
func quote(_ text: String) -> String { SSHSession.quote(text) }
