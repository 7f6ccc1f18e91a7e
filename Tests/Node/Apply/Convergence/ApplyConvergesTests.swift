import CLinux
import Commands
import Foundation
import Testing

@testable import Apply

/// The real `pinode apply`, killed and failing at every system call that changes something.
@Suite(
    .serialized,
    .enabled(
        if: getuid() == 0 && ProcessInfo.processInfo.environment["PIDEP_LAB_TESTS"] == "1",
        "needs root and PIDEP_LAB_TESTS=1"))
struct ApplyConvergesTests {
    /// A bare node, and one that goes from one manifest to the next: files and links that change, come and go, a
    /// new runtime, a unit that is not wanted any more.
    enum Scenario: String, CaseIterable {
        case bare, next

        func rehearse(in place: String) throws -> Rehearsal {
            let node = try TestNode(in: place)
            node.write("old", "etc/default-site")
            guard self == .next else { return try Rehearsal(from: node, to: .cluster("one")) }
            try #require(node.apply(.first) == 0, "\(node.events)")
            return try Rehearsal(from: node, to: .second)
        }
    }

    private func withRehearsal(_ scenario: Scenario, _ body: (Rehearsal) throws -> Void) throws {
        try TemporaryFileSystem.with(megabytes: 64) { place in try body(try scenario.rehearse(in: place)) }
    }

    @Test(
        "killed before any system call that changes something, the next run converges",
        arguments: Scenario.allCases)
    func killed(scenario: Scenario) throws {
        try withRehearsal(scenario) { rehearsal in
            #expect(rehearsal.calls.count > 100)
            print("\(scenario): \(rehearsal.calls.count) system calls to be killed at")
            for call in rehearsal.calls {
                let round = try rehearsal.round { apply, _ in try apply.run("signal=SIGKILL", at: call) }
                #expect(round.first.code == 137, "not killed at \(call.text)")
                #expect(round.wrong == [], "killed at \(call.text)")
            }
        }
    }

    @Test(
        "killed with a program just called, or just done, or together with it, the next run converges",
        arguments: Scenario.allCases, ["before", "after", "itself"])
    func killedWithPrograms(scenario: Scenario, how: String) throws {
        try withRehearsal(scenario) { rehearsal in
            #expect(rehearsal.programs > 5)
            for number in 1...rehearsal.programs {
                let round = try rehearsal.round { apply, root in
                    try "\(number) \(how)\n".write(toFile: "\(root)/die", atomically: false, encoding: .utf8)
                    return try apply.run()
                }
                // An apt-get that died is called again.
                #expect(round.first.code != 0 || how == "itself", "program \(number) did not matter")
                #expect(round.wrong == [], "killed \(how) program \(number)")
            }
        }
    }

    @Test("killed anywhere and followed by another deploy, nothing of the one that was killed stays")
    func killedThenAnother() throws {
        try withRehearsal(.next) { rehearsal in
            let other = try Rehearsal(from: rehearsal.base, to: .third)
            for call in rehearsal.calls where !call.isEvent {
                let round = try rehearsal.round(then: .third, expecting: other.after) { apply, _ in
                    try apply.run("signal=SIGKILL", at: call)
                }
                #expect(round.wrong.filter { !isHistory($0) } == [], "killed at \(call.text)")
            }
        }
    }

    /// What a release that was nearly reached may leave: its folder, kept like others, its blobs, and what the kernel
    /// has until the next boot: modules and values.
    private func isHistory(_ difference: String) -> Bool {
        ["/opt/pinode/releases/", "/var/lib/pinode/blobs/", "/sys", "/proc/sys/"].contains {
            difference.hasPrefix($0)
        }
    }

    @Test(
        "a call that fails is a sentence, leaves nothing half-written, and the next run converges",
        arguments: Scenario.allCases,
        [("ENOSPC", "the disk is full. Make room (df -h) and deploy again"), ("EIO", "Input/output error")])
    func failing(scenario: Scenario, error: (name: String, words: String)) throws {
        try withRehearsal(scenario) { rehearsal in
            for call in rehearsal.calls where Self.canFail(call, error.name) {
                let round = try rehearsal.round { apply, root in
                    let output = try apply.run("error=\(error.name)", at: call)
                    if output.code != 0 { #expect(Self.temporaries(root) == [], "left by \(call.text)") }
                    return output
                }
                if round.first.code != 0 {
                    #expect(round.first.code == 1, "\(call.text): \(round.first)")
                    #expect(
                        round.first.standardOutput.contains(error.words),
                        "\(call.text): \(round.first.standardOutput)")
                } else {
                    #expect(call.isEvent || Self.isTidying(call), "nobody noticed \(call.text)")
                }
                #expect(round.wrong == [], "\(error.name) at \(call.text)")
            }
        }
    }

    /// The calls that the kernel may answer with this error.
    private static func canFail(_ call: TracedApply.Call, _ error: String) -> Bool {
        let starting = ["clone", "clone3", "vfork", "fork", "flock"].contains(call.name)
        let freeing = ["unlink", "rmdir", "chmod", "fchmod", "lchown", "fchown"].contains(call.name)
        return !starting && !(error == "ENOSPC" && (freeing || call.isOfKernel))
    }

    /// Taking away what is most likely not there.
    private static func isTidying(_ call: TracedApply.Call) -> Bool {
        call.name == "unlink" && call.text.contains(".pinode-new")
    }

    private static func temporaries(_ root: String) -> [String] {
        let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".pinode-new") }
    }

    @Test("on a disk with too little room nothing is half-written, and with room the next run converges")
    func fullDisk() throws {
        try TemporaryFileSystem.with(megabytes: 64) { place in
            let rehearsal = try Scenario.next.rehearse(in: place)
            var failures = 0
            for pages in 0..<200 {
                let filler = "\(place)/filler"
                let round = try rehearsal.round { apply, _ in
                    try TemporaryFileSystem.fill(place, leaving: pages * 4096, with: filler)
                    defer { unlink(filler) }
                    return try apply.run()
                }
                #expect(round.wrong == [], "with \(pages) pages of room")
                if round.first.code == 0 { break }
                failures += 1
                #expect(
                    round.first.standardOutput.contains(
                        "the disk is full. Make room (df -h) and deploy again"),
                    "\(round.first.standardOutput)")
            }
            #expect(failures > 3 && failures < 200)
        }
    }
}
