import Apt
import Foundation
import Testing

@testable import CrossBuild

@Suite struct CompilerTests {
    private func toolchain() throws -> Toolchain {
        try Toolchain(folder: "/path/to/swift/usr", versionLine: "Swift version 6.3.1 (swift-6.3.1-RELEASE)")
    }

    @Test(
        "a line of SwiftPM becomes progress, others do not",
        arguments: [
            ("[12/34] Compiling Proxy Proxy.swift", "Compiling Proxy (12 of 34)"),
            ("[37/38] Linking pinode", "Linking pinode (37 of 38)"),
            ("[36/38] Write Objects.LinkFileList", nil), ("Building for production...", nil), ("[x] y", nil),
            ("", nil),
        ])
    func progress(_ line: String, _ step: String?) { #expect(Compiler.step(line) == step) }

    @Test("of a failed build the errors are shown, each once")
    func errors() {
        let output = """
            [1/9] Compiling Proxy
            /p/A.swift:1:2: error: no such thing
            /p/A.swift:1:2: error: no such thing
             1 | let x
               |     `- error: no such thing
            error: fatalError
            """
        #expect(
            Compiler.explain(output, architecture: .arm64)
                == "pinode does not compile for arm64:\n  /p/A.swift:1:2: error: no such thing\n  error: fatalError"
        )
    }

    @Test("packages that could not be fetched are told from code that does not compile")
    func fetching() {
        let output = "error: Failed to clone repository https://git.example.org/x:\n fatal: unable to access"
        #expect(
            Compiler.explain(output, architecture: .arm64)
                .hasSuffix("connect this machine to the network and run: pidep build --arch arm64"))
    }

    @Test("no folder of this machine is left for the compiler to write into the binary")
    func prefixes() throws {
        let compiler = Compiler(
            root: PackageRoot(path: "/home/me/pidep"), architecture: .armv7, toolchain: try toolchain(),
            version: "1")
        for folder in ["/home/me/pidep=/pidep", "/path/to/swift/usr=/swift"] {
            #expect(compiler.arguments.contains(folder))
            #expect(compiler.arguments.contains("-ffile-prefix-map=\(folder)"))
        }
        #expect(compiler.environment == ["PINODE_VERSION": "1", "PINODE_ARCHITECTURE": "armv7"])
    }

    @Test(
        "the version is found in what the compiler says",
        arguments: [
            ("Swift version 6.3.1 (swift-6.3.1-RELEASE)", "6.3.1"),
            ("Apple Swift version 6.3 (swiftlang-6.3)", "6.3"), ("swift-driver version: 1.0", nil), ("", nil),
        ])
    func versions(_ line: String, _ number: String?) { #expect(Toolchain.number(in: line) == number) }

    @Test("another series of Swift is refused", arguments: ["6.2.1", "6.30", "7.0", "5.10"])
    func series(_ number: String) {
        #expect(throws: Toolchain.Unusable(reason: "Swift \(number) is on PATH, and pidep needs 6.3")) {
            try Toolchain(folder: "/x", versionLine: "Swift version \(number) (x)")
        }
    }

    @Test("an SDK's flags name no folder of this machine", arguments: Architecture.allCases)
    func toolset(_ architecture: Architecture) throws {
        let sdk = SwiftSDK(
            architecture: architecture, root: PackageRoot(path: "/home/me/pidep"), toolchain: try toolchain())
        let text = sdk.toolset().compact
        #expect(!text.contains("/"))
        #expect(text.contains("--target=\(architecture.clangTriple)"))
        // For C and, through clang, for Swift.
        #expect(text.split(separator: "\"-mthumb\"").count == (architecture == .armv7 ? 3 : 1))
    }

    @Test("another toolchain or another package means another SDK")
    func identity() throws {
        let root = PackageRoot(path: "/p")
        let sdk = SwiftSDK(architecture: .armv7, root: root, toolchain: try toolchain())
        let digits = ["ab", "cd"].map { String(repeating: $0, count: 32) }
        let packages = digits.compactMap {
            DebianPackage(printedByApt: "'http://x' libc6_2.36_armhf.deb 12 SHA256:\($0)")
        }
        try #require(packages.count == 2)
        let one = sdk.identity(of: [packages[0]])
        #expect(one != sdk.identity(of: [packages[1]]))
        let newer = try Toolchain(folder: "/path/to/swift/usr", versionLine: "Swift version 6.3.2 (x)")
        #expect(
            one != SwiftSDK(architecture: .armv7, root: root, toolchain: newer).identity(of: [packages[0]]))
        let moved = SwiftSDK(architecture: .armv7, root: PackageRoot(path: "/q"), toolchain: try toolchain())
        #expect(one == moved.identity(of: [packages[0]]))
    }
}
