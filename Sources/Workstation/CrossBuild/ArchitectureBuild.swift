import Apt
import Digest
import Events
import Foundation
import JSON

/// One architecture's way from Debian's packages to a bundle.
struct ArchitectureBuild {
    /// Part of every bundle's inputs: raise it when the way from binary to bundle changes.
    static let layout = 3

    let root: PackageRoot
    let architecture: Architecture
    let toolchain: Toolchain
    let output: String?
    let refresh: Bool
    let sink: any EventSink

    private var sdk: SwiftSDK { SwiftSDK(architecture: architecture, root: root, toolchain: toolchain) }
    private var folder: String { root.bundles(architecture) }
    private var again: String { "pidep build --arch \(architecture.rawValue)" }

    func run() throws(BuildError) -> Bundle {
        report(.started, "looks at sources, packages and SDK")
        try prepareSDK()
        let sources = try NodeSources(root: root)
        let version = sources.version()
        let compiler = Compiler(
            root: root, architecture: architecture, toolchain: toolchain, version: version)
        let inputs = identity(sources: sources, compiler: compiler)
        if let bundle = current(inputs: inputs) {
            let delivered = try deliver(bundle)
            report(.finished, "nothing changed, \(version)")
            result(
                delivered, lines: ["\(architecture.rawValue): \(grouped(bundle.size)) bytes, nothing changed"]
            )
            return delivered
        }
        report(.progress, "compiles \(version)")
        let (sink, name) = (sink, architecture.rawValue)
        try compiler.run { step in
            sink.report(Event(.progress, command: CrossBuilder.command, subject: name, message: step))
        }
        let (bundle, sizes) = try publish(compiler.product, version: version, inputs: inputs)
        let delivered = try deliver(bundle)
        report(.finished, "built \(version)", sizes: sizes)
        result(
            delivered,
            lines: ["\(architecture.rawValue): \(sizes.summary)"] + sizes.table.map { "  \($0)" })
        return delivered
    }

    /// Makes sure of an SDK of this toolchain; asks Debian only when it must.
    private func prepareSDK() throws(BuildError) {
        let sdk = sdk
        var packages = refresh ? nil : sdk.resolvedPackages()
        if packages == nil || packages.map({ !sdk.isCurrent($0) }) == true {
            let (sink, name) = (sink, architecture.rawValue)
            var apt = AptRoot(
                folder: root.aptRoot(architecture), debianArchitecture: architecture.debian,
                sources: try AptRoot.machineSources(), command: again)
            apt.progress = {
                sink.report(Event(.progress, command: CrossBuilder.command, subject: name, message: $0))
            }
            apt.warn = {
                sink.report(Event(.warning, command: CrossBuilder.command, subject: name, message: $0))
            }
            let wanted: [DebianPackage]
            if let packages { wanted = packages } else { wanted = try apt.resolve(SwiftSDK.packages) }
            try apt.download(wanted, into: root.packageCache)
            try sdk.keep(wanted)
            packages = wanted
        }
        guard let packages, !sdk.isCurrent(packages) else { return }
        report(.progress, "puts the Swift SDK together")
        try sdk.assemble(packages)
    }

    /// A digest of all that decides about the binary's bytes.
    private func identity(sources: NodeSources, compiler: Compiler) -> String {
        let words =
            [
                "layout \(Self.layout)", sources.digest.hexadecimal, compiler.version, sdk.identity ?? "",
                toolchain.version,
            ]
            + compiler.arguments.map { $0.replacingOccurrences(of: root.path, with: "/pidep") }
        return SHA256Digest(of: Array(words.joined(separator: "\n").utf8)).hexadecimal
    }

    private var inputsFile: String { "\(folder)/inputs" }

    /// The bundle that was made of the same inputs and is still whole.
    private func current(inputs: String) -> Bundle? {
        guard let made = FileManager.default.contents(atPath: inputsFile), Array(made) == Array(inputs.utf8)
        else { return nil }
        return try? Bundle.load(architecture: architecture, from: root)
    }

