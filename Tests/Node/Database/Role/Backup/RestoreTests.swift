import Testing

@testable import DatabaseRole

@Suite struct RestoreTests {
    @Test("the newest backup that was whole by then is taken")
    func choice() {
        let names = ["20261124T030000Z", "20261125T030000Z"]
        #expect(Restore.choose(names, until: nil) == names[1])
        #expect(Restore.choose(names, until: UTCTime.seconds("2026-11-25 03:00:00")) == names[1])
        #expect(Restore.choose(names, until: UTCTime.seconds("2026-11-25 02:59:59")) == names[0])
        #expect(Restore.choose(names, until: UTCTime.seconds("2026-11-24 02:59:59")) == nil)
        #expect(Restore.choose([], until: nil) == nil)
    }

    private let time = "2026-11-25 19:00:00 UTC"
    private let early = "FATAL:  recovery ended before configured recovery target was reached"

    @Test("a log that ends too early is told with its last transaction")
    func tooEarly() {
        let text = """
            LOG:  redo done at 0/7001CA0 system usage: CPU: user: 0.00 s
            LOG:  last completed transaction was at log time 2026-11-25 18:54:30.077379+00
            \(early)
            LOG:  startup process (PID 15704) exited with exit code 1
            """
        let verdict = Restore.verdict(text, time: time)
        #expect(
            verdict
                == "the log here ends before \(time): its last transaction is of 2026-11-25 18:54:30.077379+00. "
                + "Ask for a time up to that")
    }

    @Test("a log without any transaction is told as well")
    func nothing() {
        #expect(Restore.verdict(early, time: time).contains("with the backup itself"))
    }

    @Test("any other end is told in PostgreSQL's words")
    func otherwise() {
        let verdict = Restore.verdict(
            "LOG:  starting\nPANIC:  could not locate a valid record\nLOG:  end", time: time)
        #expect(verdict.contains("could not locate a valid record"))
        #expect(Restore.verdict("", time: time).contains("it said nothing"))
    }
}
