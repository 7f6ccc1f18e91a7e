import Foundation
import Testing

@testable import Lab

@Suite struct RootFileSystemTests {
    private func project(
        packages: String, prefilled: String = "apache2\n", customize: String = "#!/bin/sh\n"
    ) throws -> String {
        let root = NSTemporaryDirectory() + "pidep-images-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: root + "/images/lab", withIntermediateDirectories: true)
        try packages.write(toFile: root + "/images/lab/packages", atomically: true, encoding: .utf8)
        try prefilled.write(toFile: root + "/images/lab/prefilled", atomically: true, encoding: .utf8)
        try customize.write(toFile: root + "/images/lab/customize", atomically: true, encoding: .utf8)
        return root
    }

    private func folder(_ packages: String, _ customize: String = "#!/bin/sh\n", suite: String = "bookworm")
        throws -> String
    {
        let root = try project(packages: packages, customize: customize)
        defer { try? FileManager.default.removeItem(atPath: root) }
        return try RootFileSystem(root: root, cache: "/cache", suite: suite).folder
    }

    @Test("a package list is its lines without comments and blanks")
    func packages() {
        #expect(
            RootFileSystem.packages("# a\n\nsystemd\n  dbus  # why\n#x\nsudo") == ["systemd", "dbus", "sudo"])
    }

    @Test("the cached folder changes with the packages, the recipe and the suite, and with nothing else")
    func digest() throws {
        let first = try folder("systemd\ndbus\n")
        #expect(try folder("# a comment\nsystemd\ndbus\n") == first)
        #expect(try folder("systemd\n") != first)
        #expect(try folder("systemd\ndbus\n", "#!/bin/sh\nexit 0\n") != first)
        #expect(try folder("systemd\ndbus\n", suite: "trixie") != first)
        #expect(first.hasPrefix("/cache/rootfs/"))
    }

    @Test("a prefilled one has the bare one's packages and more, and is another folder")
    func prefilled() throws {
        let root = try project(packages: "systemd\n", prefilled: "apache2\n")
        defer { try? FileManager.default.removeItem(atPath: root) }
        let bare = try RootFileSystem(root: root, cache: "/cache", suite: "bookworm")
        let full = try RootFileSystem(root: root, prefilled: true, cache: "/cache", suite: "bookworm")
        #expect(bare.packages == ["systemd"])
        #expect(full.packages == ["systemd", "apache2"])
        #expect(bare.folder != full.folder)
    }

    @Test(
        "a cache folder that an overlay mount cannot name is refused", arguments: ["/a,b", "/a:b", "/a\\b"])
    func cacheNames(cache: String) throws {
        let root = try project(packages: "systemd")
        defer { try? FileManager.default.removeItem(atPath: root) }
        #expect { try RootFileSystem(root: root, cache: cache) } throws: {
            ($0 as? LabFailure)?.sentence.contains("PIDEP_CACHE_DIR") == true
        }
    }

    @Test("a project without its images says which file is missing")
    func missing() {
        #expect { try RootFileSystem(root: "/nowhere") } throws: {
            ($0 as? LabFailure)?.sentence.contains("/nowhere/images/lab/packages") == true
        }
    }

    @Test("mmdebstrap's own lines are its progress, apt's chatter is not")
    func steps() {
        #expect(RootFileSystem.step("I: running apt-get update...") == "running apt-get update")
        #expect(RootFileSystem.step("Get:1 http://a.example bookworm InRelease") == nil)
    }

    @Test("this project's own recipe can be read, and everything that serves is disabled in it")
    func ownRecipe() throws {
        let root = URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).joined(separator: "/")
            .dropFirst()
        let bare = RootFileSystem.packages(try #require(readFile("\(root)/images/lab/packages")))
        let more = RootFileSystem.packages(try #require(readFile("\(root)/images/lab/prefilled")))
        let customize = try #require(readFile("\(root)/images/lab/customize"))
        for package in ["systemd", "openssh-server"] { #expect(bare.contains(package)) }
        for package in ["apache2", "libapache2-mod-php"] {
            #expect(more.contains(package))
            #expect(!bare.contains(package))
        }
        for service in ["apache2", "haproxy", "keepalived"] where more.contains(service) {
            #expect(customize.contains("\(service).service"))
        }
    }
}

@Suite struct BinfmtTests {
    @Test(
        "qemu is registered only where the machine does not run the programs itself",
        arguments: [
            ("armv7", "amd64", "qemu-arm"), ("arm64", "amd64", "qemu-aarch64"),
            ("amd64", "arm64", "qemu-x86_64"),
            ("amd64", "amd64", nil), ("armv7", "arm64", nil), ("armv7", "armv7", nil),
        ])
    func formats(architecture: String, host: String, expected: String?) {
        #expect(Binfmt.format(for: architecture, on: host) == expected)
    }

    @Test("a rule is the file's line that begins with a colon")
    func rule() {
        #expect(
            Binfmt.rule("# qemu\n:qemu-arm:M::\\x7f:\\xff:/usr/bin/q:OPF\n")
                == ":qemu-arm:M::\\x7f:\\xff:/usr/bin/q:OPF")
        #expect(Binfmt.rule("# nothing\n") == nil)
    }

    @Test("without the flag F, or disabled, a registration is worth nothing inside a node")
    func usable() {
        #expect(Binfmt.isUsable("enabled\ninterpreter /usr/bin/q\nflags: POF\noffset 0\n"))
        #expect(!Binfmt.isUsable("enabled\ninterpreter /usr/bin/q\nflags: PO\noffset 0\n"))
        #expect(!Binfmt.isUsable("disabled\ninterpreter /usr/bin/q\nflags: POF\noffset 0\n"))
    }
}
