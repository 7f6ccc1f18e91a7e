@testable import CrossBuild
import Commands
import Digest
import Foundation
import Manifest
import Testing

extension LabEndToEnd {
    /// The static `pinode apply` that nodes run.
    @Suite struct ApplyMemory {
        static let limit = 8 << 10  // KiB

        @Test("pinode apply needs less than 8 MB of memory whatever a blob's size, here 200 MB")
        func memory() throws {
            let host = try #require(Architecture.host)
            let bundle = try CrossBuild.Bundle.load(architecture: host, from: PackageRoot.find())
            let root = "/tmp/pinode-memory-\(UInt64.random(in: 0...UInt64.max))"
            let incoming = "\(root)/var/lib/pinode/incoming"
            let files = FileManager.default
            for folder in ["\(incoming)/blobs", "\(root)/etc", "\(root)/tools"] {
                try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            defer { try? files.removeItem(atPath: root) }
            try "root:x:0:0::/:/bin/sh\n".write(
                toFile: "\(root)/etc/passwd", atomically: false, encoding: .utf8)
            try "root:x:0:\n".write(toFile: "\(root)/etc/group", atomically: false, encoding: .utf8)
            // systemctl is the last program that is called: it writes down the most that its caller has ever had.
            try """
            #!/bin/sh
            sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/$PPID/status >'\(root)/memory'
            printf 'Id=x.service\\nLoadState=loaded\\nActiveState=active\\nUnitFileState=enabled\\n'
            """.write(toFile: "\(root)/tools/systemctl", atomically: false, encoding: .utf8)
            chmod("\(root)/tools/systemctl", 0o755)
            let large = "\(root)/large"
            try Command(["sh", "-c", "head -c 200000000 /dev/urandom >\(large)"]).run()
            func digest(_ path: String) throws -> SHA256Digest {
                let text = try Command(["sha256sum", path]).run().standardOutput.prefix(64)
                return try #require(SHA256Digest(hexadecimal: String(text)))
            }
            let blob = try digest(large)
            try files.moveItem(atPath: large, toPath: "\(incoming)/blobs/\(blob.hexadecimal)")
            try files.copyItem(
                atPath: bundle.binaryPath, toPath: "\(incoming)/blobs/\(bundle.digest.hexadecimal)")
            let manifest = Manifest(
                node: "n", architecture: host.rawValue,
                runtime: .init(version: bundle.version, digest: bundle.digest, size: bundle.size),
                packages: [],
                files: [ManagedFile(path: "/srv/large", content: .blob(blob, size: 200_000_000))],
                units: [ManagedUnit(name: "x.service", enabled: true, running: true)])
            try Data(manifest.document).write(to: URL(fileURLWithPath: "\(incoming)/manifest.json"))
            let output = try Command(
                [bundle.binaryPath, "apply", "--root", root, "--tools", "\(root)/tools"]
            ).runAny()
            #expect(output.code == 0, "\(output)")
            #expect(try digest("\(root)/srv/large") == blob)
            let text = try String(contentsOfFile: "\(root)/memory", encoding: .utf8)
            let most = try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            #expect(most < Self.limit, "\(most) KiB")
            print("pinode apply of a 200 MB blob: at most \(most) KiB resident")
        }
    }
}
