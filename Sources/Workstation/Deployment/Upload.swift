import CLinux
import Digest
import Foundation
import Manifest
import Recipes
import SSH

/// What is sent to a node: a tar with its manifest, the blobs that it lacks and the packages' files that it is to
/// install. Files are read while they are sent: a cluster's packages may be larger than this machine's memory.
struct Upload: SSHInput {
    private enum Content {
        case bytes([UInt8])
        case file(String)
    }

    private struct Part {
        var begin: Int64
        var size: Int64
        var content: Content
    }

    private var parts: [Part] = []
    /// The tar's bytes.
    private(set) var byteCount: Int64 = 0
    /// How many blobs are in it.
    private(set) var blobs = 0
    /// How many packages' files are in it.
    private(set) var packages = 0

    /// Looks at every file that will be sent.
    init(
        _ node: CompiledNode, present: Set<String>, runtime path: String, packages delivery: PackageDelivery?
    )
        throws(DeploymentFailure)
    {
        for blob in node.manifest.blobs where !present.contains(blob.digest.hexadecimal) {
            let name = blob.digest.hexadecimal
            blobs += 1
            if blob.digest == node.manifest.runtime.digest {
                try add("blobs/\(name)", file: path, advice: "pidep build makes it anew", mode: 0o700)
            } else {
                add("blobs/\(name)", node.blobs[name] ?? [])
            }
        }
        if let delivery {
            // Always: it tells the node that it is not to fetch anything itself.
            let automatic = delivery.resolution.packages.filter(\.isDependency).map { "\($0.name)\n" }
            add("packages/automatic", Array(automatic.joined().utf8))
            for package in delivery.resolution.packages {
                packages += 1
                try add(
                    "packages/\(package.digest.hexadecimal).deb", file: delivery.file(package.digest),
                    advice: "run the same command again to download it anew", mode: 0o600)
            }
        }
        add("manifest.json", node.manifest.document)
        append(.bytes(TarHeader.end), Int64(TarHeader.end.count))
    }

    /// A few words for people.
    var contents: String {
        let files = packages == 0 ? "" : packages == 1 ? " and 1 package" : " and \(packages) packages"
        return "\(blobs) blobs\(files), \(byteCount / 1024) KiB"
    }

    func piece(at offset: Int64, limit: Int) throws(SSHInputFailure) -> ArraySlice<UInt8> {
        // Parts follow each other without gaps: the last that begins at or before the offset has it.
        var (low, high) = (0, parts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if parts[middle].begin <= offset { low = middle } else { high = middle }
        }
        let part = parts[low]
        let within = offset - part.begin
        let count = Int(min(Int64(limit), part.size - within))
        switch part.content {
        case .bytes(let bytes): return bytes[Int(within)..<Int(within) + count]
        case .file(let path): return try Self.read(path, at: within, count)
        }
    }

    private static func read(_ path: String, at offset: Int64, _ count: Int) throws(SSHInputFailure)
        -> ArraySlice<UInt8>
    {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SSHInputFailure("\(path) cannot be read any more: \(reason)") }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: count)
        let got = pread(file, &bytes, count, off_t(offset))
        guard got > 0 else {
            throw SSHInputFailure("\(path) became shorter while it was sent: run the same command again")
        }
        return bytes[..<got]
    }

    private static var reason: String { String(cString: strerror(errno)) }

    private mutating func add(_ name: String, _ bytes: [UInt8]) {
        append(.bytes(TarHeader.bytes(name: name, mode: 0o600, size: Int64(bytes.count))), TarHeader.block)
        append(.bytes(bytes), Int64(bytes.count))
        fill(Int64(bytes.count))
    }

    private mutating func add(_ name: String, file path: String, advice: String, mode: UInt32)
        throws(DeploymentFailure)
    {
        var found = stat()
        guard stat(path, &found) == 0 else {
            throw DeploymentFailure("\(path) cannot be read (\(Self.reason)): \(advice)")
        }
        append(.bytes(TarHeader.bytes(name: name, mode: mode, size: Int64(found.st_size))), TarHeader.block)
        append(.file(path), Int64(found.st_size))
        fill(Int64(found.st_size))
    }

    private mutating func fill(_ size: Int64) {
        let padding = TarHeader.padding(size)
        append(.bytes(padding), Int64(padding.count))
    }

    private mutating func append(_ content: Content, _ size: Int64) {
        guard size > 0 else { return }
        parts.append(Part(begin: byteCount, size: size, content: content))
        byteCount += size
    }

    private static let incoming = "/var/lib/pinode/incoming"

    /// Unpacks the tar from standard input, where `pinode apply` looks for it. Nothing that runs is touched.
    static let staging = """
        sh -c \(quote("""
            set -e; umask 077; rm -rf \(incoming); mkdir -p \(incoming)/blobs; tar -xf - -C \(incoming)
            """))
        """

    /// Forgets what was sent and not applied.
    static let unstaging = "rm -rf \(incoming)"

    /// Runs the runtime that the manifest names: the one that was staged, or the one that lies on the node already. `first`
    /// is shell that is run before.
    static func applying(_ manifest: Manifest, after first: String = ":") -> String {
        let runtime = "blobs/\(manifest.runtime.digest.hexadecimal)"
        let script = """
            set -e; umask 077; cd /; \(first); program="\(incoming)/\(runtime)"; \
            [ -f "$program" ] || program="/var/lib/pinode/\(runtime)"; chmod 700 "$program"; \
            exec "$program" apply
            """
        return "sh -c \(quote(script))"
    }
}
