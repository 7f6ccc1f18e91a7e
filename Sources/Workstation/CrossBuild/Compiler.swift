import Commands
import Foundation

/// Runs SwiftPM for one architecture.
struct Compiler {
    /// How long a whole build of the node runtime may take; half a minute is usual.
    static let timeout: TimeInterval = 1800
    /// Lines of a compiler's errors that are shown.
    static let shownLines = 30

    let root: PackageRoot
    let architecture: Architecture
    let toolchain: Toolchain
    let version: String

    /// Where SwiftPM leaves the binary.
    var product: String { "\(root.scratch(architecture))/\(architecture.swiftTriple)/release/pinode" }

    /// Every module of an Embedded build carries its own copy of what it uses of the modules below. One section a
    /// function lets the linker drop all copies but one: 4.3 MB became 2.0 MB on amd64 (2026-11).
    static let flags = ["-Osize", "-Xfrontend", "-function-sections"]

    /// What SwiftPM is called with. Folders of this machine are renamed wherever they would enter the binary or its
    /// debug information, so that another folder gives the same bytes; debuggers are told the way back.
    var arguments: [String] {
        var words = ["swift", "build", "--package-path", root.path, "-c", "release", "--product", "pinode"]
        words += ["--swift-sdks-path", root.sdks, "--swift-sdk", architecture.sdkName]
        words += ["--scratch-path", root.scratch(architecture)]
        for flag in Self.flags { words += ["-Xswiftc", flag] }
        for (folder, name) in [(root.path, "/pidep"), (toolchain.folder, "/swift")] {
            words += ["-Xswiftc", "-file-prefix-map", "-Xswiftc", "\(folder)=\(name)"]
            words += ["-Xcc", "-ffile-prefix-map=\(folder)=\(name)"]
        }
        return words
    }

    /// The stamp, for Package.swift.
    var environment: [String: String] {
        ["PINODE_VERSION": version, "PINODE_ARCHITECTURE": architecture.rawValue]
    }

    /// Compiles and links; `progress` is told how far it is.
    func run(progress: @escaping @Sendable (String) -> Void) throws(BuildError) {
        try forgetStaleModules()
        let output: Command.Output
        do throws(Command.Failure) {
            output = try Command(arguments, environment: environment, timeout: Self.timeout)
                .runAny { line in if let step = Self.step(line) { progress(step) } }
        } catch { throw BuildError(error.sentence) }
        // 128 and a signal's number: somebody, or the kernel for want of memory, ended the compiler.
        guard output.code <= 128 else {
            throw BuildError(
                "the compiler was ended by signal \(output.code - 128) before it was done; when nobody did that, the "
                    + "machine was short of memory. Run again: pidep build --arch \(architecture.rawValue)")
        }
        guard output.code == 0 else {
            throw BuildError(
                Self.explain(output.standardOutput + output.standardError, architecture: architecture))
        }
    }

    /// Removes what was compiled when the flags are others, or a header came or went below Sources/System: SwiftPM
    /// compiles no whole module anew for either, and clang keeps a target's module as it was while no header that
    /// it knew changed.
    private func forgetStaleModules() throws(BuildError) {
        let system = "\(root.path)/Sources/System"
        let headers = (FileManager.default.subpaths(atPath: system) ?? [])
            .filter { $0.hasSuffix(".h") || $0.hasSuffix(".modulemap") }.sorted()
        let toolset = SwiftSDK(architecture: architecture, root: root, toolchain: toolchain).toolset().compact
        let state = (Self.flags + [toolset] + headers).joined(separator: "\n")
        let memory = "\(root.scratch(architecture))/flags-and-headers"
        guard FileManager.default.contents(atPath: memory) != Data(state.utf8) else { return }
        try Files.remove("\(root.scratch(architecture))/\(architecture.swiftTriple)/release")
        try Files.makeFolder(root.scratch(architecture))
        try Files.write(state, to: memory)
    }

    /// `Compiling Proxy (12 of 34)` from `[12/34] Compiling Proxy Proxy.swift`; nil for other lines.
    static func step(_ line: String) -> String? {
        guard line.hasPrefix("["), let end = line.firstIndex(of: "]") else { return nil }
        let count = line[line.index(after: line.startIndex)..<end].split(separator: "/")
        guard count.count == 2, let done = Int(count[0]), let all = Int(count[1]) else { return nil }
        let words = line[line.index(after: end)...].split(separator: " ").prefix(2)
        guard let verb = words.first, verb != "Write", verb != "Wrapping" else { return nil }
        return "\(words.joined(separator: " ")) (\(done) of \(all))"
    }

    /// What stopped a build: the errors, each once, or what SwiftPM could not fetch.
    static func explain(_ output: String, architecture: Architecture) -> String {
        let lines = output.split(separator: "\n").map(String.init)
        let again = "pidep build --arch \(architecture.rawValue)"
        if let line = lines.first(where: { $0.contains("No space left on device") }) {
            return "there is no room left for the build (\(line)). Free some space and run: \(again)"
        }
        let fetching = [
            "Failed to clone", "Couldn’t fetch updates", "Couldn't fetch updates", "Could not resolve host",
        ]
        if let line = lines.first(where: { line in fetching.contains { line.contains($0) } }) {
            return
                "SwiftPM could not fetch the packages that Package.swift names (\(line)). They are fetched once; "
                + "connect this machine to the network and run: \(again)"
        }
        var seen: Set<String> = []
        let errors = lines.filter { $0.contains("error:") && !$0.hasPrefix(" ") && seen.insert($0).inserted }
        let shown = errors.isEmpty ? Array(lines.suffix(shownLines)) : Array(errors.prefix(shownLines))
        let rest = errors.count > shownLines ? "\n  … and \(errors.count - shownLines) more" : ""
        return "pinode does not compile for \(architecture.rawValue):\n  " + shown.joined(separator: "\n  ")
            + rest
    }
}
