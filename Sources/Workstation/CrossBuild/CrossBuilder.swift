import Commands
import Digest
import Events
import Foundation
import JSON

/// Builds the node runtime for other machines: `pidep build`.
///
/// Debian's packages become a sysroot and a Swift SDK, SwiftPM compiles, and the result is looked at before it counts:
/// it must be a static ELF that the architecture runs, within its budget. What was already made from the same inputs
/// is not made again.
public struct CrossBuilder: Sendable {
    /// The name of the command in events.
    static let command = "build"

    /// pidep's package, and where all state lies.
    public let root: PackageRoot
    /// A folder that gets a copy of each bundle, in a folder named after its architecture.
    public var output: String?
    /// Whether Debian is asked for newer packages although those of the last time are there.
    public var refresh: Bool

    /// A builder for one package.
    public init(root: PackageRoot, output: String? = nil, refresh: Bool = false) {
        self.root = root
        self.output = output
        self.refresh = refresh
    }

    /// Builds the architectures one after another, and reports one `result` event for each, or one `failed` event.
    ///
    /// The first failure ends it and is thrown, too; bundles made before it stay.
    @discardableResult
    public func build(_ architectures: [Architecture], sink: any EventSink) throws(BuildError) -> [Bundle] {
        var current: Architecture?
        do throws(BuildError) {
            let toolchain = try Toolchain.find()
            let lock = try BuildLock(root: root) {
                sink.report(
                    Event(
                        .warning, command: Self.command,
                        message: "another pidep build runs here; waiting for it"))
            }
            defer { withExtendedLifetime(lock) {} }
            try RaftSources(root: root).fetch()
            var bundles: [Bundle] = []
            for architecture in architectures
            where !bundles.contains(where: { $0.architecture == architecture }) {
                current = architecture
                let one = ArchitectureBuild(
                    root: root, architecture: architecture, toolchain: toolchain, output: output,
                    refresh: refresh, sink: sink)
                bundles.append(try one.run())
            }
            return bundles
        } catch {
            sink.report(
                Event(.failed, command: Self.command, subject: current?.rawValue, message: error.sentence))
            throw error
        }
    }
}
