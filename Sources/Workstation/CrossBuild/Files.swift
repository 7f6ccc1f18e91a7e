import Digest
import Foundation

/// Files and folders, with sentences where they fail.
enum Files {
    /// Bytes read at a time where a file is digested.
    static let chunk = 1 << 20

    static func makeFolder(_ path: String) throws(BuildError) {
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch
        {
            throw failure("made", path, error)
        }
    }

    static func makeEmpty(_ path: String) throws(BuildError) {
        try remove(path)
        try makeFolder(path)
    }

    /// Removes a file or folder; there being none is fine.
    static func remove(_ path: String) throws(BuildError) {
        guard exists(path) else { return }
        do { try FileManager.default.removeItem(atPath: path) } catch {
            throw failure("removed", path, error)
        }
    }

    /// Whether something stands there, also a link that leads nowhere.
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    static func list(_ folder: String) throws(BuildError) -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } catch {
            throw failure("listed", folder, error)
        }
    }

    static func read(_ path: String) throws(BuildError) -> [UInt8] {
        do { return Array(try Data(contentsOf: URL(fileURLWithPath: path))) } catch {
            throw failure("read", path, error)
        }
    }

    /// Writes all or nothing: whoever reads the path sees the old bytes or the new.
    static func write(_ bytes: [UInt8], to path: String, mode: Int = 0o644) throws(BuildError) {
        let new = "\(path).new"
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: new))
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: new)
        } catch { throw failure("written", path, error) }
        try move(new, to: path)
    }

    static func write(_ text: String, to path: String) throws(BuildError) {
        try write(Array(text.utf8), to: path)
    }

    /// Renames, replacing a file that is there.
    static func move(_ path: String, to target: String) throws(BuildError) {
        guard rename(path, target) == 0 else { throw failure("written", target, code: errno) }
    }

    static func digest(of path: String) throws(BuildError) -> SHA256Digest {
        guard let file = FileHandle(forReadingAtPath: path) else { throw failure("read", path, code: errno) }
        defer { try? file.close() }
        var hasher = SHA256()
        do {
            while let piece = try file.read(upToCount: chunk), !piece.isEmpty {
                piece.withUnsafeBytes { hasher.update($0) }
            }
        } catch { throw failure("read", path, error) }
        return hasher.finish()
    }

    /// A sentence for an error of the system, with what to do where that is known.
    static func failure(_ verb: String, _ path: String, code: Int32) -> BuildError {
        let place = exists(path) ? path : (path as NSString).deletingLastPathComponent
        let advice =
            switch code {
            case ENOSPC, EDQUOT: "Free some space on its disk and run the same command again."
            case EACCES, EPERM:
                "Whose is it (ls -ld \(place))? If root's, from an earlier run with sudo: "
                    + "sudo chown -R \(NSUserName()) \(place)"
            case EROFS: "Its file system is mounted read-only."
            default: ""
            }
        let sentence = "\(path) cannot be \(verb): \(String(cString: strerror(code)))."
        return BuildError(advice.isEmpty ? sentence : "\(sentence) \(advice)")
    }

    private static func failure(_ verb: String, _ path: String, _ error: any Error) -> BuildError {
        var cause: NSError? = error as NSError
        while let current = cause, current.domain != NSPOSIXErrorDomain {
            cause = current.userInfo[NSUnderlyingErrorKey] as? NSError
        }
        if let code = cause.map({ Int32($0.code) }) { return failure(verb, path, code: code) }
        switch (error as? CocoaError)?.code {
        case .fileWriteOutOfSpace?: return failure(verb, path, code: ENOSPC)
        case .fileReadNoPermission?, .fileWriteNoPermission?: return failure(verb, path, code: EACCES)
        case .fileReadNoSuchFile?, .fileNoSuchFile?: return failure(verb, path, code: ENOENT)
        default: return BuildError("\(path) cannot be \(verb): \((error as NSError).localizedDescription)")
        }
    }
}

/// `12.3` for 12 345 678 bytes.
func megabytes(_ bytes: Int) -> String { String(format: "%.1f", Double(bytes) / 1_000_000) }
