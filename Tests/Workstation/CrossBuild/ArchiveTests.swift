import Commands
import Foundation
import Testing

@testable import CrossBuild

@Suite struct ArchiveTests {
    /// An ar archive with the members that a .deb has, around a tar made by tar(1).
    private func package(of tar: String, in folder: TemporaryFolder) throws -> String {
        var bytes = Array("!<arch>\n".utf8)
        for (name, content) in [("debian-binary", Array("2.0\n".utf8)), ("data.tar", try Files.read(tar))] {
            func field(_ text: String, _ width: Int) -> [UInt8] {
                Array(text.utf8) + [UInt8](repeating: 32, count: width - text.utf8.count)
            }
            bytes += field(name, 16) + field("0", 12) + field("0", 6) + field("0", 6) + field("100644", 8)
            bytes += field("\(content.count)", 10) + Array("`\n".utf8) + content
            if content.count % 2 == 1 { bytes.append(10) }
        }
        return try folder.write(Data(bytes), to: "test.deb")
    }

    @Test("a package made by dpkg-deb is unpacked, what is not wanted is left out")
    func unpack() throws {
        let folder = try TemporaryFolder()
        let control = "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n"
        try folder.write(control, to: "in/DEBIAN/control")
        try folder.write("int x;\n", to: "in/usr/include/x.h")
        try folder.write("text\n", to: "in/usr/share/doc/x/README")
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/in/usr/include/y.h", withDestinationPath: "/usr/include/x.h")
        try Command(["dpkg-deb", "-b", "\(folder.path)/in", "\(folder.path)/x.deb"]).run()
        try DebArchive(path: "\(folder.path)/x.deb")
            .extract(to: "\(folder.path)/out", wanted: SwiftSDK.belongsInSysroot)
        #expect(try Files.read("\(folder.path)/out/usr/include/x.h") == Array("int x;\n".utf8))
        #expect(!Files.exists("\(folder.path)/out/usr/share"))
        // The absolute link leads to the sysroot's file, not to this machine's.
        #expect(try Files.read("\(folder.path)/out/usr/include/y.h") == Array("int x;\n".utf8))
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder.path)/out/usr/include/y.h")
                == "../../usr/include/x.h")
    }

    @Test("a path that leads out of the sysroot is refused")
    func escape() throws {
        let folder = try TemporaryFolder()
        try TarArchive(files: [.init(path: "./usr/lib/../../../evil", mode: 0o644, bytes: [1])])
            .write(to: "\(folder.path)/data.tar")
        let deb = try package(of: "\(folder.path)/data.tar", in: folder)
        #expect {
            try DebArchive(path: deb).extract(to: "\(folder.path)/out") { _ in true }
        } throws: { error in
            (error as? BuildError)?.sentence.contains("leads out of it") == true
        }
        #expect(!Files.exists("\(folder.path)/evil"))
    }

    @Test("a file is not written through a link that the package brought")
    func throughLink() throws {
        let folder = try TemporaryFolder()
        try folder.write("", to: "outside/keep")
        try folder.write("evil", to: "second/usr/lib/evil")
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/first/usr", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/first/usr/lib", withDestinationPath: "../../outside")
        let tar = "\(folder.path)/data.tar"
        try Command(["tar", "-cf", tar, "-C", "\(folder.path)/first", "usr/lib"]).run()
        try Command(["tar", "-rf", tar, "-C", "\(folder.path)/second", "usr/lib/evil"]).run()
        let deb = try package(of: tar, in: folder)
        #expect {
            try DebArchive(path: deb).extract(to: "\(folder.path)/out") { _ in true }
        } throws: { error in
            (error as? BuildError)?.sentence.contains("through a link") == true
        }
        #expect(!Files.exists("\(folder.path)/outside/evil"))
    }

    @Test("what is no package is said to be none")
    func garbage() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("no package", to: "x.deb")
        #expect(throws: BuildError.self) {
            try DebArchive(path: path).extract(to: "\(folder.path)/out") { _ in true }
        }
    }

    @Test("a tar is the same bytes at any time, and tar(1) reads it")
    func reproducibleTar() throws {
        let folder = try TemporaryFolder()
        let tar = TarArchive(files: [
            .init(path: "manifest.json", mode: 0o644, bytes: [1, 2]),
            .init(path: "pinode", mode: 0o755, bytes: [UInt8](repeating: 7, count: 700)),
        ])
        try tar.write(to: "\(folder.path)/a.tar")
        try tar.write(to: "\(folder.path)/b.tar")
        #expect(try Files.read("\(folder.path)/a.tar") == Files.read("\(folder.path)/b.tar"))
        let list = try Command(["tar", "--utc", "-tvf", "\(folder.path)/a.tar"]).run().standardOutput
        let lines = list.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(
            lines == [
                "-rw-r--r-- root/root 2 1970-01-01 00:00 manifest.json",
                "-rwxr-xr-x root/root 700 1970-01-01 00:00 pinode",
            ])
    }
}
