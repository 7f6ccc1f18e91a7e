import CArchive
import Foundation
import Glibc

/// Unpacks a Debian package: an ar archive with the files in `data.tar.*` (deb(5)), both read by libarchive.
struct DebArchive {
    /// The largest package that is read into memory; libc6-dev is 2 MB.
    static let sizeLimit = 256 << 20

    let path: String

    /// Writes what `wanted` says yes to, given paths like `usr/include/stdio.h`, below `folder`.
    ///
    /// Absolute links are made relative to the folder: they mean the target's root, not this machine's.
    func extract(to folder: String, wanted: (String) -> Bool) throws(BuildError) {
        let data = try dataMember()
        let tar = try Reader(bytes: data, path: path) { archive_read_support_format_tar($0) }
        while let entry = try tar.next() {
            guard let name = try relative(entry.path), wanted(name) else { continue }
            let target = "\(folder)/\(name)"
            try makeParent(of: name, below: folder)
            if let other = entry.hardLink {
                guard let source = try relative(other) else { continue }
                try Files.remove(target)
                guard link("\(folder)/\(source)", target) == 0 else { throw failure(name) }
                continue
            }
            switch entry.kind {
            case .folder: try Files.makeFolder(target)
            case .link(let to):
                try Files.remove(target)
                guard symlink(inside(to, of: name), target) == 0 else { throw failure(name) }
            case .file:
                try Files.remove(target)
                try tar.write(to: target, mode: entry.mode)
            case .other: continue
            }
        }
    }

    private func failure(_ name: String) -> BuildError {
        Files.failure("written", "\(name) of \(path)", code: errno)
    }

    private func dataMember() throws(BuildError) -> [UInt8] {
        let outer = try Reader(bytes: Files.read(path), path: path) { archive_read_support_format_ar($0) }
        while let entry = try outer.next() {
            if entry.path.hasPrefix("data.tar") { return try outer.contents(limit: Self.sizeLimit) }
        }
        throw BuildError("\(path) is no Debian package: it has no data.tar. Remove the file and run again.")
    }

    /// `./usr/include` becomes `usr/include`; nil for the root itself. A path that leads elsewhere is refused.
    private func relative(_ name: String) throws(BuildError) -> String? {
        let parts = name.split(separator: "/").filter { $0 != "." }
        guard !name.hasPrefix("/"), !parts.contains("..") else {
            throw BuildError(
                "\(path) holds the path \"\(name)\", which leads out of it. It was not unpacked.")
        }
        return parts.isEmpty ? nil : parts.joined(separator: "/")
    }

    /// Makes the folders above a path. One that is a link is refused: it could lead out of the sysroot.
    private func makeParent(of name: String, below folder: String) throws(BuildError) {
        var current = folder
        for part in name.split(separator: "/").dropLast() {
            current += "/\(part)"
            var status = stat()
            guard lstat(current, &status) == 0 else { continue }
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw BuildError("\(path) would write \"\(name)\" through a link. It was not unpacked.")
            }
        }
        try Files.makeFolder(current)
    }

    /// A link's target, absolute ones rewritten relative to where the link lies.
    private func inside(_ target: String, of name: String) -> String {
        guard target.hasPrefix("/") else { return target }
        let depth = name.split(separator: "/").count - 1
        return String(repeating: "../", count: depth) + target.drop { $0 == "/" }
    }
}

/// One archive in memory, read entry by entry.
private final class Reader {
    struct Entry {
        enum Kind {
            case file
            case folder
            case link(to: String)
            case other
        }
        var path: String
        var kind: Kind
        var mode: mode_t
        var hardLink: String?
    }

    private let archive: OpaquePointer
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    private let path: String

    init(bytes: [UInt8], path: String, format: (OpaquePointer) -> Int32) throws(BuildError) {
        guard let archive = archive_read_new() else { throw BuildError("libarchive has no memory left") }
        self.archive = archive
        self.path = path
        self.bytes = .allocate(capacity: max(1, bytes.count))
        _ = self.bytes.initialize(from: bytes)
        archive_read_support_filter_all(archive)
        _ = format(archive)
        guard archive_read_open_memory(archive, self.bytes.baseAddress, bytes.count) == ARCHIVE_OK else {
            throw failure()
        }
    }

    deinit {
        archive_read_free(archive)
        bytes.deallocate()
    }

    func next() throws(BuildError) -> Entry? {
        var raw: OpaquePointer?
        switch archive_read_next_header(archive, &raw) {
        case ARCHIVE_EOF: return nil
        case ARCHIVE_OK, ARCHIVE_WARN: break
        default: throw failure()
        }
        guard let raw, let name = archive_entry_pathname(raw) else { throw failure() }
        let kind: Entry.Kind =
            switch mode_t(archive_entry_filetype(raw)) {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .link(to: archive_entry_symlink(raw).map { String(cString: $0) } ?? "")
            default: .other
            }
        return Entry(
            path: String(cString: name), kind: kind, mode: archive_entry_perm(raw),
            hardLink: archive_entry_hardlink(raw).map { String(cString: $0) })
    }

    func contents(limit: Int) throws(BuildError) -> [UInt8] {
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: Files.chunk)
        while true {
            let count = archive_read_data(archive, &piece, piece.count)
            guard count >= 0 else { throw failure() }
            guard count > 0 else { return all }
            guard all.count + count <= limit else {
                throw BuildError("\(path) is larger than \(limit) bytes")
            }
            all.append(contentsOf: piece[0..<count])
        }
    }

    func write(to target: String, mode: mode_t) throws(BuildError) {
        let file = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode | S_IWUSR)
        guard file >= 0 else { throw Files.failure("written", target, code: errno) }
        defer { close(file) }
        var piece = [UInt8](repeating: 0, count: Files.chunk)
        while true {
            let count = archive_read_data(archive, &piece, piece.count)
            guard count >= 0 else { throw failure() }
            guard count > 0 else { return }
            var written = 0
            while written < count {
                let some = piece.withUnsafeBytes {
                    Glibc.write(file, $0.baseAddress?.advanced(by: written), count - written)
                }
                guard some > 0 || errno == EINTR else { throw Files.failure("written", target, code: errno) }
                written += max(0, some)
            }
        }
    }

    private func failure() -> BuildError {
        let words = archive_error_string(archive).map { String(cString: $0) } ?? "no reason given"
        return BuildError("\(path) cannot be unpacked: \(words). Remove the file and run again.")
    }
}
