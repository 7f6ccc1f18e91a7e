import Commands
import Foundation
import JSON
import Testing

@testable import Inventory

/// Debian's `ansible-inventory` is the judge of what an inventory means.
@Suite(.enabled(if: Command.path(of: "ansible-inventory") != nil, "ansible-inventory is not installed"))
struct AnsibleTests {
    @Test("the resolved view is that of ansible-inventory", arguments: AnsibleFixtures.all.map(\.name))
    func fixtures(name: String) throws {
        let text = try #require(AnsibleFixtures.all.first { $0.name == name }?.text)
        try compare(text)
    }

    @Test("our own inventories mean the same to Ansible", arguments: ["lab.ini", "nustler.ini"])
    func own(file: String) throws {
        try compare(String(contentsOfFile: Repository.path("inventory/\(file)"), encoding: .utf8))
    }

    @Test("inventories made by chance mean the same to Ansible")
    func random() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for round in 0..<5 {
            try compare(RandomInventory.text(using: &generator), "seed \(seed), round \(round)")
        }
    }

    private func compare(_ text: String, _ what: String = "") throws {
        let folder = NSTemporaryDirectory() + "pidep-ansible-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try text.write(toFile: "\(folder)/hosts.ini", atomically: false, encoding: .utf8)
        try "[defaults]\n".write(toFile: "\(folder)/ansible.cfg", atomically: false, encoding: .utf8)
        let output = try Command(
            ["ansible-inventory", "-i", "hosts.ini", "--list"],
            environment: [
                "ANSIBLE_CONFIG": "\(folder)/ansible.cfg", "ANSIBLE_INVENTORY_ENABLED": "ini",
                "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_INVENTORY_UNPARSED_FAILED": "1", "HOME": folder, "LC_ALL": "C.UTF-8",
            ], in: folder
        ).run()
        let theirs = normalized(try JSONValue.parse(output.standardOutput))
        let ours = normalized(Inventory.parse(Array(text.utf8), file: "hosts.ini").0.json)
        #expect(
            ours == theirs, "\(what)\n\(text)\n--- ours\n\(ours.pretty)\n--- Ansible's\n\(theirs.pretty)")
    }

    /// Members by name, values as text, and without the origins that only we have.
    private func normalized(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            .object(
                members.filter { $0.name != "origins" }.map { .init($0.name, normalized($0.value)) }
                    .sorted { $0.name < $1.name })
        case .array(let elements): .array(elements.map(normalized))
        case .integer(let number): .string("\(number)")
        case .number(let text): .string(text)
        case .boolean(let flag): .string(flag ? "True" : "False")
        case .null: .string("None")
        case .string: value
        }
    }
}

/// Inventories without mistakes, in which everything that has a meaning occurs.
enum RandomInventory {
    static func text(using generator: inout SeededGenerator) -> String {
        let groups = (0..<Int.random(in: 2...7, using: &generator)).map { "g\($0)" }
        var hosts: [String] = []
        var lines: [String] = []
        // A child always has the higher number, so there is no circle.
        for index in groups.indices.shuffled(using: &generator) {
            lines.append("[\(groups[index])]")
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                if Bool.random(using: &generator), let host = hosts.randomElement(using: &generator) {
                    lines.append(host)
                    continue
                }
                let host = "h\(hosts.count)"
                hosts.append(host)
                lines.append(host + values(using: &generator).map { " \($0)" }.joined())
            }
            let children = groups[(index + 1)...].filter { _ in Int.random(in: 0...2, using: &generator) == 0
            }
            if !children.isEmpty {
                lines.append("[\(groups[index]):children]")
                lines += children.shuffled(using: &generator)
            }
            if Bool.random(using: &generator) {
                lines.append("[\(groups[index]):vars]")
                lines += values(using: &generator)
                if Int.random(in: 0...3, using: &generator) == 0 {
                    lines.append("ansible_group_priority=\(Int.random(in: -3...9, using: &generator))")
                }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func values(using generator: inout SeededGenerator) -> [String] {
        (0..<Int.random(in: 0...3, using: &generator)).map { index in
            let words = ["1", "yes", "a.b", "'q q'", "\"d d\"", "x=y", "0x", "None", "-7", "True"]
            return "k\(index)=\(words.randomElement(using: &generator) ?? "")"
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