    /// Looks at the linked binary, strips it, looks again, and puts the bundle in its place.
    private func publish(_ product: String, version: String, inputs: String) throws(BuildError)
        -> (Bundle, SizeReport)
    {
        report(.progress, "strips and verifies")
        let linked = try ELFFile(Files.read(product), path: product)
        try ELFCheck.verify(linked, for: architecture, path: product)
        let new = "\(root.state)/bundles/.\(architecture.rawValue).new"
        try Files.makeEmpty(new)
        let binary = "\(new)/\(BundleManifest.runtimeName)"
        try DebugFiles(root: root, toolchain: toolchain).strip(product, to: binary)
        let bytes = try Files.read(binary)
        let stripped = try ELFFile(bytes, path: binary)
        try ELFCheck.verify(stripped, for: architecture, path: binary)

        let before = FileManager.default.contents(atPath: "\(folder)/\(BundleManifest.runtimeName)").map {
            Array($0)
        }
        let sizes = SizeReport(
            architecture: architecture, total: bytes.count, file: stripped, totalBefore: before?.count,
            before: before.flatMap { try? ELFFile($0, path: folder) })
        try sizes.enforceBudget(SizeReport.budget(architecture))

        let licence = try Files.read(RaftSources(root: root).licence)
        let manifest = BundleManifest(
            architecture: architecture, version: version,
            files: [
                .init(
                    path: BundleManifest.runtimeName, size: bytes.count, digest: SHA256Digest(of: bytes),
                    mode: 0o755),
                .init(
                    path: BundleManifest.licenceName, size: licence.count, digest: SHA256Digest(of: licence),
                    mode: 0o644),
            ])
        let text = Array(manifest.json.pretty.utf8)
        try Files.write(text, to: "\(new)/\(BundleManifest.fileName)")
        try Files.write(licence, to: "\(new)/\(BundleManifest.licenceName)")
        try TarArchive(files: [
            .init(path: BundleManifest.fileName, mode: 0o644, bytes: text),
            .init(path: BundleManifest.runtimeName, mode: 0o755, bytes: bytes),
            .init(path: BundleManifest.licenceName, mode: 0o644, bytes: licence),
        ]).write(to: "\(new)/\(BundleManifest.archiveName)")
        try Files.write(inputs, to: "\(new)/inputs")
        try Files.remove(folder)
        try Files.move(new, to: folder)
        return (try Bundle.load(architecture: architecture, from: root), sizes)
    }

    /// Copies the bundle to where the user wants it.
    private func deliver(_ bundle: Bundle) throws(BuildError) -> Bundle {
        guard let output else { return bundle }
        let target = "\(output)/\(architecture.rawValue)"
        try Files.makeFolder(target)
        for (name, mode) in [
            (BundleManifest.runtimeName, 0o755), (BundleManifest.archiveName, 0o644),
            (BundleManifest.fileName, 0o644), (BundleManifest.licenceName, 0o644),
        ] {
            try Files.write(Files.read("\(folder)/\(name)"), to: "\(target)/\(name)", mode: mode)
        }
        return try Bundle.load(architecture: architecture, folder: target)
    }

    private func report(_ kind: Event.Kind, _ message: String, sizes: SizeReport? = nil) {
        let sections = sizes.map { [JSONValue.Member("sections", $0.json)] } ?? []
        sink.report(
            Event(
                kind, command: CrossBuilder.command, subject: architecture.rawValue, message: message,
                data: sections))
    }

    private func result(_ bundle: Bundle, lines: [String]) {
        let message = lines + ["  binary  \(bundle.binaryPath)", "  bundle  \(bundle.bundlePath)"]
        sink.report(
            Event(
                .result, command: CrossBuilder.command, subject: architecture.rawValue,
                message: message.joined(separator: "\n"),
                data: [
                    .init("arch", .string(architecture.rawValue)),
                    .init("binary", .string(bundle.binaryPath)),
                    .init("bytes", .integer(Int64(bundle.size))),
                    .init("sha256", .string(bundle.digest.hexadecimal)),
                    .init("bundle", .string(bundle.bundlePath)),
                ]))
    }
}
