import Foundation
import Inventory

/// The secrets of a lab: a newcomer has none, so `lab up` makes those that the inventory expects in files.
struct LabSecrets {
    /// Random bytes of a secret; it has twice as many hexadecimal digits.
    static let size = 16

    /// Makes each missing file of `secret:file:PATH`, for its owner's eyes only. What is there stays.
    static func make(for cluster: Cluster) throws(LabFailure) {
        for node in cluster.nodes {
            for variable in node.variables.values {
                guard case .file(let name) = variable.secret else { continue }
                try make(SecretStore.path(name, besides: variable.file))
            }
        }
    }

    private static func make(_ path: String) throws(LabFailure) {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        let folder = NSString(string: path).deletingLastPathComponent
        if !folder.isEmpty, !FileManager.default.fileExists(atPath: folder) {
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch { throw LabFailure("\(folder) cannot be made: \(error.localizedDescription)") }
        }
        var generator = SystemRandomNumberGenerator()
        let digits = (0..<size).map { _ in
            String(format: "%02x", UInt8.random(in: 0...255, using: &generator))
        }
        // Created closed: not even for a moment may others read it.
        let made = FileManager.default.createFile(
            atPath: path, contents: Data((digits.joined() + "\n").utf8),
            attributes: [.posixPermissions: 0o600])
        guard made else { throw LabFailure("\(path) cannot be written: a secret of the lab.") }
    }
}
