import Foundation
import TestSupport
import Testing

@testable import Lab

extension LabEndToEnd {
    /// systemd, useradd and the kernel are real here.
    @Suite(.serialized) struct ApplyConverges {
        /// What the node is like after each manifest, when nothing disturbs.
        private func expectations(_ node: ApplyOnNode) throws -> [String: String] {
            try node.prepare()
            try node.apply("first")
            try node.apply("second")
            try node.apply("first")
            let first = try node.state()
            #expect(first.contains("600\nId=pidep-test.service"), "\(first)")
            #expect(first.contains("Id=pidep-tick.timer\nLoadState=loaded\nActiveState=active"), "\(first)")
            #expect(first.contains("pidep-one video") && !first.contains("pidep-two video"), "\(first)")
            #expect(try node.apply("first").contains(#"{"event":"done","changed":0}"#))
            try node.apply("second")
            let second = try node.state()
            #expect(second.contains("second\ndrop-in\n700\n"), "\(second)")
            #expect(!second.contains("pidep-tick.timer enabled") && !second.contains("srv/pidep-test/one"))
            return ["first": first, "second": second]
        }

        @Test("killed at 40 random moments on a real node, the next run ends what was begun")
        func killed() throws {
            let fixture = try LabFixture(nodes: 1)
            try fixture.run { lab in
                let node = try ApplyOnNode(fixture)
                let expected = try expectations(node)
                let seed = UInt64.random(in: 0...UInt64.max)
                print("seed \(seed)")
                var random = SplitMix64(seed: seed)
                var killed = 0
                for round in 1...40 {
                    let target = round % 2 == 1 ? "first" : "second"
                    let delay = Double(Int.random(in: 0...600, using: &random)) / 1000
                    let output = try lab.exec(
                        "n1", ["timeout", "--signal=KILL", "\(delay + 0.001)"] + node.command(target))
                    if output.code == 137 { killed += 1 }
                    try node.apply(target)
                    #expect(
                        try node.state() == expected[target],
                        "seed \(seed), round \(round), killed after \(delay) s")
                }
                #expect(killed > 10)
            }
        }

        @Test(
            "without power at 6 random moments, the next run ends what was begun, with nothing half-written")
        func powerCut() throws {
            let fixture = try LabFixture(nodes: 1)
            try fixture.run { lab in
                let node = try ApplyOnNode(fixture)
                let expected = try expectations(node)
                try #require(try lab.exec("n1", ["sync"]).code == 0)
                let seed = UInt64.random(in: 0...UInt64.max)
                print("seed \(seed)")
                var random = SplitMix64(seed: seed)
                for round in 1...6 {
                    let target = round % 2 == 1 ? "first" : "second"
                    let delay = Int.random(in: 0...500, using: &random)
                    let words = node.command(target).joined(separator: " ")
                    _ = try fixture.shell(
                        "n1", "setsid \(words) >/dev/null 2>&1 </dev/null & sleep \(Double(delay) / 1000)")
                    try lab.kill("n1", power: true)
                    try lab.start("n1")
                    let page = try fixture.shell(
                        "n1", "cat /etc/pidep-test.conf; wc -c /srv/pidep-test/*/page")
                    #expect(page.hasPrefix("first\n") || page.hasPrefix("second\n"), "\(page)")
                    try node.apply(target)
                    #expect(
                        try node.state() == expected[target],
                        "seed \(seed), round \(round), cut after \(delay) ms")
                }
            }
        }
    }
}
