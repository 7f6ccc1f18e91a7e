import Digest
import Foundation
import Testing

@testable import NodePackages

@Suite struct PackageResolverTests {
    private func names(_ resolution: PackageResolution?) -> [String] {
        (resolution?.packages ?? []).map {
            "\($0.name) \($0.from ?? "none") → \($0.to)\($0.isDependency ? " (dependency)" : "")"
        }
    }

    private func sentence(_ body: () throws -> Void) -> String {
        do { try body() } catch PackageFailure.other(let text) { return text } catch { return "\(error)" }
        return "no failure"
    }

    @Test("a bare node of another architecture needs the package and what it depends on")
    func bare() throws {
        let archive = try TestArchive()
        let found = try archive.resolver().resolve([archive.request()])["n1"]
        #expect(names(found) == ["web-lib none → 1:2.0-1 (dependency)", "web none → 2.4-1"])
        #expect(found?.installedSize == 1_024_000)
    }

    @Test("all files are in the cache, and are what their names say")
    func files() throws {
        let archive = try TestArchive()
        let resolver = archive.resolver()
        let packages = try #require(try resolver.resolve([archive.request()])["n1"]).packages
        for package in packages {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: resolver.file(package.digest)))
            #expect(SHA256Digest(of: Array(bytes)) == package.digest)
            #expect(bytes.count == package.size)
        }
    }

    @Test("a node that has the dependency needs the package alone")
    func partly() throws {
        let archive = try TestArchive()
        let status = TestArchive.installed("web-lib", "1:2.0-1")
        #expect(
            names(try archive.resolver().resolve([archive.request(status: status)])["n1"]) == [
                "web none → 2.4-1"
            ])
    }

    @Test("a dependency that is too old is made newer, from what the node has")
    func newer() throws {
        let archive = try TestArchive()
        let status = TestArchive.installed("web-lib", "1:1.0-1")
        #expect(
            names(try archive.resolver().resolve([archive.request(status: status)])["n1"]) == [
                "web-lib 1:1.0-1 → 1:2.0-1 (dependency)", "web none → 2.4-1",
            ])
    }

    @Test("what is unpacked and not configured needs nothing sent; what is half installed is sent again")
    func interrupted() throws {
        let archive = try TestArchive()
        func needed(_ state: String) throws -> [String] {
            let status =
                TestArchive.installed("web-lib", "1:2.0-1")
                + TestArchive.installed("web", "2.4-1", state, depends: "web-lib (>= 1:2.0)")
            return names(try archive.resolver().resolve([archive.request(status: status)])["n1"])
        }
        #expect(try needed("install ok unpacked") == [])
        #expect(try needed("install ok half-configured") == [])
        #expect(try needed("install reinstreq half-installed") == ["web 2.4-1 → 2.4-1"])
    }

    @Test(
        "nodes in different states get the same versions, also when one comes after newer packages were published"
    )
    func sameVersions() throws {
        let archive = try TestArchive()
        let both = try archive.resolver().resolve([
            archive.request("n1"), archive.request("n2", status: TestArchive.installed("web-lib", "1:2.0-1")),
        ])
        #expect(both["n1"]?.packages.last?.to == "2.4-1")
        #expect(both["n2"]?.packages.last?.to == "2.4-1")
        try archive.add("web", "2.5-1", "web-lib (>= 1:2.0)")
        try archive.publish()
        #expect(try archive.resolver().resolve([archive.request("n3")])["n3"]?.packages.last?.to == "2.4-1")
        #expect(
            try archive.resolver(refresh: true).resolve([archive.request("n4")])["n4"]?.packages.last?.to
                == "2.5-1")
    }

    @Test("a package that the kept indexes do not have is looked for in new ones")
    func published() throws {
        let archive = try TestArchive()
        _ = try archive.resolver().resolve([archive.request()])
        try archive.add("shop", "1-1")
        try archive.publish()
        #expect(
            names(try archive.resolver().resolve([archive.request("n1", ["shop"])])["n1"]) == [
                "shop none → 1-1"
            ])
    }

    @Test("with everything in the cache the archive is not asked at all")
    func offline() throws {
        let archive = try TestArchive()
        _ = try archive.resolver().resolve([archive.request()])
        try FileManager.default.removeItem(atPath: "\(archive.folder)/repo")
        #expect(try archive.resolver().resolve([archive.request()])["n1"]?.packages.count == 2)
    }

    @Test("a name that no source has comes with the one that is most like it")
    func unknown() throws {
        let archive = try TestArchive()
        #expect(throws: PackageFailure.unknown(node: "n1", names: ["wbe"], nearest: ["wbe": "web"])) {
            try archive.resolver().resolve([archive.request("n1", ["wbe"])])
        }
    }

    @Test("an archive that is not there is one sentence")
    func unreachable() throws {
        let archive = try TestArchive()
        var request = archive.request()
        request.sources[0].uri = "http://127.0.0.1:9/debian"
        let text = sentence { _ = try archive.resolver().resolve([request]) }
        #expect(text.contains("does not reach the nodes' package server"), "\(text)")
        #expect(text.contains("packages = node"))
    }

    @Test("a file that changed after the index was made is refused and not kept")
    func tampered() throws {
        let archive = try TestArchive()
        let deb = "\(archive.folder)/repo/web_2.4-1_armhf.deb"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: deb))
        var changed = bytes
        changed[changed.count - 1] ^= 1
        try changed.write(to: URL(fileURLWithPath: deb))
        let text = sentence { _ = try archive.resolver().resolve([archive.request()]) }
        #expect(text.contains("Hash Sum mismatch"), "\(text)")
        let kept = try? FileManager.default.contentsOfDirectory(atPath: "\(archive.folder)/packages/debs")
        #expect(kept?.contains("\(SHA256Digest(of: Array(changed)).hexadecimal).deb") != true)
    }

    @Test("a cached file that a power cut damaged is downloaded again")
    func damaged() throws {
        let archive = try TestArchive()
        let resolver = archive.resolver()
        let package = try #require(try resolver.resolve([archive.request()])["n1"]?.packages.first)
        try Data("half".utf8).write(to: URL(fileURLWithPath: resolver.file(package.digest)))
        _ = try resolver.resolve([archive.request()])
        let bytes = try Data(contentsOf: URL(fileURLWithPath: resolver.file(package.digest)))
        #expect(SHA256Digest(of: Array(bytes)) == package.digest)
    }

    @Test("a signature by another key is not trusted, and the sentence says what to do about keys")
    func otherKey() throws {
        let archive = try TestArchive()
        let other = try TestArchive()
        let key = "keyrings/debian-archive-keyring.gpg"
        try FileManager.default.removeItem(atPath: "\(archive.folder)/\(key)")
        try FileManager.default.copyItem(atPath: "\(other.folder)/\(key)", toPath: "\(archive.folder)/\(key)")
        let text = sentence { _ = try archive.resolver().resolve([archive.request()]) }
        #expect(text.contains("does not trust"), "\(text)")
        #expect(text.contains("scp NODE:/usr/share/keyrings/NAME.gpg \(archive.folder)/packages/keyrings/"))
    }

    @Test("a source whose keys this machine does not know is not asked")
    func unknownKey() throws {
        let archive = try TestArchive()
        let request = archive.request(signedBy: ["/usr/share/keyrings/other.gpg"])
        let text = sentence { _ = try archive.resolver().resolve([request]) }
        #expect(text.contains("are not known here"), "\(text)")
    }

    @Test("what cannot be installed is said in apt's words, with what stands in the way")
    func unmet() throws {
        let archive = try TestArchive()
        try archive.add("shop", "1-1", "web (>= 9)")
        try archive.publish()
        let text = sentence { _ = try archive.resolver().resolve([archive.request("n1", ["shop"])]) }
        #expect(text.contains("shop : Depends: web (>= 9)"), "\(text)")
    }

    @Test("a system that a node made up is no path")
    func madeUp() throws {
        let archive = try TestArchive()
        var request = archive.request()
        request.system.codename = "../../etc"
        #expect(sentence { _ = try archive.resolver().resolve([request]) }.contains("pidep knows Debian"))
    }
}
