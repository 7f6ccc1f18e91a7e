import Commands
import Diagnostics
import Foundation
import Languages
import TestSupport
import Testing

/// Debian's haproxy as the judge of our reading.
@Suite struct HAProxyPeerTests {
    static let haproxy = "/usr/sbin/haproxy"
    static let isInstalled = FileManager.default.isExecutableFile(atPath: haproxy)

    /// What `haproxy -c` says about a file: nil when it accepts it.
    static func complaint(about text: [UInt8]) throws -> String? {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(
            "pidep-\(UUID().uuidString).cfg")
        try Data(text).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let output = try Command(
            [haproxy, "-c", "-f", file.path], environment: HAProxySamples.environment, timeout: 60
        ).runAny()
        return output.code == 0 ? nil : output.standardError
    }

    @Test(
        "Debian's haproxy accepts the files that we accept",
        .enabled(if: isInstalled, "haproxy is not installed"),
        arguments: [HAProxySamples.cluster, HAProxySamples.everything])
    func samples(text: String) throws {
        _ = accepted(text)
        #expect(try Self.complaint(about: Array(text.utf8)) == nil)
    }

    @Test(
        "what we accept of damaged files, Debian's haproxy accepts too",
        .enabled(if: isInstalled, "haproxy is not installed"))
    func damaged() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var numbers = SplitMix64(seed: seed)
        var compared = 0
        let samples = [HAProxySamples.cluster, HAProxySamples.everything]
        for round in 0..<2000 where compared < 30 {
            let text = HAProxyFuzzTests.mutated(samples[round % samples.count], &numbers)
            let (_, diagnostics) = HAProxyConfiguration.parse(
                text, file: "f", environment: HAProxySamples.environment)
            guard diagnostics.isEmpty, !text.isEmpty else { continue }
            compared += 1
            let complaint = try Self.complaint(about: text)
            #expect(
                complaint == nil, "seed \(seed), round \(round):\n\(String(decoding: text, as: UTF8.self))")
        }
        #expect(compared > 0, "seed \(seed)")
    }
}
