import CrossBuild
import Events
import Foundation
import JSON
import Testing

@testable import Deployment

@Suite struct RecordsTests {
    let author = Author(run: "2026-11-24T12-00-00Z", message: "new \"certificates\"")

    @Test("a deploy is a line at its beginning and a line at its end")
    func history() throws {
        let begin = NodeHistory.begin(author, command: "deploy", from: nil, to: "bb")
        let end = NodeHistory.end(author, result: "done")
        let entries = NodeHistory("\(begin)\n\(end)\n").entries
        #expect(entries.count == 1)
        #expect(entries[0].result == "done" && entries[0].to == "bb" && entries[0].from.isEmpty)
        #expect(entries[0].message == "new \"certificates\"")
        #expect(entries[0].who == author.who)
    }

    @Test("a deploy whose end was never told was interrupted; lines that a crash cut are passed over")
    func interrupted() {
        let begin = NodeHistory.begin(author, command: "deploy", from: "aa", to: "bb")
        let entries = NodeHistory("{\"run\":\"x\n\(begin)\n{\"run\":\"other\",\"result\":\"done\"}\n").entries
        #expect(entries.map(\.result) == ["interrupted"])
    }

    @Test("a node's history stays bounded, whatever is appended")
    func bounded() throws {
        let folder = NSTemporaryDirectory() + "pidep-history-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let command = NodeHistory.appending("{\"it's\":1}").replacing("/var/lib/pinode", with: folder)
        #expect(try shell(command) == "")
        let file = "\(folder)/history"
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "{\"it's\":1}\n")
        try String(repeating: "old\n", count: NodeHistory.keptLines).write(
            toFile: file, atomically: true, encoding: .utf8)
        #expect(try shell(command) == "")
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == NodeHistory.keptLines / 2)
        #expect(lines.last == "{\"it's\":1}")
    }

    /// What a shell prints.
    func shell(_ line: String, input: String = "") throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        let (inward, outward) = (Pipe(), Pipe())
        process.standardInput = inward
        process.standardOutput = outward
        try process.run()
        inward.fileHandleForWriting.write(Data(input.utf8))
        try inward.fileHandleForWriting.close()
        let data = outward.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    /// The lock's commands as nodes run them, in a folder of this test.
    func locking(_ command: String, _ folder: String) -> String {
        command.replacing("/var/lib/pinode", with: folder)
    }

    @Test("a lock that was let go is free; one whose holder was cut off is stale, and names it")
    func lock() throws {
        let folder = NSTemporaryDirectory() + "pidep-lock-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let taking = locking(DeployLock.taking(author), folder)
        func take(_ input: String) throws -> DeployLock.State {
            let line = try shell(taking, input: input).trimmingCharacters(in: .newlines)
            return try DeployLock.read(line, node: "n1").0
        }
        #expect(try take("release\n") == .free)
        #expect(try take("") == .free)
        guard case .stale(let holder) = try take("release\n") else {
            Issue.record("a holder that was cut off must be told")
            return
        }
        #expect(holder.who == author.who && holder.message == author.message && holder.process > 0)
        #expect(try take("release\n") == .free)
    }

    @Test("a lock that somebody holds cannot be taken until it is broken")
    func taken() throws {
        let folder = NSTemporaryDirectory() + "pidep-lock-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let holder = Process()
        holder.executableURL = URL(fileURLWithPath: "/bin/sh")
        holder.arguments = ["-c", locking(DeployLock.taking(author), folder)]
        let (inward, outward) = (Pipe(), Pipe())
        holder.standardInput = inward
        holder.standardOutput = outward
        try holder.run()
        #expect(
            String(decoding: outward.fileHandleForReading.availableData, as: UTF8.self).hasPrefix("held:"))
        var process: Int64 = 0
        for command in [DeployLock.taking(author), DeployLock.question] {
            let line = try shell(locking(command, folder)).trimmingCharacters(in: .newlines)
            guard case .taken(let found) = try DeployLock.read(line, node: "n1").0 else {
                Issue.record("\(line)")
                continue
            }
            #expect(found.who == author.who)
            process = found.process
        }
        let found = DeployLock.Holder(who: "", since: "", message: "", process: process)
        #expect(try shell(locking(DeployLock.breaking(found), folder)) == "")
        holder.waitUntilExit()
        let line = try shell(locking(DeployLock.question, folder)).trimmingCharacters(in: .newlines)
        #expect(try DeployLock.read(line, node: "n1").0 == .free)
        _ = inward
    }

    @Test("an answer that is none is a sentence")
    func noLock() {
        #expect(throws: DeploymentFailure.self) { try DeployLock.read("", node: "n1") }
    }

    @Test("a run's record has its plan, its events and how its nodes came out; the next run can go on")
    func record() throws {
        let folder = NSTemporaryDirectory() + "pidep-runs-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let root = PackageRoot(path: folder)
        let recorder = EventRecorder()
        #expect(RunRecord.unfinished(inventory: "a.ini", root: root) == nil)
        let run = RunRecord(command: "deploy", inventory: "a.ini", root: root, passingTo: recorder)
        run.keep(nodes: ["n1", "n2", "n3"])
        run.report(Event(.progress, command: "deploy", subject: "n1", message: "checking"))
        run.keep(.done, of: "n1")
        run.keep(.rolledBack, of: "n2")
        #expect(RunRecord.unfinished(inventory: "a.ini", root: root) == ["n2", "n3"])
        run.end(exitCode: 6)
        #expect(recorder.events.count == 1)
        let events = try String(contentsOfFile: "\(run.folder)/events.ndjson", encoding: .utf8)
        let event = try JSONValue.parse(String(events.split(separator: "\n")[0]))
        #expect(event["message"]?.text == "checking" && event["time"]?.text != nil)
        #expect(RunRecord.unfinished(inventory: "b.ini", root: root) == nil)
        // A rollback is no deploy to go on with, and a record without anything to do is none.
        RunRecord(command: "rollback", inventory: "a.ini", root: root, passingTo: recorder).keep(nodes: ["n1"]
        )
        RunRecord(command: "deploy", inventory: "a.ini", root: root, passingTo: recorder).discard()
        #expect(RunRecord.unfinished(inventory: "a.ini", root: root) == ["n2", "n3"])
    }

    @Test("old runs go")
    func pruning() throws {
        let folder = NSTemporaryDirectory() + "pidep-runs-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for number in 0..<60 {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/.pidep/runs/2020-01-01T00-00-\(number + 10)Z",
                withIntermediateDirectories: true)
        }
        let run = RunRecord(
            command: "deploy", inventory: "a", root: PackageRoot(path: folder), passingTo: EventRecorder())
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/.pidep/runs")
        #expect(names.count == RunRecord.kept)
        #expect(names.contains(run.name))
    }
}
