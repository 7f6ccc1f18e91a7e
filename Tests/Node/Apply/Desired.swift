import Digest
import Manifest

/// A manifest with the texts of its blobs.
struct Desired {
    var manifest: Manifest
    var blobs: [SHA256Digest: String] = [:]

    init(runtime: String = "runtime 1") {
        let digest = SHA256Digest(of: Array(runtime.utf8))
        manifest = Manifest(
            node: "n", architecture: "amd64",
            runtime: .init(version: "1", digest: digest, size: runtime.utf8.count), packages: [], files: [],
            units: [])
        blobs[digest] = runtime
    }

    mutating func file(
        _ path: String, _ text: String, mode: UInt32 = 0o644, owner: String = "root", restart: [String] = [],
        reload: [String] = []
    ) {
        let digest = SHA256Digest(of: Array(text.utf8))
        blobs[digest] = text
        manifest.files.append(
            ManagedFile(
                path: path, content: .blob(digest, size: text.utf8.count), mode: mode, owner: owner,
                restart: restart, reload: reload))
    }

    /// A web server and a role of the runtime, in the words of `text`.
    static func cluster(_ text: String, runtime: String = "runtime 1") -> Desired {
        var desired = Desired(runtime: runtime)
        desired.manifest.packages = ["apache2"]
        desired.manifest.files.append(
            ManagedFile(path: "/srv/www", content: .directory, mode: 0o750, owner: "web"))
        desired.file("/etc/web.service.conf", text, restart: ["web.service"])
        desired.file("/etc/apache2.d/early.conf", text, restart: ["role.service"])
        desired.manifest.files[2].isEarly = true
        desired.file("/etc/systemd/system/role.service", "[Service] \(text)", restart: ["role.service"])
        desired.file("/etc/role.service.conf", text, mode: 0o600, reload: ["role.service"])
        desired.manifest.files.append(ManagedFile(path: "/srv/www/now", content: .link(to: text)))
        desired.manifest.files.append(ManagedFile(path: "/etc/default-site", content: .absent))
        desired.manifest.units = [
            ManagedUnit(name: "web.service", enabled: true, running: true),
            ManagedUnit(name: "role.service", enabled: true, running: true, onNewRuntime: .restart),
        ]
        return desired
    }
}

extension Desired {
    /// What `second` follows: an agent with a timer and a folder of its own, which `second` does not want.
    static var first: Desired {
        var desired = cluster("one")
        desired.manifest.files.append(ManagedFile(path: "/srv/agent", content: .directory, mode: 0o755))
        desired.file("/srv/agent/settings", "agent")
        desired.file("/etc/systemd/system/agent.service", "[Service] agent")
        desired.file("/etc/systemd/system/agent.timer", "[Timer]")
        desired.file("/etc/agent.timer.conf", "agent", restart: ["agent.timer"])
        desired.manifest.files.append(ManagedFile(path: "/etc/agent", content: .link(to: "/srv/agent")))
        desired.manifest.units.append(ManagedUnit(name: "agent.timer", enabled: true, running: true))
        desired.manifest.groups = [ManagedGroup(name: "agent"), ManagedGroup(name: "readers")]
        desired.manifest.users = [
            ManagedUser(name: "agent", group: "agent", groups: ["readers"], home: "/srv/agent"),
            ManagedUser(name: "web", group: "web", groups: ["readers"]),
        ]
        desired.manifest.sysctls = [ManagedSysctl(key: "net.ipv4.ip_forward", value: "1")]
        return desired
    }

    /// After `first`: other texts, another runtime, a drop-in more, other attributes.
    static var second: Desired {
        var desired = cluster("two", runtime: "runtime 2")
        desired.file(
            "/etc/systemd/system/web.service.d/limits.conf", "[Service] limits", restart: ["web.service"])
        // More than is read and written at once.
        desired.file("/srv/www/page", String(repeating: "page", count: 20_000), mode: 0o640)
        desired.manifest.files[0].mode = 0o755
        desired.manifest.groups = [ManagedGroup(name: "keeper", id: 950), ManagedGroup(name: "readers")]
        desired.manifest.users = [
            ManagedUser(name: "keeper", id: 950, group: "keeper", groups: ["readers"], shell: "/bin/sh")
        ]
        desired.file("/srv/www/kept", "kept", owner: "keeper")
        desired.manifest.modules = ["nf_conntrack"]
        desired.manifest.sysctls = [
            ManagedSysctl(key: "net.ipv4.ip_forward", value: "0"),
            ManagedSysctl(key: "net.netfilter.nf_conntrack_max", value: "65536"),
            ManagedSysctl(key: "net.ipv4.tcp_rmem", value: "4096 131072 6291456"),
        ]
        return desired
    }

    /// Another way to go on after `first`: without what `second` adds, and with a page elsewhere.
    static var third: Desired {
        var desired = cluster("three")
        desired.file("/srv/other", "page", mode: 0o640)
        return desired
    }
}
