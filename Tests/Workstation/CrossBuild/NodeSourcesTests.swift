import Commands
import Foundation
import Testing

@testable import CrossBuild

@Suite struct NodeSourcesTests {
    private func package() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write("// swift\n", to: "Package.swift")
        try folder.write("print(1)\n", to: "Sources/Node/pinode/main.swift")
        try folder.write("// shared\n", to: "Sources/Shared/JSON/JSON.swift")
        try folder.write("// system\n", to: "Sources/System/CLinux/time.c")
        return folder
    }

    private func sources(_ folder: TemporaryFolder) throws -> NodeSources {
        try NodeSources(root: PackageRoot(path: folder.path))
    }

    private func git(_ folder: TemporaryFolder, _ words: String...) throws {
        try Command(
            ["git", "-C", folder.path, "-c", "user.name=x", "-c", "user.email=x@example.org"] + words
        ).run()
    }

    private func commit(_ folder: TemporaryFolder) throws {
        try git(folder, "add", "-A")
        try git(folder, "commit", "-q", "-m", "change")
    }

    @Test("the same files in another folder have the same digest")
    func folders() throws {
        #expect(try sources(package()).digest == sources(package()).digest)
    }

    @Test("content, a new file and a name change the digest; the workstation's half does not")
    func changes() throws {
        let folder = try package()
        let first = try sources(folder).digest
        try folder.write("", to: "Sources/Workstation/pidep/Pidep.swift")
        try folder.write("swap", to: "Sources/Node/pinode/.main.swift.swp")
        #expect(try sources(folder).digest == first)
        try folder.write("print(2)\n", to: "Sources/Node/pinode/main.swift")
        let second = try sources(folder).digest
        #expect(second != first)
        try FileManager.default.moveItem(
            atPath: "\(folder.path)/Sources/System/CLinux/time.c",
            toPath: "\(folder.path)/Sources/System/CLinux/tome.c")
        #expect(try sources(folder).digest != second)
    }

    @Test("a copy that is not whole is a sentence")
    func incomplete() throws {
        let folder = try package()
        try FileManager.default.removeItem(atPath: "\(folder.path)/Sources/System")
        #expect {
            try sources(folder)
        } throws: { ($0 as? BuildError)?.sentence.contains("not a whole copy of pidep") == true }
    }

    @Test("without git the version is a digest of the sources")
    func withoutGit() throws {
        let sources = try sources(package())
        #expect(sources.version() == "source.\(sources.digest.hexadecimal.prefix(12))")
    }

    @Test("the version is the commit in which the sources last changed, not one that changed other files")
    func versions() throws {
        let folder = try package()
        try git(folder, "init", "-q")
        try commit(folder)
        let first = try sources(folder).version()
        #expect(first.count == 12)
        try folder.write("words\n", to: "docs/build.md")
        try commit(folder)
        #expect(try sources(folder).version() == first)
        try folder.write("print(2)\n", to: "Sources/Node/pinode/main.swift")
        let dirty = try sources(folder)
        #expect(dirty.version() == "\(first)-dirty.\(dirty.digest.hexadecimal.prefix(12))")
        try commit(folder)
        let second = try sources(folder).version()
        #expect(second.count == 12)
        #expect(second != first)
    }

    @Test("a file that git does not know yet makes the sources dirty")
    func untracked() throws {
        let folder = try package()
        try git(folder, "init", "-q")
        try commit(folder)
        try folder.write("", to: "Sources/Node/pinode/new.swift")
        #expect(try sources(folder).version().contains("-dirty."))
    }
}
