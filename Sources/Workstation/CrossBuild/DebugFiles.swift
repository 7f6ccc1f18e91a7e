import Commands
import Foundation

/// Splits a linked binary into what nodes get and what debuggers need.
struct DebugFiles {
    /// How many are kept, of all architectures together: a crash is looked into within days.
    static let kept = 60
    /// How long objcopy may take.
    static let timeout: TimeInterval = 60

    let root: PackageRoot
    let toolchain: Toolchain

    /// Where debuggers look for the debug information of a build id, below `.pidep/debug`.
    func path(buildID: String) -> String {
        "\(root.debugFiles)/\(buildID.prefix(2))/\(buildID.dropFirst(2)).debug"
    }

    /// Writes the binary without symbols to `target`, and keeps what was taken out, by build id.
    func strip(_ binary: String, to target: String) throws(BuildError) {
        try objcopy(["--strip-all", "--remove-section=.comment", binary, target])
        let identity = try BinaryIdentity(of: Files.read(target), path: binary)
        try Files.write(identity.bytes, to: target, mode: 0o755)

        let debug = path(buildID: identity.buildID)
        try Files.makeFolder((debug as NSString).deletingLastPathComponent)
        let linked = "\(debug).linked"
        try Files.write(identity.stamp(Files.read(binary), path: binary), to: linked)
        try objcopy(["--only-keep-debug", linked, "\(debug).new"])
        try Files.move("\(debug).new", to: debug)
        try Files.remove(linked)
        prune()
    }

    private func objcopy(_ arguments: [String]) throws(BuildError) {
        do throws(Command.Failure) {
            try Command([toolchain.objcopy] + arguments, timeout: Self.timeout).run()
        } catch { throw BuildError(error.sentence) }
    }

    /// Removes the oldest beyond `kept`.
    private func prune() {
        let files = FileManager.default
        let all = (files.subpaths(atPath: root.debugFiles) ?? []).filter { $0.hasSuffix(".debug") }
            .map { "\(root.debugFiles)/\($0)" }
        guard all.count > Self.kept else { return }
        func date(_ path: String) -> Date {
            (try? files.attributesOfItem(atPath: path))?[.modificationDate] as? Date ?? .distantPast
        }
        let dated = all.map { ($0, date($0)) }.sorted { $0.1 < $1.1 }
        for (path, _) in dated.prefix(all.count - Self.kept) { try? files.removeItem(atPath: path) }
    }
}
