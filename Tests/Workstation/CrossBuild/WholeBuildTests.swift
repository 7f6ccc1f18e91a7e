import Commands
import Events
import Foundation
import Testing

@testable import CrossBuild

/// The real package through the real compiler: two minutes, so only where the end-to-end tests run, too.
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
        for path in [".git", ".gitignore", "Package.swift", "Package.resolved", "Sources", "Tests"]
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

    @Test(
        "another folder gives the same bytes, a second run builds nothing, and the binary knows its version")
    func reproducible() throws {
        let architecture = try #require(Architecture.host)
        let root = try PackageRoot.find()
        let here = try CrossBuilder(root: root).build([architecture], sink: EventRecorder())[0]
        let folder = try TemporaryFolder()
        let other = try copy(of: root, to: "\(folder.path)/a/much/deeper/folder", architecture)
        let there = try CrossBuilder(root: other).build([architecture], sink: EventRecorder())[0]
        #expect(there.version == here.version)
        #expect(there.digest == here.digest)
        #expect(try Files.digest(of: there.bundlePath) == Files.digest(of: here.bundlePath))

        let again = EventRecorder()
        let second = try CrossBuilder(root: other, output: "\(folder.path)/out").build(
            [architecture], sink: again)[0]
        #expect(again.events.contains { $0.message.hasPrefix("nothing changed") })
        #expect(second.binaryPath == "\(folder.path)/out/\(architecture.rawValue)/pinode")
        #expect(second.digest == there.digest)

        let said = try Command([here.binaryPath, "--version"]).run().standardOutput
        #expect(said == "pinode \(here.version) \(architecture.rawValue)\n")
        let file = try ELFFile(Files.read(there.binaryPath), path: "pinode")
        let buildID = try #require(file.buildID)
        let debug = "\(other.debugFiles)/\(buildID.prefix(2))/\(buildID.dropFirst(2)).debug"
        #expect(try ELFFile(Files.read(debug), path: debug).sections.contains { $0.name == ".debug_info" })
    }
}
