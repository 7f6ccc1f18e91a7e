import Apt
import Digest
import Foundation

/// Packages' files by their digest, each downloaded once.
struct DebCache {
    /// How long the packages of one release may take, in seconds: some hundred megabytes over a slow line.
    static let downloadTimeout: TimeInterval = 1800
    private static let chunk = 1 << 20

    let folder: String

    func path(_ digest: SHA256Digest) -> String { "\(folder)/\(digest.hexadecimal).deb" }

    /// Those that are not there, or are not what their name says: a power cut can leave such.
    func lacking(_ packages: [DebianPackage]) -> [DebianPackage] {
        packages.filter { package in
            guard digest(of: path(package.digest)) != package.digest else { return false }
            try? FileManager.default.removeItem(atPath: path(package.digest))
            return true
        }
    }

    /// Lets apt fetch packages and check them; returns what it said when it did not get all of them.
    func fetch(_ packages: [DebianPackage], _ apt: AptFolder) throws(AptFolder.Failure) -> String? {
        let incoming = "\(apt.path)/incoming"
        let files = FileManager.default
        try? files.removeItem(atPath: incoming)
        defer { try? files.removeItem(atPath: incoming) }
        do {
            try files.createDirectory(atPath: incoming, withIntermediateDirectories: true)
            try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw AptFolder.Failure(sentence: "\(incoming) cannot be made: \(error.localizedDescription)")
        }
        let output = try apt.run(
            ["apt-get", "-q", "download"] + packages.map { "\($0.name)=\($0.version)" }, in: incoming,
            timeout: Self.downloadTimeout)
        guard output.code == 0 else { return output.standardError + output.standardOutput }
        for name in (try? files.contentsOfDirectory(atPath: incoming)) ?? [] where name.hasSuffix(".deb") {
            guard let digest = digest(of: "\(incoming)/\(name)"),
                packages.contains(where: { $0.digest == digest })
            else { return "E: \(name): Hash Sum mismatch" }
            guard rename("\(incoming)/\(name)", path(digest)) == 0 else {
                throw AptFolder.Failure(
                    sentence: "\(path(digest)) cannot be written: \(String(cString: strerror(errno)))")
            }
        }
        let lost = packages.filter { !files.fileExists(atPath: path($0.digest)) }.map(\.name)
        return lost.isEmpty ? nil : "E: apt did not deliver \(lost.joined(separator: ", "))"
    }

    /// The digest of a file; nil where there is none that can be read.
    private func digest(of path: String) -> SHA256Digest? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        var hasher = SHA256()
        do {
            while let piece = try file.read(upToCount: Self.chunk), !piece.isEmpty {
                piece.withUnsafeBytes { hasher.update($0) }
            }
        } catch { return nil }
        return hasher.finish()
    }
}
