import CArchive
import Foundation

/// A tar of a few files in memory, the same bytes for the same contents: no times, no owners but root.
struct TarArchive {
    /// One file.
    struct File {
        var path: String
        var mode: UInt16
        var bytes: [UInt8]
    }

    var files: [File]

    /// Writes it whole; the path shows the old tar or the new, never half of one.
    func write(to path: String) throws(BuildError) {
        let new = "\(path).new"
        let regular: mode_t = S_IFREG
        guard let archive = archive_write_new() else { throw BuildError("libarchive has no memory left") }
        defer { archive_write_free(archive) }
        archive_write_set_format_ustar(archive)
        archive_write_set_bytes_in_last_block(archive, 1)
        try check(archive_write_open_filename(archive, new), archive, path)
        for file in files {
            guard let entry = archive_entry_new() else { throw BuildError("libarchive has no memory left") }
            defer { archive_entry_free(entry) }
            archive_entry_set_pathname(entry, file.path)
            archive_entry_set_filetype(entry, UInt32(regular))
            archive_entry_set_perm(entry, mode_t(file.mode))
            archive_entry_set_size(entry, Int64(file.bytes.count))
            archive_entry_set_mtime(entry, 0, 0)
            archive_entry_set_uid(entry, 0)
            archive_entry_set_gid(entry, 0)
            archive_entry_set_uname(entry, "root")
            archive_entry_set_gname(entry, "root")
            try check(archive_write_header(archive, entry), archive, path)
            let written = file.bytes.withUnsafeBytes {
                archive_write_data(archive, $0.baseAddress, $0.count)
            }
            guard written == file.bytes.count else { throw failure(archive, path) }
        }
        try check(archive_write_close(archive), archive, path)
        try Files.move(new, to: path)
    }

    private func check(_ code: Int32, _ archive: OpaquePointer, _ path: String) throws(BuildError) {
        guard code == ARCHIVE_OK else { throw failure(archive, path) }
    }

    private func failure(_ archive: OpaquePointer, _ path: String) -> BuildError {
        let words = archive_error_string(archive).map { String(cString: $0) } ?? "no reason given"
        return BuildError("\(path) cannot be written: \(words)")
    }
}
