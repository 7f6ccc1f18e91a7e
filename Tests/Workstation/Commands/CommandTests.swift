import Commands
import Foundation
import Testing

@Suite struct CommandTests {
    @Test("what a program prints comes back, and its input reaches it")
    func output() throws {
        let output = try Command(["cat"], input: Data("hello".utf8)).run()
        #expect(output.standardOutput == "hello")
    }

    @Test("a failing program's error carries its exit code and its last words")
    func failure() {
        #expect {
            try Command(["sh", "-c", "echo no such luck >&2; exit 7"]).run()
        } throws: { error in
            let failure = error as? Command.Failure
            return failure?.code == 7 && failure?.sentence.contains("no such luck") == true
        }
    }

    @Test("a program that does not end is stopped")
    func timeout() {
        #expect(throws: Command.Failure.self) { try Command(["sleep", "30"], timeout: 0.1).run() }
    }

    @Test("lines come one by one, the last also without its end")
    func lines() throws {
        let lines = Recorded()
        let output = try Command(["printf", "one\\ntwo\\nthree"]).runAny { lines.append($0) }
        #expect(lines.all == ["one", "two", "three"])
        #expect(output.standardOutput == "one\ntwo\nthree")
    }
}

private final class Recorded: @unchecked Sendable {
    private let lock = NSLock()
    private var kept: [String] = []
    var all: [String] { lock.withLock { kept } }
    func append(_ line: String) { lock.withLock { kept.append(line) } }
}
