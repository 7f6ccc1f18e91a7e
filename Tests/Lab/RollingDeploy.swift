import Commands
@testable import CrossBuild
import Foundation
import JSON

/// 150 requests a second to a cluster's virtual address while a test does something else.
final class BackgroundLoad: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)
    private let lock = NSLock()
    private var output: Command.Output?

    init(_ cluster: ClusterFixture, seconds: Int, _ more: String...) {
        let arguments =
            [
                "loadtest", cluster.inventory, "--rate", "150", "--duration", "\(seconds)s", "--lag-limit",
                "10s",
            ]
            + ["--json"] + more
        Thread.detachNewThread { [self] in
            let result = try? cluster.pidep(arguments)
            lock.withLock { output = result }
            done.signal()
        }
    }

    /// Its result event, once it is over; nil when there was none.
    func report() -> JSONValue? {
        guard done.wait(timeout: .now() + 120) == .success else { return nil }
        let lines = lock.withLock { output }?.standardOutput.split(separator: "\n").map(String.init) ?? []
        return lines.compactMap { try? JSONValue.parse($0) }.last { $0["event"]?.text == "result" }
    }
}

/// Another node runtime for this machine's architecture: the same with bytes behind its end, so that its digest differs.
struct OtherRuntime {
    private let files: [(path: String, content: Data)]

    init() throws {
        let bundle = try CrossBuild.Bundle.load(
            architecture: try Architecture(named: Architecture.host?.rawValue ?? ""), from: PackageRoot.find()
        )
        let manifest =
            (bundle.binaryPath as NSString).deletingLastPathComponent + "/" + BundleManifest.fileName
        files = try [bundle.binaryPath, manifest].map { ($0, try Data(contentsOf: URL(fileURLWithPath: $0))) }
        try (files[0].content + Data("other".utf8)).write(to: URL(fileURLWithPath: bundle.binaryPath))
        let digest = try Command(["sha256sum", bundle.binaryPath]).run().standardOutput.prefix(64)
        let text = String(decoding: files[1].content, as: UTF8.self)
            .replacingOccurrences(of: bundle.digest.hexadecimal, with: digest)
            .replacingOccurrences(of: "\(bundle.size)", with: "\(bundle.size + 5)")
        try Data(text.utf8).write(to: URL(fileURLWithPath: manifest))
    }

    /// Puts the real one back.
    func restore() {
        for (path, content) in files { try? content.write(to: URL(fileURLWithPath: path)) }
    }
}
