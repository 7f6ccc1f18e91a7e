import Apt
import CArchive
import Foundation
import NodePackages

/// What a node tells about its packages so that apt on the workstation can say what it lacks: asked only of nodes that
/// lack something.
struct PackageState {
    /// The most that a node's list of packages may come to: a desktop's is 5 MB.
    static let statusLimit = 64 << 20

    /// One script on the standard input of one `sh -s`.
    static let script = #"""
        export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
        echo packages
        [ -r /etc/os-release ] && (. /etc/os-release; printf 'system\t%s\t%s\n' "$ID" "$VERSION_CODENAME")
        printf 'architecture\t%s\n' "$(dpkg --print-architecture)"
        printf 'status\t%s\n' "$(gzip -c /var/lib/dpkg/status | base64 -w0)"
        for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
            [ -r "$file" ] && printf 'sources\t%s\t%s\n' "$file" "$(base64 -w0 <"$file")"
        done
        echo end

        """#

    var distribution = ""
    var codename = ""
    var architecture = ""
    /// /var/lib/dpkg/status.
    var status = ""
    /// The names of source files and what they say.
    var files: [(name: String, text: String)] = []

    /// Reads the script's answer.
    init(_ answer: String) throws(Facts.Failure) {
        let lines = answer.split(separator: "\n")
        guard lines.first == "packages", lines.last == "end" else {
            throw Facts.Failure(
                sentence: "the answer to the question for packages is not whole: \(answer.suffix(200))")
        }
        var packed: Data?
        for line in lines {
            let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            switch (words[0], words.count) {
            case ("system", 3): (distribution, codename) = (words[1], words[2])
            case ("architecture", 2): architecture = words[1]
            case ("status", 2): packed = Data(base64Encoded: words[1])
            case ("sources", 3):
                guard let data = Data(base64Encoded: words[2]) else { continue }
                files.append((words[1], String(decoding: data, as: UTF8.self)))
            default: continue
            }
        }
        guard let bytes = packed.flatMap({ Self.unpack(Array($0)) }), !bytes.isEmpty else {
            throw Facts.Failure(
                sentence:
                    "/var/lib/dpkg/status did not come whole. Is it readable there, and is gzip installed?")
        }
        status = String(decoding: bytes, as: UTF8.self)
    }

    /// All repositories that the node's apt asks and the workstation's can ask, too.
    var sources: [PackageSource] {
        files.flatMap { PackageSource.parse($0.text, name: $0.name, architecture: architecture) }
            .filter(\.isReachable)
    }

    /// What gzip made, opened; nil when it is damaged or larger than `statusLimit`.
    private static func unpack(_ bytes: [UInt8]) -> [UInt8]? {
        // RFC 1952, 2.3.1: without this libarchive takes anything for raw bytes.
        guard bytes.starts(with: [0x1F, 0x8B]), let archive = archive_read_new() else { return nil }
        defer { archive_read_free(archive) }
        archive_read_support_filter_gzip(archive)
        archive_read_support_format_raw(archive)
        return bytes.withUnsafeBytes { raw -> [UInt8]? in
            var entry: OpaquePointer?
            guard archive_read_open_memory(archive, raw.baseAddress, raw.count) == ARCHIVE_OK,
                archive_read_next_header(archive, &entry) == ARCHIVE_OK
            else { return nil }
            var result: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = archive_read_data(archive, &piece, piece.count)
                guard count >= 0, result.count + count <= statusLimit else { return nil }
                if count == 0 { return result }
                result += piece[..<count]
            }
        }
    }
}
