import Diagnostics
import Foundation
import Languages
import TestSupport
import Testing

@Suite struct HAProxyFuzzTests {
    /// Changes a text in one to four places: bytes, words or whole lines.
    static func mutated(_ text: String, _ numbers: inout SplitMix64) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...4, using: &numbers) {
            guard !bytes.isEmpty else { break }
            let index = Int.random(in: 0..<bytes.count, using: &numbers)
            switch Int.random(in: 0..<7, using: &numbers) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &numbers)
            case 1: bytes.remove(at: index)
            case 2:
                bytes.insert(
                    Array("\"'\\$#{}@:,-/ \n\t0".utf8).randomElement(using: &numbers) ?? 0, at: index)
            case 3:
                bytes.removeSubrange(
                    index..<min(bytes.count, index + Int.random(in: 1...40, using: &numbers)))
            case 4: bytes += bytes[index..<min(bytes.count, index + Int.random(in: 1...200, using: &numbers))]
            case 5: swapLines(&bytes, &numbers)
            default: replaceWord(&bytes, &numbers)
            }
        }
        return bytes
    }

    private static func swapLines(_ bytes: inout [UInt8], _ numbers: inout SplitMix64) {
        var lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
        lines.swapAt(
            Int.random(in: 0..<lines.count, using: &numbers), Int.random(in: 0..<lines.count, using: &numbers)
        )
        bytes = Array(lines.joined(separator: [10]))
    }

    private static func replaceWord(_ bytes: inout [UInt8], _ numbers: inout SplitMix64) {
        let words = bytes.split { $0 == 32 || $0 == 10 }
        guard let old = words.randomElement(using: &numbers), let new = words.randomElement(using: &numbers)
        else { return }
        bytes.replaceSubrange(old.startIndex..<old.endIndex, with: Array(new))
    }

    @Test("no input crashes the parser, and every complaint names a line of the file")
    func mutations() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var numbers = SplitMix64(seed: seed)
        let samples = [HAProxySamples.cluster, HAProxySamples.everything]
        for round in 0..<1000 {
            let text = Self.mutated(samples[round % samples.count], &numbers)
            let (configuration, diagnostics) = HAProxyConfiguration.parse(
                text, file: "f", environment: HAProxySamples.environment)
            let lines = text.split(separator: 10, omittingEmptySubsequences: false).count
            #expect(
                diagnostics.allSatisfy { $0.line >= 0 && $0.line <= lines }, "seed \(seed), round \(round)")
            #expect(
                diagnostics.allSatisfy { !$0.problem.isEmpty && !$0.problem.hasSuffix(".") },
                "seed \(seed), round \(round)")
            if diagnostics.contains(where: { $0.severity == .error }) { continue }
            #expect(
                configuration.frontends.allSatisfy {
                    $0.maxconn > 0 && !$0.binds.isEmpty && $0.clientTimeout > .zero
                },
                "seed \(seed), round \(round)")
            #expect(
                configuration.frontends.allSatisfy {
                    ($0.defaultBackend ?? 0) < max(1, configuration.backends.count)
                },
                "seed \(seed), round \(round)")
        }
    }

    @Test("random bytes crash nothing")
    func noise() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var numbers = SplitMix64(seed: seed)
        for round in 0..<300 {
            let count = Int.random(in: 0...400, using: &numbers)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &numbers) }
            let (_, diagnostics) = HAProxyConfiguration.parse(bytes, file: "f", environment: [:])
            #expect(!diagnostics.isEmpty, "seed \(seed), round \(round)")
        }
    }
}
