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

    @Test("much output on both streams and much input do not block each other")
    func volume() throws {
        let input = Data(repeating: UInt8(ascii: "x"), count: 3_000_000)
        let output = try Command(["sh", "-c", "tee /dev/stderr"], input: input).run()
        #expect(output.standardOutput.utf8.count == 3_000_000)
        #expect(output.standardError.utf8.count == 3_000_000)
    }

    @Test("a program that does not read its input is no harm")
    func unreadInput() throws {
        let output = try Command(["true"], input: Data(repeating: 0, count: 1_000_000)).run()
        #expect(output.code == 0)
    }

    @Test("a program that is nowhere is named")
    func missing() {
        #expect {
            try Command(["no-such-program"]).run()
        } throws: { error in
            (error as? Command.Failure)?.sentence == "\"no-such-program\" is not on PATH"
        }
    }

    @Test("a signal's end counts as 128 and its number, as in a shell")
    func signalled() throws {
        #expect(try Command(["sh", "-c", "kill -KILL $$"]).runAny().code == 137)
    }

    @Test("the folder and the environment are the program's")
    func surroundings() throws {
        let output = try Command(
            ["sh", "-c", "pwd; echo $PIDEP_WORD"], environment: ["PIDEP_WORD": "said"], in: "/usr"
        ).run()
        #expect(output.standardOutput == "/usr\nsaid\n")
    }

    @Test("a program that ignores being told to stop is killed, with all that it started")
    func stubborn() {
        #expect(throws: Command.Failure.self) {
            try Command(["sh", "-c", "trap '' INT TERM; sleep 30; sleep 30"], timeout: 0.1).run()
        }
    }

    @Test("lines come one by one, the last also without its end")
    func lines() throws {
        var lines: [String] = []
        let output = try Command(["printf", "one\\ntwo\\nthree"]).runAny { lines.append($0) }
        #expect(lines == ["one", "two", "three"])
        #expect(output.standardOutput == "one\ntwo\nthree")
    }
}
