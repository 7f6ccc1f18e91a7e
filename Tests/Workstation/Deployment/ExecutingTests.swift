import Events
import Foundation
import JSON
import SSH
import Testing

@testable import Deployment

@Suite struct ExecutingTests {
    /// What a real shell makes of a command line.
    func shell(_ line: String) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    @Test("several words reach the command exactly as they are")
    func words() throws {
        let words = ["a b", "it's", "$HOME", "*", "", "\"", "\\", "x\ny", ";exit", "ä"]
        let line = Executing.commandLine(["printf", "<%s>"] + words)
        #expect(try shell(line) == words.map { "<\($0)>" }.joined())
    }

    @Test("one word alone is the shell's command line")
    func oneWord() throws {
        #expect(try shell(Executing.commandLine(["echo a | tr a b; echo c"])) == "b\nc\n")
    }

    @Test("a line is told with its node, and by the stream on which it came")
    func line() {
        #expect(
            Executing.line("text", of: .output, "n1")
                == Event(.printed, command: "exec", subject: "n1", message: "text"))
        #expect(Executing.line("text\r", of: .errors, "n1").message == "text")
        #expect(Executing.line("\r", of: .errors, "n1").message == "")
        #expect(Executing.line("text", of: .errors, "n1").kind == .complained)
    }

    @Test(
        "a node where it went wrong is a sentence with its exit status; where it went well, only when asked")
    func outcomes() throws {
        func event(_ result: Result<Int32, SSHError>, tellsSuccess: Bool = false) -> Event? {
            Executing.Outcome(node: "n1", result: result).event(tellsSuccess: tellsSuccess)
        }
        #expect(event(.success(0)) == nil)
        let failed = try #require(event(.success(3)))
        #expect(failed.message == "the command ended with exit status 3")
        #expect(
            failed.json.compact
                == #"{"event":"failed","command":"exec","subject":"n1","message":"the command ended with exit status 3","exit_status":3}"#
        )
        #expect(event(.success(0), tellsSuccess: true)?.kind == .finished)
        #expect(event(.success(127))?.message.contains("no such program") == true)
        #expect(event(.success(128))?.message == "the command was ended by a signal")
        let lost = SSHError(.lost, node: "n1", sentence: "n1 (192.0.2.1:22): gone")
        #expect(event(.failure(lost))?.message == "(192.0.2.1:22): gone")
        #expect(event(.failure(lost))?.kind == .failed)
    }

    @Test("only exit status 0 is good")
    func good() {
        #expect(Executing.Outcome(node: "n", result: .success(0)).isGood)
        #expect(!Executing.Outcome(node: "n", result: .success(1)).isGood)
    }
}
