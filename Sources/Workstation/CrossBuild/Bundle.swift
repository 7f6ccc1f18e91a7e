import Digest
import Foundation
import JSON

/// What `pidep build` makes for one architecture: the node runtime and its manifest of contents.
///
/// Where Foundation is imported too, write `CrossBuild.Bundle`.
public struct Bundle: Sendable, Equatable {
    /// What the binary runs on.
    public var architecture: Architecture
    /// The stripped static binary.
    public var binaryPath: String
    /// SHA-256 of the binary.
    public var digest: SHA256Digest
    /// Bytes of the binary.
    public var size: Int
    /// What `pinode --version` prints between its name and the architecture.
    public var version: String
    /// The tar that holds `manifest.json` and the binary.
    public var bundlePath: String

    /// The newest bundle that `pidep build` made below a package root, its binary checked against its digest.
    public static func load(architecture: Architecture, from packageRoot: PackageRoot) throws(BuildError)
        -> Bundle
    {
        try load(architecture: architecture, folder: packageRoot.bundles(architecture))
    }

    /// The same for an architecture as an inventory or a node's facts name it.
    public static func load(architecture: String, from packageRoot: PackageRoot) throws(BuildError) -> Bundle
    {
        try load(architecture: Architecture(named: architecture), from: packageRoot)
    }

    /// A bundle from the folder that holds its three files (`pidep build --output`).
    public static func load(architecture: Architecture, folder: String) throws(BuildError) -> Bundle {
        let remedy = "run: pidep build --arch \(architecture.rawValue)"
        let manifest = "\(folder)/\(BundleManifest.fileName)"
        guard let text = FileManager.default.contents(atPath: manifest) else {
            throw BuildError("no bundle for \(architecture.rawValue); \(remedy)")
        }
        let contents = try BundleManifest(parsing: Array(text), from: manifest)
        guard contents.architecture == architecture else {
            throw BuildError("\(folder) holds a bundle for \(contents.architecture.rawValue); \(remedy)")
        }
        guard let runtime = contents.files.first(where: { $0.path == BundleManifest.runtimeName }) else {
            throw BuildError("\(manifest) names no \(BundleManifest.runtimeName); \(remedy)")
        }
        let bundle = Bundle(
            architecture: architecture, binaryPath: "\(folder)/\(BundleManifest.runtimeName)",
            digest: runtime.digest, size: runtime.size, version: contents.version,
            bundlePath: "\(folder)/\(BundleManifest.archiveName)")
        guard let binary = FileManager.default.contents(atPath: bundle.binaryPath),
            SHA256Digest(of: Array(binary)) == bundle.digest
        else {
            throw BuildError("\(bundle.binaryPath) is not the file that its manifest.json names; \(remedy)")
        }
        guard FileManager.default.fileExists(atPath: bundle.bundlePath) else {
            throw BuildError("\(bundle.bundlePath) is missing; \(remedy)")
        }
        return bundle
    }
}
