import Digest
import JSON

/// The contents of a bundle with their digests: `manifest.json`, beside the binary and inside the tar.
struct BundleManifest: Equatable {
    /// One file of a bundle.
    struct File: Equatable {
        /// Relative to the bundle.
        var path: String
        var size: Int
        var digest: SHA256Digest
        /// Permission bits.
        var mode: UInt16
    }

    static let fileName = "manifest.json"
    static let archiveName = "bundle.tar"
    static let runtimeName = "pinode"
    /// The licence of C-Raft, which is linked into the runtime.
    static let licenceName = "LICENSE.raft"

    var architecture: Architecture
    var version: String
    var files: [File]

    init(architecture: Architecture, version: String, files: [File]) {
        self.architecture = architecture
        self.version = version
        self.files = files
    }

    var json: JSONValue {
        .object([
            .init("architecture", .string(architecture.rawValue)),
            .init("version", .string(version)),
            .init(
                "files",
                .array(
                    files.map {
                        .object([
                            .init("path", .string($0.path)),
                            .init("bytes", .integer(Int64($0.size))),
                            .init("sha256", .string($0.digest.hexadecimal)),
                            .init("mode", .string("0" + String($0.mode, radix: 8))),
                        ])
                    })),
        ])
    }

    /// Reads a manifest; `path` is where it lies, for the sentence.
    init(parsing bytes: [UInt8], from path: String) throws(BuildError) {
        let document: JSONValue
        do throws(JSONError) { document = try JSONValue.parse(bytes) } catch {
            throw BuildError("\(path) cannot be read: \(error.sentence). Run: pidep build")
        }
        guard let name = document["architecture"]?.text, let version = document["version"]?.text,
            let listed = document["files"]?.elements
        else { throw BuildError("\(path) lacks architecture, version or files. Run: pidep build") }
        architecture = try Architecture(named: name)
        self.version = version
        files = []
        for file in listed {
            guard let name = file["path"]?.text, let size = file["bytes"]?.integer, size >= 0,
                let digits = file["sha256"]?.text, let digest = SHA256Digest(hexadecimal: digits),
                let mode = file["mode"]?.text.flatMap({ UInt16($0, radix: 8) })
            else { throw BuildError("\(path): an entry lacks path, bytes, sha256 or mode. Run: pidep build") }
            files.append(File(path: name, size: Int(size), digest: digest, mode: mode))
        }
    }
}
