import Foundation
import JSON
import Testing

@testable import Deployment

@Suite struct PlanFileTests {
    @Test("facts that differ are named, with what they were and what they are")
    func changes() {
        let before = [
            "the release": "aa", "/etc/a": "f 0644 root:root sha256 11",
            "the unit x": "loaded active enabled",
        ]
        var now = before
        now["/etc/a"] = "f 0600 root:root sha256 11"
        now["the unit x"] = nil
        #expect(
            Facts.changes(from: before, to: now) == [
                "/etc/a was f 0644 root:root sha256 11, is f 0600 root:root sha256 11",
                "the unit x was loaded active enabled, is not there",
            ])
        #expect(Facts.changes(from: now, to: now) == [])
    }

    @Test("of many changes the first are told, and how many others there are")
    func manyChanges() {
        let facts = Dictionary(uniqueKeysWithValues: (0..<9).map { ("fact \($0)", "1") })
        let told = Facts.changes(from: facts, to: [:])
        #expect(told.count == 6)
        #expect(told.last == "4 more things have changed")
    }

    @Test("the digest of facts changes with any of them")
    func digest() {
        let facts = ["a": "1", "b": "2"]
        #expect(Facts.digest(facts) == Facts.digest(["b": "2", "a": "1"]))
        for other in [["a": "1"], ["a": "1", "b": "3"], ["a": "1", "c": "2"]] {
            #expect(Facts.digest(other) != Facts.digest(facts))
        }
    }

    @Test("what was written is read again; a file that somebody touched is no plan")
    func roundTrip() throws {
        let path = NSTemporaryDirectory() + "pidep-plan-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var plan = PlanFile(inventory: "lab.ini", limit: "web", members: [])
        plan.nodes = [.init(name: "n1", release: "ab", facts: ["the release": "none"], steps: .array([]))]
        try plan.write(to: path)
        #expect(try PlanFile.read(path) == plan)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for touched in [
            text.replacing("none", with: "nine"), text.replacing("\"format\": 1", with: "\"format\": 2"), "",
            "{}",
        ] {
            try touched.write(toFile: path, atomically: true, encoding: .utf8)
            #expect(throws: DeploymentFailure.self) { try PlanFile.read(path) }
        }
    }

    @Test("packages that would be installed in another version than planned are named")
    func packages() {
        func steps(_ version: String) -> JSONValue {
            .array([
                .object([
                    .init("kind", .string("package")), .init("name", .string("apache2")),
                    .init("detail", .string("none → \(version)")),
                ]),
                .object([
                    .init("kind", .string("file")), .init("name", .string("/etc/a")),
                    .init("detail", .string(version)),
                ]),
            ])
        }
        #expect(PlanFile.changes(of: steps("2.4.1"), to: steps("2.4.1")) == [])
        #expect(
            PlanFile.changes(of: steps("2.4.1"), to: steps("2.4.2")) == [
                "the package apache2 was none → 2.4.1, is none → 2.4.2"
            ])
    }
}
