import Apt
import Commands
import Digest
import Foundation
import Testing

@testable import CrossBuild

/// A `file:` repository that is made for one test, read by the real apt.
private final class Repository {
    static let names = ["libc6-dev", "libssl-dev"]
    let folder: TemporaryFolder
    let sources: String
    let cache: String

    init() throws {
        folder = try TemporaryFolder()
        cache = "\(folder.path)/debs"
        let where_ = folder.path
        sources = try folder.write("deb [trusted=yes] file:\(where_)/repo ./\n", to: "debian.list")
        var index = ""
        for name in Self.names {
            let control = """
                Package: \(name)
                Version: 1:2.36-9
                Architecture: armhf
                Maintainer: Test <test@example.org>
                Description: for a test

                """
            try folder.write(control, to: "\(name)/DEBIAN/control")
            try folder.write("/* \(name) */\n", to: "\(name)/usr/include/\(name).h")
            try FileManager.default.createDirectory(
                atPath: "\(where_)/repo", withIntermediateDirectories: true)
            let deb = "\(where_)/repo/\(name)_2.36-9_armhf.deb"
            try Command(["dpkg-deb", "--root-owner-group", "-b", "\(where_)/\(name)", deb]).run()
            let bytes = try Files.read(deb)
            index +=
                control + "Filename: ./\(name)_2.36-9_armhf.deb\nSize: \(bytes.count)\n"
                + "SHA256: \(SHA256Digest(of: bytes).hexadecimal)\n\n"
        }
        try folder.write(index, to: "repo/Packages")
        try release()
    }

    /// Writes a Release file that agrees with the index.
    func release() throws {
        let index = try Files.read("\(folder.path)/repo/Packages")
        try folder.write(
            """
            Suite: stable
            Date: Sat, 01 Jan 2022 00:00:00 UTC
            SHA256:
             \(SHA256Digest(of: index).hexadecimal) \(index.count) Packages

            """, to: "repo/Release")
    }

    /// Makes index and Release file disagree, as in the middle of a mirror's sync.
    func disturb() throws {
        let index = String(decoding: try Files.read("\(folder.path)/repo/Packages"), as: UTF8.self)
        try folder.write(index + "\n", to: "repo/Packages")
    }

    func root() -> AptRoot {
        var root = AptRoot(
            folder: "\(folder.path)/apt", debianArchitecture: "armhf", sources: sources,
            command: "pidep build --arch armv7")
        root.pause = { _ in }
        return root
    }
}

private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var kept: [Duration] = []
    var all: [Duration] { lock.withLock { kept } }
    func add(_ pause: Duration) -> Int {
        lock.withLock {
            kept.append(pause)
            return kept.count
        }
    }
}

