import Foundation

/// The folder with pidep's own Package.swift, and where state lies below it.
public struct PackageRoot: Sendable, Equatable {
    /// Absolute, without a slash at the end.
    public let path: String

    /// A package root that is known.
    public init(path: String) { self.path = path }

    /// Where this program itself lies.
    static var ownExecutable: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            ?? CommandLine.arguments[0]
    }

    /// Looks upward from the current folder, then from where the executable lies, for pidep's package.
    public static func find(
        from folder: String = FileManager.default.currentDirectoryPath, executable: String? = nil
    ) throws(BuildError) -> PackageRoot {
        for start in [folder, ((executable ?? ownExecutable) as NSString).deletingLastPathComponent] {
            if let found = upward(from: start) { return found }
        }
        throw BuildError(
            "neither \(folder) nor a folder above it is pidep's package (a Package.swift beside Sources/Node). "
                + "Change to the folder that you cloned pidep into.")
    }

    private static func upward(from start: String) -> PackageRoot? {
        var folder = URL(fileURLWithPath: start).standardizedFileURL.resolvingSymlinksInPath().path
        while true {
            let files = FileManager.default
            if files.fileExists(atPath: "\(folder)/Package.swift"),
                files.fileExists(atPath: "\(folder)/Sources/Node/pinode")
            {
                return PackageRoot(path: folder)
            }
            guard folder != "/", !folder.isEmpty else { return nil }
            folder = (folder as NSString).deletingLastPathComponent
        }
    }

    /// All that pidep keeps, ignored by git; removing it costs a download and a full build.
    public var state: String { "\(path)/.pidep" }
    /// Debian packages, each a file named by its SHA-256.
    var packageCache: String { "\(state)/cache/debs" }
    /// What `--swift-sdks-path` is given: the folder that holds pidep.artifactbundle.
    var sdks: String { "\(state)/sdk" }
    /// The Swift SDK bundle.
    var sdkBundle: String { "\(sdks)/pidep.artifactbundle" }
    /// Debug information by build id, as debuggers look for it: `xx/yyyy.debug`.
    public var debugFiles: String { "\(state)/debug" }

    /// apt's private root for one architecture.
    func aptRoot(_ architecture: Architecture) -> String { "\(state)/apt/\(architecture.rawValue)" }
    /// SwiftPM's scratch path for one architecture.
    func scratch(_ architecture: Architecture) -> String { "\(state)/build/\(architecture.rawValue)" }
    /// Where the newest bundle of an architecture lies.
    public func bundles(_ architecture: Architecture) -> String {
        "\(state)/bundles/\(architecture.rawValue)"
    }
}
