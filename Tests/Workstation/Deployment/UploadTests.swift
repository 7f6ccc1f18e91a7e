import Commands
import Digest
import Foundation
import Inventory
import Manifest
import NodePackages
import Testing

@testable import Deployment
@testable import Recipes

@Suite struct UploadTests {
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(
            "upload-\(UUID().uuidString)"
        ).path
        init() throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ bytes: [UInt8], _ name: String) throws -> String {
            try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
            return "\(path)/\(name)"
        }
    }

    private let runtime: [UInt8] = Array(repeating: 7, count: 3000)
    private let file = Array("Listen 80\n".utf8)

    private func node() -> CompiledNode {
        let digest = SHA256Digest(of: file)
        return CompiledNode(
            node: ClusterNode(name: "n1", address: "192.0.2.1"),
            manifest: Manifest(
                node: "n1", architecture: "amd64",
                runtime: .init(version: "2", digest: SHA256Digest(of: runtime), size: runtime.count),
                packages: ["web"],
                files: [ManagedFile(path: "/etc/ports.conf", content: .blob(digest, size: file.count))],
                units: []),
            blobs: [digest.hexadecimal: file], checks: [], origins: [:], warnings: [])
    }

    private func delivery(_ deb: [UInt8], _ path: String) -> PackageDelivery {
        PackageDelivery(
            resolution: PackageResolution(packages: [
                .init(
                    name: "web", to: "1", size: deb.count, digest: SHA256Digest(of: deb), isDependency: false),
                .init(
                    name: "lib", to: "1", size: deb.count, digest: SHA256Digest(of: deb), isDependency: true),
            ]), file: { _ in path })
    }

    /// All of an upload, in pieces of that size.
    private func bytes(_ upload: Upload, piece: Int) throws -> [UInt8] {
        var all: [UInt8] = []
        while Int64(all.count) < upload.byteCount {
            all += try upload.piece(at: Int64(all.count), limit: piece)
        }
        return all
    }

    @Test(
        "what tar unpacks is what was meant, in whatever pieces it is read",
        arguments: [1 << 19, 777, 512, 61])
    func unpacks(piece: Int) throws {
        let folder = try Folder()
        let deb = [UInt8](repeating: 9, count: 20_001)
        let upload = try Upload(
            node(), present: [], runtime: folder.write(runtime, "pinode"),
            packages: delivery(deb, folder.write(deb, "web.deb")))
        let tar = try folder.write(bytes(upload, piece: piece), "all.tar")
        try Command(["sh", "-c", "mkdir out && tar -xf \(tar) -C out"], in: folder.path).run()
        func read(_ name: String) -> [UInt8]? {
            FileManager.default.contents(atPath: "\(folder.path)/out/\(name)").map { Array($0) }
        }
        #expect(read("blobs/\(SHA256Digest(of: runtime).hexadecimal)") == runtime)
        #expect(read("blobs/\(SHA256Digest(of: file).hexadecimal)") == file)
        #expect(read("packages/\(SHA256Digest(of: deb).hexadecimal).deb") == deb)
        #expect(read("packages/automatic") == Array("lib\n".utf8))
        #expect(read("manifest.json") == node().manifest.document)
        #expect(upload.packages == 2)
    }

    @Test(
        "with the node's own apt no folder of packages is sent; with pushed ones it is, also when nothing is missing"
    )
    func marks() throws {
        let folder = try Folder()
        let path = try folder.write(runtime, "pinode")
        func list(_ delivery: PackageDelivery?) throws -> String {
            let upload = try Upload(node(), present: [], runtime: path, packages: delivery)
            let tar = try folder.write(bytes(upload, piece: 4096), "all.tar")
            return try Command(["tar", "-tf", tar]).run().standardOutput
        }
        #expect(try !list(nil).contains("packages/"))
        let nothing = PackageDelivery(resolution: PackageResolution(packages: []), file: { _ in "" })
        #expect(try list(nothing).contains("packages/automatic"))
    }

    @Test("a blob that the node has is not sent")
    func present() throws {
        let folder = try Folder()
        let upload = try Upload(
            node(), present: [SHA256Digest(of: runtime).hexadecimal],
            runtime: folder.write(runtime, "pinode"),
            packages: nil)
        #expect(upload.blobs == 1)
    }

    @Test("a file that is not there is said before anything is sent")
    func missing() throws {
        let folder = try Folder()
        #expect {
            try Upload(
                node(), present: [], runtime: folder.write(runtime, "pinode"),
                packages: delivery([1], "\(folder.path)/gone.deb"))
        } throws: {
            ($0 as? DeploymentFailure)?.sentence.contains("gone.deb cannot be read") == true
        }
    }
}