@Suite struct AptRootTests {
    @Test("packages are resolved, downloaded by the real apt, and kept by digest")
    func download() throws {
        let repository = try Repository()
        let root = repository.root()
        let packages = try root.resolve(Repository.names)
        #expect(packages.map(\.name) == Repository.names)
        #expect(packages.map(\.version) == ["1:2.36-9", "1:2.36-9"])
        try root.download(packages, into: repository.cache)
        for package in packages {
            #expect(
                try Files.digest(of: "\(repository.cache)/\(package.digest.hexadecimal)") == package.digest)
        }
        #expect(try Files.list(repository.cache).count == 2)
    }

    @Test("what is in the cache is not downloaded again, even when the mirror is gone")
    func cached() throws {
        let repository = try Repository()
        let root = repository.root()
        let packages = try root.resolve(Repository.names)
        try root.download(packages, into: repository.cache)
        try FileManager.default.removeItem(atPath: "\(repository.folder.path)/repo")
        try root.download(packages, into: repository.cache)
    }

    @Test("a cached package with the wrong bytes is downloaded again")
    func damagedCache() throws {
        let repository = try Repository()
        let root = repository.root()
        let packages = try root.resolve(Repository.names)
        try root.download(packages, into: repository.cache)
        let file = "\(repository.cache)/\(packages[0].digest.hexadecimal)"
        try Files.write("half", to: file)
        try root.download(packages, into: repository.cache)
        #expect(try Files.digest(of: file) == packages[0].digest)
    }

    @Test("a mirror in mid-sync is asked again until it agrees with itself")
    func midSync() throws {
        let repository = try Repository()
        try repository.disturb()
        var root = repository.root()
        let pauses = Counter()
        nonisolated(unsafe) let mended = repository
        root.pause = { if pauses.add($0) == 2 { try? mended.release() } }
        let packages = try root.resolve(Repository.names)
        #expect(packages.map(\.name) == Repository.names)
        #expect(pauses.all == Array(AptRoot.retryDelays.prefix(2)))
    }

    @Test("a mirror that stays in mid-sync is given up after the named tries, with a sentence")
    func endlessSync() throws {
        let repository = try Repository()
        try repository.disturb()
        var root = repository.root()
        let pauses = Counter()
        root.pause = { _ = pauses.add($0) }
        #expect {
            try root.resolve(Repository.names)
        } throws: { error in
            let sentence = (error as? BuildError)?.sentence ?? ""
            return sentence.hasPrefix("the Debian mirror is in the middle of a sync")
                && sentence.hasSuffix("then run: pidep build --arch armv7")
        }
        #expect(pauses.all == AptRoot.retryDelays)
    }

    @Test("a package that the sources lack is named")
    func unknown() throws {
        let repository = try Repository()
        #expect {
            try repository.root().resolve(["libc6-dev", "libnowhere"])
        } throws: { error in
            (error as? BuildError)?.sentence.contains("debian.list offers no libnowhere.") == true
        }
    }

    @Test("a mirror that is not there is explained")
    func gone() throws {
        let repository = try Repository()
        try FileManager.default.removeItem(atPath: "\(repository.folder.path)/repo")
        #expect {
            try repository.root().resolve(Repository.names)
        } throws: { error in
            (error as? BuildError)?.sentence.hasSuffix("run: pidep build --arch armv7") == true
        }
    }

    @Test("a package that changed after the index was made is refused")
    func tampered() throws {
        let repository = try Repository()
        let root = repository.root()
        let packages = try root.resolve(["libssl-dev"])
        let deb = "\(repository.folder.path)/repo/libssl-dev_2.36-9_armhf.deb"
        try Files.write(Files.read(deb) + [0], to: deb)
        #expect(throws: BuildError.self) { try root.download(packages, into: repository.cache) }
        #expect(
            !FileManager.default.fileExists(atPath: "\(repository.cache)/\(packages[0].digest.hexadecimal)"))
    }

    @Test("apt's hooks of this machine are not run, and its caches stay")
    func isolated() throws {
        let repository = try Repository()
        _ = try repository.root().resolve(Repository.names)
        let output = try Command(
            ["apt-config", "dump"], environment: ["APT_CONFIG": "\(repository.folder.path)/apt/apt.conf"]
        ).run().standardOutput
        #expect(!output.contains("Invoke:: "))
        #expect(output.contains("Dir::Cache \"\(repository.folder.path)/apt/cache\""))
        #expect(output.contains("Dir::State \"\(repository.folder.path)/apt/state\""))
    }

    @Test("sources are found in either form; without any, the sentence says where to write them")
    func sources() throws {
        let folder = try TemporaryFolder()
        let empty = try folder.write("# nothing\n", to: "debian.sources")
        let list = try folder.write(
            "# comment\ndeb http://deb.example.org/debian bookworm main\n", to: "sources.list")
        let deb822 = try folder.write("Types: deb\nURIs: http://deb.example.org/debian\n", to: "new.sources")
        #expect(AptRoot.sources(among: [empty, list]) == .found(list))
        #expect(AptRoot.sources(among: [deb822, list]) == .found(deb822))
        #expect {
            try AptRoot.machineSources([empty, "\(folder.path)/absent"])
        } throws: { error in
            (error as? BuildError)?.sentence.hasPrefix("this machine has no Debian package sources (") == true
        }
    }

    @Test("a line of apt's download list becomes a package")
    func printed() {
        let digest = String(repeating: "ab", count: 32)
        let line =
            "'http://deb.example.org/l/libcrypt-dev_4.4.33-2_armhf.deb' libcrypt-dev_1%3a4.4.33-2_armhf.deb 124528 SHA256:"
        let package = DebianPackage(printedByApt: line + digest)
        #expect(package?.name == "libcrypt-dev")
        #expect(package?.version == "1:4.4.33-2")
        #expect(package?.size == 124528)
        #expect(package.flatMap { DebianPackage($0.json) } == package)
    }

    @Test(
        "no other line becomes one",
        arguments: [
            "", "Reading package lists...", "'http://x' libc6_1_armhf.deb 12 MD5Sum:abc",
            "'http://x' libc6_1_armhf.deb 12 SHA256:abc", "'http://x' libc6.deb 12 SHA256:abc",
        ])
    func otherLines(_ line: String) { #expect(DebianPackage(printedByApt: line) == nil) }
}
