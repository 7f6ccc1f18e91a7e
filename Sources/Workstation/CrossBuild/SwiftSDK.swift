import Apt
import Commands
import Digest
import Foundation
import JSON

/// The Swift SDK of one architecture: Debian's headers and static libraries as a sysroot, the toolchain's Embedded
/// standard library, and the flags that make them one (SE-0387 says what the files mean).
struct SwiftSDK {
    /// From Debian 12: glibc and kernel headers, gcc's support library, OpenSSL.
    static let packages = [
        "libc6", "libc6-dev", "libcrypt-dev", "libgcc-12-dev", "libgcc-s1", "libssl-dev", "libssl3",
        "linux-libc-dev",
    ]
    /// Part of every SDK's identity: raise it when the way it is put together changes.
    static let layout = 1
    /// The modules of Embedded Swift that the node's code may import.
    static let modules = ["Swift", "Synchronization", "_Builtin_float", "_Volatile"]

    let architecture: Architecture
    let root: PackageRoot
    let toolchain: Toolchain

    var folder: String { "\(root.sdkBundle)/\(architecture.rawValue)" }
    private var identityFile: String { "\(folder)/identity" }
    /// The packages that were last resolved: with it and the cache, an SDK is put together without a network.
    private var packagesFile: String { "\(root.aptRoot(architecture))/packages.json" }

