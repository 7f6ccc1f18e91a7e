import Digest
import Foundation
import JSON
import Testing

@testable import CrossBuild

@Suite struct BundleTests {
    private func made(in folder: TemporaryFolder, architecture: Architecture = .armv7) throws -> PackageRoot {
        let root = PackageRoot(path: folder.path)
        let binary = Array("binary".utf8)
        let manifest = BundleManifest(
            architecture: architecture, version: "abc",
            files: [.init(path: "pinode", size: 6, digest: SHA256Digest(of: binary), mode: 0o755)])
        try folder.write(manifest.json.pretty, to: ".pidep/bundles/armv7/manifest.json")
        try folder.write("binary", to: ".pidep/bundles/armv7/pinode")
        try folder.write("tar", to: ".pidep/bundles/armv7/bundle.tar")
        return root
    }

    @Test("a bundle that was made is loaded with its facts")
    func load() throws {
        let folder = try TemporaryFolder()
        let bundle = try Bundle.load(architecture: "armv7", from: made(in: folder))
        #expect(bundle.architecture == .armv7)
        #expect(bundle.version == "abc")
        #expect(bundle.size == 6)
        #expect(bundle.digest == SHA256Digest(of: Array("binary".utf8)))
        #expect(bundle.binaryPath == "\(folder.path)/.pidep/bundles/armv7/pinode")
        #expect(bundle.bundlePath == "\(folder.path)/.pidep/bundles/armv7/bundle.tar")
    }

    @Test("without one, the sentence says how to make it")
    func missing() throws {
        let folder = try TemporaryFolder()
        #expect(throws: BuildError("no bundle for armv7; run: pidep build --arch armv7")) {
            try Bundle.load(architecture: .armv7, from: PackageRoot(path: folder.path))
        }
    }

    @Test("a binary that was changed is not taken for the one that was built")
    func tampered() throws {
        let folder = try TemporaryFolder()
        let root = try made(in: folder)
        try folder.write("binarY", to: ".pidep/bundles/armv7/pinode")
        #expect(throws: BuildError.self) { try Bundle.load(architecture: .armv7, from: root) }
    }

    @Test("another architecture's bundle in its place is refused")
    func misplaced() throws {
        let folder = try TemporaryFolder()
        let root = try made(in: folder, architecture: .arm64)
        #expect {
            try Bundle.load(architecture: .armv7, from: root)
        } throws: { error in
            (error as? BuildError)?.sentence.contains("holds a bundle for arm64") == true
        }
    }

    @Test(
        "a damaged manifest is a sentence",
        arguments: [
            "", "{", "{}", #"{"architecture":"armv9","version":"1","files":[]}"#,
            #"{"architecture":"armv7","version":"1","files":[{"path":"pinode"}]}"#,
            #"{"architecture":"armv7","version":"1","files":[]}"#,
        ])
    func damaged(_ text: String) throws {
        let folder = try TemporaryFolder()
        let root = try made(in: folder)
        try folder.write(text, to: ".pidep/bundles/armv7/manifest.json")
        #expect(throws: BuildError.self) { try Bundle.load(architecture: .armv7, from: root) }
    }

    @Test("an unknown architecture is answered with the known ones, armv6 with the reason")
    func architectures() {
        #expect(
            throws: BuildError(
                "\"riscv\" is not an architecture that pidep builds for. Known: armv7, arm64, amd64.")
        ) { try Architecture(named: "riscv") }
        #expect {
            try Architecture(named: "armv6")
        } throws: { ($0 as? BuildError)?.sentence.contains("a Pi Zero or Pi 1 cannot run it") == true }
    }

    @Test("the package is found from a folder inside it, and from the executable's place")
    func packageRoot() throws {
        let folder = try TemporaryFolder()
        let real = URL(fileURLWithPath: folder.path).resolvingSymlinksInPath().path
        try folder.write("", to: "Package.swift")
        try folder.write("", to: "Sources/Node/pinode/main.swift")
        try folder.write("", to: "docs/deep/page.md")
        #expect(try PackageRoot.find(from: "\(folder.path)/docs/deep", executable: "/x").path == real)
        #expect(try PackageRoot.find(from: "/", executable: "\(folder.path)/.build/debug/pidep").path == real)
        #expect {
            try PackageRoot.find(from: "/", executable: "/usr/bin/pidep")
        } throws: { ($0 as? BuildError)?.sentence.hasPrefix("neither / nor a folder above it") == true }
    }
}
