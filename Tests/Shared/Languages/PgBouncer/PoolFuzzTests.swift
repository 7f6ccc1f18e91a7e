import Diagnostics
import Languages
import TestSupport
import Testing

@Suite struct PoolFuzzTests {
    static let samples = [PoolSamples.small, PoolSamples.old, PoolSamples.new]

    /// Changes a text in one to four places.
    static func mutated(_ text: String, _ numbers: inout SplitMix64) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...4, using: &numbers) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &numbers)
            switch Int.random(in: 0..<6, using: &numbers) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &numbers)
            case 1: bytes.remove(at: index)
            case 2:
                bytes.insert(
                    Array("\"'=%;#[]*,@/: \n\t0".utf8).randomElement(using: &numbers) ?? 0, at: index)
            case 3:
                bytes.removeSubrange(
                    index..<min(bytes.count, index + Int.random(in: 1...40, using: &numbers)))
            case 4: bytes += bytes[index..<min(bytes.count, index + Int.random(in: 1...200, using: &numbers))]
            default:
                var lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
                lines.swapAt(
                    Int.random(in: 0..<lines.count, using: &numbers),
                    Int.random(in: 0..<lines.count, using: &numbers))
                bytes = Array(lines.joined(separator: [10]))
            }
        }
        return bytes
    }

    @Test("no file crashes the parser, and every complaint is a sentence about a line of it")
    func configuration() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var numbers = SplitMix64(seed: seed)
        for round in 0..<500 {
            let text = String(decoding: Self.mutated(Self.samples[round % 3], &numbers), as: UTF8.self)
            let (configuration, found) = PoolConfiguration.parse(text, file: "f")
            let lines = text.utf8.split(separator: 10, omittingEmptySubsequences: false).count
            #expect(
                found.allSatisfy {
                    $0.line >= 0 && $0.line <= lines && !$0.problem.isEmpty && !$0.problem.hasSuffix(".")
                }, "seed \(seed), round \(round)")
            if found.contains(where: { $0.severity == .error }) { continue }
            #expect(
                configuration.maxClientConn > 0 && configuration.defaultPoolSize > 0
                    && Set(configuration.databases.map { $0.name }).count == configuration.databases.count
                    && configuration.databases.allSatisfy {
                        !$0.name.isEmpty && $0.name != "pgbouncer" && $0.port > 0
                    },
                "seed \(seed), round \(round)")
        }
    }

    @Test("no users, rules or maps crash their parsers, and whoever is let in has a rule")
    func access() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var numbers = SplitMix64(seed: seed)
        let users =
            "\"app\" \"secret\"\n\"s\" \"\(UserlistTests.scram)\"\n; comment\n\"m\" \"md5abcdef0123456789abcdef0123456789\" x\n"
        for round in 0..<500 {
            let list = String(decoding: Self.mutated(users, &numbers), as: UTF8.self)
            let (userlist, found) = Userlist.parse(list, file: "f")
            #expect(userlist.users.allSatisfy { !$0.name.isEmpty }, "seed \(seed), round \(round)")
            #expect(found.allSatisfy { !$0.sentence.contains("secret\"\n") }, "seed \(seed), round \(round)")

            let text = String(decoding: Self.mutated(HBARulesTests.file, &numbers), as: UTF8.self)
            let (rules, _) = HBARules.parse(text, file: "f") { _ in Array("one, @f \"two".utf8) }
            let client = (user: "u", database: "d", address: PoolAddress.v4(0xc000_0201))
            let rule = rules.rule(
                for: client.user, database: client.database, address: client.address, isTLS: true,
                isLocal: false)
            #expect(
                rule == nil || rule?.kind != .local && rule?.method != .peer, "seed \(seed), round \(round)")
            _ = IdentMaps.parse(text, file: "f")
        }
    }

    @Test("random bytes crash nothing")
    func noise() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var numbers = SplitMix64(seed: seed)
        for _ in 0..<300 {
            let bytes = (0..<Int.random(in: 0...400, using: &numbers)).map { _ in
                UInt8.random(in: 0...255, using: &numbers)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            _ = PoolConfiguration.parse(text, file: "f") { _ in bytes }
            _ = Userlist.parse(text, file: "f")
            _ = HBARules.parse(text, file: "f") { _ in bytes }
            _ = IdentMaps.parse(text, file: "f")
        }
    }
}