    /// A digest of all that went into the SDK that lies there; nil when there is none.
    var identity: String? {
        FileManager.default.contents(atPath: identityFile).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The packages of the last `resolve`, or nil when they must be asked for: never resolved, or the list changed.
    func resolvedPackages() -> [DebianPackage]? {
        guard let data = FileManager.default.contents(atPath: packagesFile),
            let listed = (try? JSONValue.parse(Array(data)))?.elements
        else { return nil }
        let packages = listed.compactMap { DebianPackage($0) }
        guard packages.map(\.name).sorted() == Self.packages.sorted() else { return nil }
        return packages
    }

    /// Keeps what apt resolved.
    func keep(_ packages: [DebianPackage]) throws(BuildError) {
        try Files.makeFolder(root.aptRoot(architecture))
        try Files.write(JSONValue.array(packages.map(\.json)).pretty, to: packagesFile)
    }

    /// What an SDK of these packages would be identified by.
    func identity(of packages: [DebianPackage]) -> String {
        let words =
            ["layout \(Self.layout)", toolchain.version, toolset().compact, description().compact]
            + packages.sorted { $0.name < $1.name }.map { "\($0.name) \($0.digest.hexadecimal)" }
        return SHA256Digest(of: Array(words.joined(separator: "\n").utf8)).hexadecimal
    }

    /// Whether the SDK that lies there is of these packages, this toolchain and these flags.
    func isCurrent(_ packages: [DebianPackage]) -> Bool { identity == identity(of: packages) }

    /// Puts it together from cached packages, beside the one that is there, and puts it in its place when whole.
    func assemble(_ packages: [DebianPackage]) throws(BuildError) {
        let new = "\(root.sdkBundle)/.\(architecture.rawValue).new"
        try Files.makeEmpty(new)
        for package in packages {
            let file = "\(root.packageCache)/\(package.digest.hexadecimal)"
            try DebArchive(path: file).extract(to: "\(new)/sysroot", wanted: Self.belongsInSysroot)
        }
        try addStandardLibrary(to: "\(new)/swift")
        try Files.write(toolset().pretty, to: "\(new)/toolset.json")
        try Files.write(description().pretty, to: "\(new)/swift-sdk.json")
        try Files.write(identity(of: packages), to: "\(new)/identity")
        try Files.remove(folder)
        try Files.move(new, to: folder)
        try writeBundleInfo()
    }

    static func belongsInSysroot(_ path: String) -> Bool {
        path.hasPrefix("usr/include/") || path.hasPrefix("usr/lib/") || path.hasPrefix("lib/")
    }

    private func addStandardLibrary(to swift: String) throws(BuildError) {
        for module in Self.modules {
            let source =
                "\(toolchain.embeddedModules)/\(module).swiftmodule/\(architecture.moduleTriple).swiftmodule"
            guard FileManager.default.fileExists(atPath: source) else {
                throw BuildError(
                    "the toolchain in \(toolchain.folder) has no Embedded Swift for \(architecture.moduleTriple) "
                        + "(\(source) is missing). \(Toolchain.remedy)")
            }
            try Files.makeFolder("\(swift)/\(module).swiftmodule")
            try Files.write(
                Files.read(source),
                to: "\(swift)/\(module).swiftmodule/\(architecture.swiftTriple).swiftmodule")
        }
        // Unicode tables are plain data, but ARM's are tagged as soft-float, which the linker refuses to mix.
        let tables = "libswiftUnicodeDataTables.a"
        do throws(Command.Failure) {
            try Command([
                toolchain.objcopy, "--remove-section=.ARM.attributes",
                "\(toolchain.embeddedModules)/\(architecture.moduleTriple)/\(tables)", "\(swift)/\(tables)",
            ]).run()
        } catch { throw BuildError("\(error.sentence). \(Toolchain.remedy)") }
    }

    /// Names every SDK that is there: SwiftPM reads all that info.json lists.
    private func writeBundleInfo() throws(BuildError) {
        let there = Architecture.allCases.filter {
            FileManager.default.fileExists(atPath: "\(root.sdkBundle)/\($0.rawValue)/swift-sdk.json")
        }
        let info = JSONValue.object([
            .init("schemaVersion", .string("1.0")),
            .init(
                "artifacts",
                .object(
                    there.map {
                        .init(
                            $0.sdkName,
                            .object([
                                .init("type", .string("swiftSDK")), .init("version", .string("1.0.0")),
                                .init("variants", .array([.object([.init("path", .string($0.rawValue))])])),
                            ]))
                    })),
        ])
        try Files.write(info.pretty, to: "\(root.sdkBundle)/info.json")
    }
}

extension SwiftSDK {
    /// The flags. No path is among them: SwiftPM adds the sysroot's, so the bundle can lie anywhere.
    func toolset() -> JSONValue {
        let target = "--target=\(architecture.clangTriple)"
        let instructions = architecture.instructionFlags
        let swift =
            [
                "-enable-experimental-feature", "Embedded", "-wmo", "-enforce-exclusivity=unchecked", "-Xcc",
                target,
            ]
            + instructions.flatMap { ["-Xcc", $0] }
            + ["-use-ld=lld", "-Xclang-linker", target, "-Xclang-linker", "-static"]
            + ["--gc-sections", "-z", "relro", "-z", "now", "-z", "noexecstack", "--build-id=sha1"]
            .flatMap { ["-Xlinker", $0] }
            + ["-lswiftUnicodeDataTables", "-lm"].flatMap { ["-Xlinker", $0] }
        // 64-bit times and file sizes also where Debian 12's armhf has 32-bit ones by default.
        let c =
            [target, architecture.processorFlag] + instructions + [
                "-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64", "-D_TIME_BITS=64", "-ffunction-sections",
                "-fdata-sections",
            ]
        return .object([
            .init("schemaVersion", .string("1.0")),
            .init("swiftCompiler", .object([.init("extraCLIOptions", .strings(swift))])),
            .init("cCompiler", .object([.init("extraCLIOptions", .strings(c))])),
        ])
    }

    private func description() -> JSONValue {
        .object([
            .init("schemaVersion", .string("4.0")),
            .init(
                "targetTriples",
                .object([
                    .init(
                        architecture.swiftTriple,
                        .object([
                            .init("sdkRootPath", .string("sysroot")),
                            .init("includeSearchPaths", .strings(["swift"])),
                            .init("librarySearchPaths", .strings(["swift"])),
                            .init("toolsetPaths", .strings(["toolset.json"])),
                        ]))
                ])),
        ])
    }
}
