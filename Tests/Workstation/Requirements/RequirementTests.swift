import Foundation
import JSON
import Testing

@testable import Requirements

@Suite struct RequirementTests {
    private func requirement(_ name: String, isOptional: Bool = false, isThere: Bool) -> Requirement {
        Requirement(name, for: .build, isOptional: isOptional, remedy: "install \(name)") {
            isThere ? .present("here") : .missing("there is no \(name)")
        }
    }

    @Test("what is missing is thrown as one sentence with its remedy")
    func sentence() {
        #expect(throws: Requirement.Missing(sentence: "there is no apt. To mend it: install apt")) {
            try requirement("apt", isThere: false).demand()
        }
    }

    @Test("what is there is not thrown")
    func present() throws { try requirement("apt", isThere: true).demand() }

    @Test("a purpose is possible when all of it is there but what is optional")
    func purposes() {
        let optional = requirement("git", isOptional: true, isThere: false)
        #expect(Examination([requirement("apt", isThere: true), optional]).allows(.build))
        #expect(!Examination([requirement("apt", isThere: false), optional]).allows(.build))
        #expect(Examination([requirement("apt", isThere: false)]).allows(.lab))
    }

    @Test("the document says of each what it is for, its state and what mends it")
    func document() {
        let json = Examination([requirement("apt", isThere: false), requirement("git", isThere: true)]).json
        #expect(json["ok"] == .boolean(false))
        let findings = json["requirements"]?.elements ?? []
        #expect(findings.map { $0["name"]?.text } == ["apt", "git"])
        #expect(findings.first?["for"]?.text == "build")
        #expect(findings.first?["state"]?.text == "there is no apt")
        #expect(findings.first?["remedy"]?.text == "install apt")
        #expect(findings.last?["ok"] == .boolean(true))
        #expect(findings.last?["remedy"] == .null)
    }

    @Test("people read the remedy below what is missing")
    func text() {
        let text = Examination([requirement("apt", isThere: false), requirement("git", isThere: true)])
            .text(colour: false)
        #expect(text == "build: not ready\n  ✗ apt  there is no apt\n         → install apt\n  ✓ git  here")
    }

    @Test("a program that Debian has names its package")
    func program() {
        let requirement = Requirement.program("no-such-program", package: "nowhere", for: .lab)
        #expect(
            throws: Requirement.Missing(
                sentence: "the program no-such-program is not on PATH. "
                    + "To mend it: sudo apt-get install nowhere")
        ) { try requirement.demand() }
    }

    @Test("a file system counts when the kernel lists it, with and without nodev")
    func fileSystems() throws {
        let list = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try Data("nodev\toverlay\n\text4\n".utf8).write(to: URL(fileURLWithPath: list))
        defer { try? FileManager.default.removeItem(atPath: list) }
        #expect(Requirement.fileSystem("overlay", list: list).check() == .present("in the kernel"))
        #expect(Requirement.fileSystem("ext4", list: list).check() == .present("in the kernel"))
        #expect(
            Requirement.fileSystem("over", list: list).check()
                == .missing("the kernel has no over file system loaded"))
    }

    @Test("an agent that is gone is said to be gone")
    func staleAgent() {
        let folder = "/nonexistent/.ssh"
        #expect(
            Requirement.sshKey(agent: "/nonexistent/agent", folder: folder).check()
                == .missing(
                    "SSH_AUTH_SOCK names /nonexistent/agent, which is not there, and \(folder) holds no key"))
        #expect(
            Requirement.sshKey(agent: nil, folder: folder).check()
                == .missing("no SSH agent runs (SSH_AUTH_SOCK is not set) and \(folder) holds no key"))
    }

    @Test("an agent or a key is enough")
    func keys() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(Requirement.sshKey(agent: folder, folder: "/none").check() == .present("agent at \(folder)"))
        try Data().write(to: URL(fileURLWithPath: "\(folder)/id_rsa"))
        #expect(Requirement.sshKey(agent: nil, folder: folder).check() == .present("\(folder)/id_rsa"))
    }
}
