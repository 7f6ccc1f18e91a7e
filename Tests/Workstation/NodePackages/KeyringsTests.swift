import Apt
import Foundation
import Testing

@testable import NodePackages

@Suite struct KeyringsTests {
    @Test("pidep's own folder of keys comes before the system's, whatever clothes the keyring wears")
    func keyrings() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "keys-\(UUID().uuidString)"
        ).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for path in ["own/other.gpg", "system/other.pgp", "system/debian-archive-keyring.gpg"] {
            let file = "\(folder)/\(path)"
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            #expect(FileManager.default.createFile(atPath: file, contents: nil))
        }
        let keyrings = Keyrings(own: "\(folder)/own", system: "\(folder)/system")
        func files(_ signedBy: [String]) -> [String] {
            keyrings.files(
                for: PackageSource(uri: "http://x", suite: "b", components: [], signedBy: signedBy))
        }
        #expect(files(["/etc/apt/keyrings/other.asc"]) == ["\(folder)/own/other.gpg"])
        #expect(files([]) == ["\(folder)/system/debian-archive-keyring.gpg"])
        #expect(files(["-----BEGIN", "PGP"]) == [])
    }

    @Test("a package that is unknown to apt's summary still counts; its size on disk is read in apt's units")
    func summary() {
        #expect(
            AptAnswer("After this operation, 20.8 MB of additional disk space will be used.").installedSize
                == 20_800_000)
        #expect(
            AptAnswer("After this operation, 1,234 kB of additional disk space will be used.").installedSize
                == 1_234_000)
        #expect(AptAnswer("After this operation, 5 MB disk space will be freed.").installedSize == 0)
    }

    @Test("a node's versions are those of all packages that are there, whole or not")
    func versions() {
        let status =
            TestArchive.installed("a", "1") + TestArchive.installed("b", "2", "deinstall ok config-files")
            + TestArchive.installed("c", "1:3-1", "install ok half-configured")
        #expect(AptAnswer.versions(status) == ["a": "1", "c": "1:3-1"])
    }
}
