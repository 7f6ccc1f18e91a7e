import TestSupport

@testable import Pool

/// A client with random requests, and a PostgreSQL of its own that gets the same ones: through the pool it must hear the same.
final class SimulatedClient: WirePeer {
    let name: String
    let wire: Wire
    private let oracle = PostgresModel()
    private let direct: Wire
    private var session: PostgresSession
    private var expected: [String] = []
    private var heard = 0
    private var ours = MessageCutter()
    private var theirs = MessageCutter()
    private(set) var transcript = Transcript()
    private var directTranscript = Transcript()

    /// It has been let in.
    private(set) var isIn = false
    private(set) var isClosed = false
    /// What was wrong, if anything.
    private(set) var problem: String?
    /// It has asked for its own query to be cancelled since it last was idle.
    var hasCancelled = false
    /// It says nothing more.
    var isLeaving = false
    private var token = 0
    /// It sent several requests before it had all answers.
    private var isPipeline = false
    /// What it sent, for people.
    private var asked: [String] = []
    /// Names of prepared statements that it uses.
    private static let names = ["s1", "s2", "s3", "s4"]
    /// Texts that clients share, so that they share them on servers.
    private static let texts = [
        "SELECT $1", "SELECT 'shared 1'", "SELECT 'shared 2'", "SELECT 'shared 3'", "SHOW application_name",
        "FAIL",
        "SYNTAX", "ROWS 3 9",
    ]

    init(_ name: String, _ wire: Wire, _ parameters: [(name: String, value: String)]) {
        self.name = name
        self.wire = wire
        direct = Wire(-1, to: nil)
        session = PostgresSession(direct, oracle)
        wire.peer = self
        let start = Say.startup(parameters)
        wire.incoming += start
        session.receive(start)
        // RESET goes back to what the server began with, and that is the pool's session, not the client's.
        session.initial = PostgresSettings()
        readOracle()
    }

    /// It has heard all that there is to hear.
    var isIdle: Bool {
        readOracle()
        return isIn && heard == expected.count && session.phase != .sleeping
    }

    /// Whether a transaction is open, as far as it knows.
    var isInTransaction: Bool { session.transaction != "I" }

    func send(_ bytes: [UInt8]) {
        asked.append(
            String(decoding: bytes.map { $0 >= 32 && $0 < 127 ? $0 : 0x2E }.prefix(400), as: UTF8.self))
        wire.incoming += bytes
        session.receive(bytes)
    }

    // MARK: hearing

    func receive(_ bytes: [UInt8]) {
        guard problem == nil else { return }
        ours.append(bytes)
        while let (type, body) = ours.next() { hear(transcript.line(type, body)) }
    }

    func closed() { isClosed = true }

    /// It is gone without a word.
    func vanish() {
        isLeaving = true
        isClosed = true
        wire.peer = nil
        wire.peerEnded = .some(nil)
    }

    private func hear(_ full: String) {
        let line = Self.shortened(full)
        guard isIn else {
            if line == "ready I" { isIn = true }
            return
        }
        if line.hasPrefix("status") || line.hasPrefix("notice") { return }
        if line.hasPrefix("fatal") {
            isLeaving = true
            return
        }
        if isLeaving { return }
        readOracle()
        if heard == expected.count, session.phase == .sleeping {
            if line == "error 57014" {
                if !hasCancelled { return fail("was cancelled though it did not ask for it") }
                _ = session.cancel()
            } else {
                session.wake()
            }
            readOracle()
        }
        guard heard < expected.count else { return fail("heard \"\(full)\" where nothing was to be heard") }
        // A pool tells that a name is taken before anybody has read the text.
        if expected[heard] == "error 42601", line == "error 42P05" { expected[heard] = line }
        // Nor does it know that a transaction has failed when it tells that it has a statement already: names differ from now on.
        // The same goes for names that are given or taken away right behind what fails, as long as nobody knows that it does.
        let surprises = [
            ("error 25P02", "parsed"), ("parsed", "error 42P05"), ("complete DEALLOCATE", "error 26000"),
            ("parameters", "error 25P02"), ("bound", "error 26000"), ("parameters", "error 26000"),
            ("error 25P02", "error 26000"), ("error 26000", "error 42601"), ("error 26000", "error 25P02"),
            ("error 42601", "parsed"),
            ("error 26000", "bound"),
        ]
        if isPipeline, surprises.contains(where: { $0 == expected[heard] && $1 == line }) {
            isLeaving = true
            return send(Say.terminate)
        }
        guard expected[heard] == line else {
            return fail("heard \"\(full)\" instead of \"\(expected[heard])\"")
        }
        heard += 1
        if heard == expected.count, line == "ready I", session.phase != .sleeping { hasCancelled = false }
    }

    private func fail(_ text: String) {
        guard problem == nil else { return }
        let before = expected[max(0, heard - 6)..<heard].joined(separator: ", ")
        problem = "\(name) \(text); before: \(before); asked: \(asked.suffix(2))"
    }

