@testable import CrossBuild
import Commands
import Digest
import Foundation
import Manifest
import Testing

@testable import Lab

/// Two manifests on one real node, and everything about it that they decide.
struct ApplyOnNode {
    let fixture: LabFixture
    private let bundle: CrossBuild.Bundle
    private(set) var manifests: [String: Manifest] = [:]

    init(_ fixture: LabFixture) throws {
        self.fixture = fixture
        bundle = try CrossBuild.Bundle.load(
            architecture: try #require(Architecture.host), from: PackageRoot.find())
        manifests = ["first": draft("first"), "second": draft("second")]
    }

    /// Sends both manifests and all blobs, and applies both once so that all blobs are kept.
    func prepare() throws {
        let folder = "/tmp/pidep-apply-\(UInt64.random(in: 0...UInt64.max))"
        let blobs = "\(folder)/var/lib/pinode/incoming/blobs"
        let files = FileManager.default
        defer { try? files.removeItem(atPath: folder) }
        for path in [blobs, "\(folder)/root"] {
            try files.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        try files.copyItem(atPath: bundle.binaryPath, toPath: "\(blobs)/\(bundle.digest.hexadecimal)")
        try files.copyItem(atPath: bundle.binaryPath, toPath: "\(folder)/root/pinode")
        for text in Self.texts.values.flatMap({ $0.values }) {
            let bytes = Array(text.utf8)
            try Data(bytes).write(
                to: URL(fileURLWithPath: "\(blobs)/\(SHA256Digest(of: bytes).hexadecimal)"))
        }
        for (name, manifest) in manifests {
            try Data(manifest.document).write(to: URL(fileURLWithPath: "\(folder)/root/\(name).json"))
        }
        let node = fixture.lab.names.node("n1").rootMount
        try Command(["cp", "--recursive", "--no-preserve=ownership", "\(folder)/.", node]).run()
        _ = try fixture.shell("n1", "sync")
    }

    /// Applies one of them, undisturbed; what it says.
    @discardableResult
    func apply(_ name: String) throws -> String {
        let output = try fixture.lab.exec("n1", command(name))
        #expect(output.code == 0, "\(name): \(output.standardOutput)\(output.standardError)")
        return output.standardOutput
    }

    func command(_ name: String) -> [String] {
        ["/root/pinode", "apply", "--manifest", "/root/\(name).json"]
    }

    /// What the node has of all that either manifest decides about: files with mode, owner and content, units, users,
    /// the running service's configuration, the kernel's parameter, and what apply itself keeps.
    func state() throws -> String {
        try fixture.shell(
            "n1",
            """
            cd /
            find etc/systemd/system etc/pidep-test.conf etc/sysctl.d srv opt/pinode var/lib/pinode -xdev \
                ! -path var/lib/pinode/apply.lock ! -path 'var/lib/pinode/incoming*' \
                -printf '%p %y %m %u:%g %l\\n' 2>/dev/null | sort
            find etc/systemd/system etc/pidep-test.conf etc/sysctl.d srv opt/pinode -xdev -type f \
                -exec sha256sum {} + 2>/dev/null | sort -k 2
            cat var/lib/pinode/belongings
            for user in pidep-one pidep-two; do id -nG $user; getent passwd $user | cut -d: -f1,6,7; done 2>&1
            cat run/pidep-test proc/sys/net/ipv4/tcp_keepalive_time
            for unit in pidep-test.service pidep-tick.timer; do
                systemctl show -p Id,LoadState,ActiveState,UnitFileState,DropInPaths $unit
            done
            systemctl list-jobs --no-legend; systemctl --failed --no-legend
            """)
    }

    private static let unit = """
        [Service]
        ExecStart=/bin/sh -c 'cat /etc/pidep-test.conf >/run/pidep-test; echo $WORD >>/run/pidep-test; exec sleep infinity'
        [Install]
        WantedBy=multi-user.target

        """

    private static let texts: [String: [String: String]] = [
        "first": [
            "/etc/systemd/system/pidep-test.service": unit, "/etc/pidep-test.conf": "first\n",
            "/etc/systemd/system/pidep-tick.service": "[Service]\nType=oneshot\nExecStart=/bin/true\n",
            "/etc/systemd/system/pidep-tick.timer":
                "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n",
            "/etc/sysctl.d/zz-pidep.conf": "net.ipv4.tcp_keepalive_time = 600\n",
            "/srv/pidep-test/one/page": "one\n",
        ],
        "second": [
            "/etc/systemd/system/pidep-test.service": unit, "/etc/pidep-test.conf": "second\n",
            "/etc/systemd/system/pidep-test.service.d/word.conf": "[Service]\nEnvironment=WORD=drop-in\n",
            "/etc/sysctl.d/zz-pidep.conf": "net.ipv4.tcp_keepalive_time = 700\n",
            "/srv/pidep-test/two/page": String(repeating: "two\n", count: 50_000),
        ],
    ]

    private func draft(_ name: String) -> Manifest {
        let isFirst = name == "first"
        let user = isFirst ? "pidep-one" : "pidep-two"
        var manifest = Manifest(
            node: "n1", architecture: bundle.architecture.rawValue,
            runtime: .init(version: bundle.version, digest: bundle.digest, size: bundle.size), packages: [],
            files: [], units: [ManagedUnit(name: "pidep-test.service", enabled: true, running: true)])
        for (path, text) in (Self.texts[name] ?? [:]).sorted(by: { $0.key < $1.key }) {
            let bytes = Array(text.utf8)
            let isOwned = path.hasPrefix("/srv")
            let restarts = path.contains("pidep-test.")
            manifest.files.append(
                ManagedFile(
                    path: path, content: .blob(SHA256Digest(of: bytes), size: bytes.count),
                    mode: isOwned ? 0o640 : 0o644, owner: isOwned ? user : "root",
                    group: isOwned ? user : "root",
                    restart: restarts ? ["pidep-test.service"] : []))
        }
        manifest.files.append(
            ManagedFile(path: "/srv/pidep-test/now", content: .link(to: isFirst ? "one" : "two")))
        if isFirst {
            manifest.units.append(ManagedUnit(name: "pidep-tick.timer", enabled: true, running: true))
        }
        manifest.groups = [ManagedGroup(name: user)]
        manifest.users = [ManagedUser(name: user, group: user, groups: ["video"])]
        manifest.sysctls = [ManagedSysctl(key: "net.ipv4.tcp_keepalive_time", value: isFirst ? "600" : "700")]
        return manifest
    }
}
