import CLinux
import Digest
import JSON
import Foundation
import Manifest

@testable import Apply

/// A node in a temporary folder: its tools are small scripts that keep units and packages as files, and write
/// down what they were asked.
final class TestNode {
    let root: String
    private(set) var events: [String] = []

    /// A bare node in a new folder below `place`.
    init(in place: String = "/tmp") throws {
        root = "\(place)/pinode-apply-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        for folder in [
            "tools", "etc", "var/lib/pinode/incoming/blobs", "systemd/active", "systemd/enabled",
            "systemd/read", "usr/sbin",
        ] {
            try FileManager.default.createDirectory(
                atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
        }
        write(
            "root:x:\(getuid()):0:root:/root:/bin/sh\nweb:x:\(getuid()):\(getgid())::/:/bin/sh\n",
            "etc/passwd")
        write("root:x:\(getgid()):\nweb:x:\(getgid()):\n", "etc/group")
        tool(
            "systemctl",
            """
            verb=$1; shift
            for last; do :; done
            case $verb in
            show)
                while [ "$1" != -- ]; do shift; done; shift
                for unit; do
                    active=inactive; [ -e "$root/systemd/active/$unit" ] && active=active
                    file=disabled; [ -e "$root/systemd/enabled/$unit" ] && file=enabled
                    printf 'Id=%s\\nLoadState=loaded\\nActiveState=%s\\nUnitFileState=%s\\n\\n' "$unit" $active $file
                done
                exit ;;
            esac
            echo "$verb${last:+ $last}" >>"$root/log"
            case $verb in
            daemon-reload)
                rm -rf "$root/systemd/read"; mkdir "$root/systemd/read"
                cp -r "$root/etc/systemd/system/." "$root/systemd/read/" 2>/dev/null
                find "$root/systemd/read" -mindepth 1 -type d -empty -delete ;;
            enable) : >"$root/systemd/enabled/$last" ;;
            disable) rm -f "$root/systemd/enabled/$last" ;;
            stop) rm -f "$root/systemd/active/$last" ;;
            start|restart|reload)
                [ ! -e "$root/broken/$last" ] || { echo "Job for $last failed."; exit 1; }
                cat "$root/etc/$last.conf" "$root/opt/pinode/current/pinode" "$root/systemd/read/$last.d"/* \
                    >"$root/systemd/active/$last" 2>/dev/null || : ;;
            esac
            """)
        tool(
            "dpkg-query",
            """
            shift 2; code=0
            for package; do
                if [ -e "$root/packages/$package" ]; then echo "$package installed"; else code=1; fi
            done
            exit $code
            """)
        tool(
            "apt-get",
            """
            echo "apt-get $1" >>"$root/log"
            [ "$1" = install ] || exit 0
            echo "$*" >>"$root/apt"
            [ ! -e "$root/interrupted" ] || { echo "E: dpkg was interrupted, run 'dpkg --configure -a'"; exit 100; }
            case "$*" in */incoming/lists*) fetches= ;; *) fetches=1 ;; esac
            [ ! -e "$root/offline" ] || [ -z "$fetches" ] || { echo "Temporary failure resolving 'mirror'"; exit 100; }
            for word; do [ -e "$root/etc/$word.d/early.conf" ] && cp "$root/etc/$word.d/early.conf" "$root/seen"; done
            [ -x "$root/usr/sbin/policy-rc.d" ] || echo "policy forgotten" >>"$root/log"
            while [ "$1" != -- ]; do shift; done; shift
            mkdir -p "$root/packages"
            for package; do
                case $package in
                /*) [ -e "$package" ] || exit 100; continue ;;
                nowhere) echo "E: Unable to locate package nowhere"; exit 100 ;;
                esac
                : >"$root/packages/$package"; echo "$package:x:$(id -u):0::/:/bin/sh" >>"$root/etc/passwd"
            done
            """)
        tool("dpkg", "echo \"dpkg $*\" >>\"$root/log\"; rm -f \"$root/interrupted\"")
        tool("apt-mark", "echo \"apt-mark $*\" >>\"$root/log\"")
        tool("journalctl", "echo the log of the unit\n")
        addAccountTools()
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    /// A program of the node. It finds its node by its own path, so that a copy of the folder is a node, too.
    func tool(_ name: String, _ body: String) {
        write("#!/bin/sh\nroot=${0%/tools/*}\n\(Self.deaths)\n\(body)\n", "tools/\(name)")
        chmod("\(root)/tools/\(name)", 0o755)
    }

    /// `die` holds a number and a word: with the call of that number the caller dies `before` the tool has done
    /// anything or `after` it has done all, or the tool `itself` dies.
    private static let deaths = """
        if [ -e "$root/die" ]; then
            read -r number how <"$root/die"
            calls=$(cat "$root/calls" 2>/dev/null); calls=$((calls + 1)); echo $calls >"$root/calls"
            if [ $calls = "$number" ]; then
                case $how in
                before) kill -9 $PPID; exit 1 ;;
                itself) kill -9 $$ ;;
                after) trap 'kill -9 $PPID' EXIT ;;
                esac
            fi
        fi
        """

    func write(_ text: String, _ path: String) {
        let folder = "\(root)/\(path)".split(separator: "/").dropLast().joined(separator: "/")
        try? FileManager.default.createDirectory(atPath: "/\(folder)", withIntermediateDirectories: true)
        _ = FileManager.default.createFile(atPath: "\(root)/\(path)", contents: Data(text.utf8))
    }

    func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: "\(root)/\(path)").map { String(decoding: $0, as: UTF8.self) }
    }

    func mode(_ path: String) -> UInt32 {
        var found = cl_file()
        return cl_lstat("\(root)/\(path)", &found) == 0 ? found.mode : 0xFFFF
    }

    /// What systemctl and apt-get were asked to change, in order.
    var log: [String] { (read("log") ?? "").split(separator: "\n").map(String.init) }

    func forgetLog() { unlink("\(root)/log") }

    /// Brings a manifest and its blobs, as a deploy does, and applies it.
    @discardableResult
    func apply(_ desired: Desired, killedAfter points: Int? = nil) -> Int32 {
        for (digest, text) in desired.blobs where read("var/lib/pinode/blobs/\(digest.hexadecimal)") == nil {
            write(text, "var/lib/pinode/incoming/blobs/\(digest.hexadecimal)")
        }
        write(desired.manifest.json.compact, "var/lib/pinode/incoming/manifest.json")
        return applyAgain(killedAfter: points)
    }

    /// Applies what has been brought.
    func applyAgain(killedAfter points: Int? = nil) -> Int32 {
        events = []
        return ApplyCommand.apply(
            manifest: "/var/lib/pinode/incoming/manifest.json", root: root, tools: "\(root)/tools",
            events: ApplyEvents { self.events.append($0) }, faults: FaultPoints(stopAfter: points))
    }
}