    private func readOracle() {
        theirs.append(direct.incoming)
        direct.incoming = []
        while let (type, body) = theirs.next() {
            let line = Self.shortened(directTranscript.line(type, body))
            if line.hasPrefix("status") || line.hasPrefix("notice") { continue }
            expected.append(line)
        }
        if !hasSkippedStart, let ready = expected.firstIndex(where: { $0 == "ready I" }) {
            expected.removeSubrange(...ready)
            hasSkippedStart = true
        }
    }
    private var hasSkippedStart = false

    /// Errors are compared by their code: names of statements differ in the text.
    private static func shortened(_ line: String) -> String {
        line.hasPrefix("error") ? String(line.prefix(11)) : line
    }

    /// What is missing, for people.
    var missing: String {
        readOracle()
        if !isIn { return "\(name) waits to be let in" }
        return
            "\(name) waits for \(heard < expected.count ? expected[heard] : "nothing, the session is \(session.phase)")"
    }

    // MARK: asking

    /// Sends some requests.
    func act(_ dice: inout SplitMix64) {
        var bytes: [UInt8] = []
        let count = Int.random(in: 1...3, using: &dice)
        isPipeline = count > 1 || !isIdle
        for _ in 0..<count {
            let next = request(&dice)
            bytes += next
            // The pool hears of it when it is done: what is sent behind it is looked at before.
            if next == Say.query("DISCARD ALL") || next == Say.query("DEALLOCATE ALL") { break }
        }
        send(bytes)
    }

    private func fresh() -> String {
        token += 1
        return "\(name) \(token)"
    }

    private func request(_ dice: inout SplitMix64) -> [UInt8] {
        let statement = Self.names.randomElement(using: &dice) ?? ""
        let text = Self.texts.randomElement(using: &dice) ?? ""
        switch Int.random(in: 0..<100, using: &dice) {
        case 0..<16: return Say.query("SELECT '\(fresh())'")
        case 16..<22: return Say.query("BEGIN")
        case 22..<31: return Say.query("COMMIT")
        case 31..<34: return Say.query("ROLLBACK")
        case 34..<36: return Say.query("FAIL")
        case 36..<39: return Say.query("BEGIN;SELECT '\(fresh())';COMMIT")
        case 39..<41: return Say.query("SELECT '\(fresh())';FAIL;SELECT '\(fresh())'")
        case 41..<45:
            let setting =
                [
                    "application_name = '\(name)'", "TimeZone = 'Zone/\(name)'", "DateStyle = 'iso, dmy'",
                    "DateStyle = 'german, ymd'", "client_encoding = 'latin1'", "IntervalStyle = '\(name)'",
                ].randomElement(using: &dice) ?? ""
            return Say.query("SET \(setting)")
        case 45..<50:
            let setting = ["application_name", "TimeZone", "DateStyle", "client_encoding", "work_mem"]
            return Say.query("SHOW \(setting.randomElement(using: &dice) ?? "")")
        case 50: return Say.query("SET work_mem = '\(token)MB'")
        case 51..<60: return Say.parse(statement, text) + Say.sync
        case 60..<70: return Say.run(statement, [fresh()])
        case 70..<73: return Say.parse(statement, text) + Say.run(statement, [fresh()])
        case 73..<75:
            return Say.bind(statement, [fresh()]) + Say.execute() + Say.parse("", "FAIL") + Say.bind("")
                + Say.execute()
                + Say.parse(statement, text) + Say.close(statement: "s1") + Say.bind("s2", [fresh()])
                + Say.sync
        case 75..<77: return Say.describe(statement: statement) + Say.sync
        case 77..<80: return Say.close(statement: statement) + Say.sync
        case 80..<83: return Say.extended("SELECT $1", [fresh()])
        case 83: return Say.query("DISCARD ALL")
        case 84: return Say.query("DEALLOCATE ALL")
        case 85: return Say.query("DEALLOCATE \(statement)")
        case 86: return Say.query("COPY IN") + Say.copyData(fresh()) + Say.copyData(fresh()) + Say.copyDone
        case 87:
            return Say.query("COPY IN 8") + Say.copyData("123456789") + Say.copyData(fresh()) + Say.copyDone
        case 88: return Say.query("COPY IN") + Say.copyData(fresh()) + Say.copyFail("no")
        case 89:
            return Say.parse("", "COPY IN") + Say.bind("") + Say.execute() + Say.sync + Say.copyData(fresh())
                + Say.copyDone + Say.sync
        case 90:
            return Say.parse("", "COPY IN 4") + Say.bind("") + Say.execute() + Say.copyData("12345")
                + Say.copyDone
                + Say.sync
        case 91: return Say.query("COPY OUT 3 20")
        case 92: return Say.query("ROWS 4 \(Int.random(in: 1...30_000, using: &dice))")
        case 93: return Say.query("ROWS 1 100000")
        case 94:
            return Say.parse("", "ROWS 6 4") + Say.bind("") + Say.execute(rows: 2) + Say.execute() + Say.sync
        case 95: return Say.parse(statement, text) + Say.flush + Say.run(statement, ["flushed"])
        case 96: return Say.query("")
        default: return Say.query("SLEEP '\(fresh())'")
        }
    }
}
