import Commands
import Events
import Foundation
import Testing

@testable import CrossBuild

/// The real package through the real compiler: a minute, so only where the end-to-end tests run, too.
@Suite(
    .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["PIDEP_LAB_TESTS"] == "1", "set PIDEP_LAB_TESTS=1"))
struct WholeBuildTests {
    /// Copies what a clone has, and what a first build has fetched, to a folder of another length and depth.
    private func copy(of root: PackageRoot, to target: String, _ architecture: Architecture) throws
        -> PackageRoot
    {
        let files = FileManager.default
        let copy = PackageRoot(path: target)
        for path in ["Package.swift", "Package.resolved", "Sources", "Tests"]
        where files.fileExists(atPath: "\(root.path)/\(path)") {
            try files.createDirectory(atPath: target, withIntermediateDirectories: true)
            try files.copyItem(atPath: "\(root.path)/\(path)", toPath: "\(target)/\(path)")
        }
        for path in [root.packageCache, "\(root.aptRoot(architecture))/packages.json"] {
            let there = target + path.dropFirst(root.path.count)
            try files.createDirectory(
                atPath: (there as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try files.copyItem(atPath: path, toPath: there)
        }
        return copy
    }

    @Test("two folders give the same bytes, a second run builds nothing, and the binary knows its version")
    func reproducible() throws {
        let architecture = try #require(Architecture.host)
        let root = try PackageRoot.find()
        let made = try CrossBuilder(root: root).build([architecture], sink: EventRecorder())[0]
        let folder = try TemporaryFolder()
        let one = try copy(of: root, to: "\(folder.path)/a", architecture)
        let two = try copy(of: root, to: "\(folder.path)/a/much/deeper/folder", architecture)
        let bundles = try [one, two].map {
            try CrossBuilder(root: $0).build([architecture], sink: EventRecorder())[0]
        }
        #expect(bundles[0].digest == bundles[1].digest)
        #expect(try Files.digest(of: bundles[0].bundlePath) == Files.digest(of: bundles[1].bundlePath))

        let again = EventRecorder()
        let second = try CrossBuilder(root: one, output: "\(folder.path)/out").build(
            [architecture], sink: again)[0]
        #expect(again.events.contains { $0.message.hasPrefix("nothing changed") })
        #expect(second.binaryPath == "\(folder.path)/out/\(architecture.rawValue)/pinode")
        #expect(second.digest == bundles[0].digest)

        let said = try Command([made.binaryPath, "--version"]).run().standardOutput
        #expect(said == "pinode \(made.version) \(architecture.rawValue)\n")
        let file = try ELFFile(Files.read(bundles[0].binaryPath), path: "pinode")
        let buildID = try #require(file.buildID)
        #expect(Files.exists("\(one.debugFiles)/\(buildID.prefix(2))/\(buildID.dropFirst(2)).debug"))
    }
}
