import CArchive
import CrossBuild
import Foundation
import Manifest
import Recipes

/// What is sent to a node: a tar with its manifest and the blobs that it lacks.
struct Upload {
    /// The tar's bytes.
    let bytes: [UInt8]
    /// How many blobs are in it.
    let blobs: Int

    /// Packs it in memory: a node's blobs are a runtime and configuration files, a few megabytes.
    init(_ node: CompiledNode, present: Set<String>, runtime path: String) throws(DeploymentFailure) {
        var files: [(name: String, mode: mode_t, bytes: [UInt8])] = []
        for blob in node.manifest.blobs where !present.contains(blob.digest.hexadecimal) {
            let name = blob.digest.hexadecimal
            if blob.digest == node.manifest.runtime.digest {
                guard let data = FileManager.default.contents(atPath: path) else {
                    throw DeploymentFailure("\(path) cannot be read: pidep build makes it anew")
                }
                files.append(("blobs/\(name)", 0o700, Array(data)))
            } else {
                files.append(("blobs/\(name)", 0o600, node.blobs[name] ?? []))
            }
        }
        blobs = files.count
        files.append(("manifest.json", 0o600, node.manifest.document))
        bytes = try Self.pack(files)
    }

    private static func pack(_ files: [(name: String, mode: mode_t, bytes: [UInt8])])
        throws(DeploymentFailure)
        -> [UInt8]
    {
        let size = files.reduce(65536) { $0 + $1.bytes.count + 4096 }
        var buffer = [UInt8](repeating: 0, count: size)
        var used = 0
        let regular: mode_t = S_IFREG
        guard let archive = archive_write_new() else { throw DeploymentFailure("no memory for a tar") }
        defer { archive_write_free(archive) }
        archive_write_set_format_ustar(archive)
        let isPacked = buffer.withUnsafeMutableBytes { room in
            guard archive_write_open_memory(archive, room.baseAddress, room.count, &used) == ARCHIVE_OK else {
                return false
            }
            for file in files {
                guard let entry = archive_entry_new() else { return false }
                defer { archive_entry_free(entry) }
                archive_entry_set_pathname(entry, file.name)
                archive_entry_set_filetype(entry, UInt32(regular))
                archive_entry_set_perm(entry, file.mode)
                archive_entry_set_size(entry, Int64(file.bytes.count))
                guard archive_write_header(archive, entry) == ARCHIVE_OK else { return false }
                let written = file.bytes.withUnsafeBytes {
                    archive_write_data(archive, $0.baseAddress, $0.count)
                }
                guard written == file.bytes.count else { return false }
            }
            return archive_write_close(archive) == ARCHIVE_OK
        }
        guard isPacked else { throw DeploymentFailure("the tar for a node cannot be packed") }
        return Array(buffer[..<used])
    }

    /// Unpacks the tar from standard input and runs the runtime that the manifest names: the one that came, or the
    /// one that lies on the node already. `first` is shell that is run before.
    static func command(_ manifest: Manifest, after first: String = ":") -> String {
        let runtime = "blobs/\(manifest.runtime.digest.hexadecimal)"
        let script = """
            set -e; umask 077; cd /; \(first); incoming=/var/lib/pinode/incoming; rm -rf "$incoming"; \
            mkdir -p "$incoming/blobs"; tar -xf - -C "$incoming"; program="$incoming/\(runtime)"; \
            [ -f "$program" ] || program="/var/lib/pinode/\(runtime)"; chmod 700 "$program"; \
            exec "$program" apply
            """
        return "sh -c \(quote(script))"
    }
}
