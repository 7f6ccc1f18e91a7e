import Commands
import Digest
import Foundation
import Testing

import Apt
@testable import NodePackages

/// A small signed archive in a folder, made with Debian's own tools and read by the real apt: `web` needs `web-lib`.
final class TestArchive {
    let folder: String
    let system = NodeSystem(distribution: "debian", codename: "bookworm", architecture: "armhf")

    init() throws {
        folder =
            FileManager.default.temporaryDirectory.appendingPathComponent("pidep-\(UUID().uuidString)").path
        for part in ["repo", "keyrings", "gpg", "packages"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/\(part)", withIntermediateDirectories: true)
        }
        chmod("\(folder)/gpg", 0o700)
        try gpg(["--passphrase", "", "--quick-gen-key", "archive@example.org", "ed25519", "sign", "never"])
        try gpg(["--output", "\(folder)/keyrings/debian-archive-keyring.gpg", "--export"])
        try add("web-lib", "1:2.0-1")
        try add("web", "2.4-1", "web-lib (>= 1:2.0)")
        try publish()
    }

    deinit {
        _ = try? Command(["gpgconf", "--homedir", "\(folder)/gpg", "--kill", "all"]).run()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func gpg(_ arguments: [String]) throws {
        try Command(["gpg", "--homedir", "\(folder)/gpg", "--batch", "--yes", "--quiet"] + arguments).run()
    }

    func write(_ text: String, _ path: String) throws {
        let file = URL(fileURLWithPath: "\(folder)/\(path)")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    /// Builds a package; it is not in the index before `publish`.
    func add(_ name: String, _ version: String, _ depends: String = "") throws {
        var control =
            "Package: \(name)\nVersion: \(version)\nArchitecture: armhf\nMaintainer: T <t@example.org>\n"
            + "Installed-Size: 500\n"
        if !depends.isEmpty { control += "Depends: \(depends)\n" }
        try write(control + "Description: for a test\n", "build/\(name)/DEBIAN/control")
        try write("\(name) \(version)\n", "build/\(name)/usr/share/\(name)")
        let file = "\(name)_\(version.replacingOccurrences(of: ":", with: "."))_armhf.deb"
        try Command([
            "dpkg-deb", "--root-owner-group", "-b", "\(folder)/build/\(name)", "\(folder)/repo/\(file)",
        ]).run()
    }

    /// Writes index and signed release file of all packages that are there.
    func publish() throws {
        var index = ""
        let repo = "\(folder)/repo"
        for file in try FileManager.default.contentsOfDirectory(atPath: repo).sorted()
        where file.hasSuffix(".deb") {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(repo)/\(file)"))
            index += try Command(["dpkg-deb", "-f", "\(repo)/\(file)"]).run().standardOutput
            index += "Filename: ./\(file)\nSize: \(bytes.count)\n"
            index += "SHA256: \(SHA256Digest(of: Array(bytes)).hexadecimal)\n\n"
        }
        try write(index, "repo/Packages")
        let digest = SHA256Digest(of: Array(index.utf8)).hexadecimal
        try write(
            "Suite: stable\nDate: Sat, 01 Jan 2022 00:00:00 UTC\nSHA256:\n \(digest) \(index.utf8.count) Packages\n",
            "repo/Release")
        try gpg(["--clearsign", "--output", "\(folder)/repo/InRelease", "\(folder)/repo/Release"])
    }

    func resolver(refresh: Bool = false) -> PackageResolver {
        var resolver = PackageResolver(folder: "\(folder)/packages", refresh: refresh)
        resolver.systemKeyrings = "\(folder)/keyrings"
        resolver.pause = { _ in }
        return resolver
    }

    func request(
        _ node: String = "n1", _ missing: [String] = ["web"], status: String = "", signedBy: [String] = []
    ) -> PackageRequest {
        PackageRequest(
            node: node, system: system, missing: missing, wanted: missing, status: status,
            sources: [
                PackageSource(uri: "file:\(folder)/repo", suite: "./", components: [], signedBy: signedBy)
            ])
    }

    /// A stanza of a node's dpkg status.
    static func installed(
        _ name: String, _ version: String, _ state: String = "install ok installed", depends: String = ""
    ) -> String {
        // The same fields as in the archive: else apt takes it for another build of the same version.
        """
        Package: \(name)
        Status: \(state)
        Installed-Size: 500
        Maintainer: T <t@example.org>
        Architecture: armhf
        Version: \(version)

        """ + (depends.isEmpty ? "" : "Depends: \(depends)\n") + "Description: for a test\n\n"
    }
}
