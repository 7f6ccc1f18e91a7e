import Testing

@testable import Pool

@Suite struct RouterTests {
    /// A router with a primary 1 and standbys 2 and 3 that have everything.
    private static func router(_ mode: Router.Mode = .auto) -> Router {
        var router = Router(mode: mode, at: .zero)
        router.lease(epoch: 1, holder: 1, at: .zero)
        router.sampled(primary: sample(1, 1000, 1), at: .milliseconds(2))
        router.sampled(standby: sample(2, 1000, 1))
        router.sampled(standby: sample(3, 1000, 1))
        return router
    }

    private static func sample(_ node: UInt8, _ offset: UInt64, _ askedAt: Int) -> PositionSample {
        PositionSample(node: node, epoch: 1, timeline: 1, offset: offset, askedAt: .milliseconds(askedAt))
    }

    private static func judge(_ router: inout Router, _ sql: String) -> ReadVerdict {
        let text = Array(sql.utf8)
        let statement = Statement.classify(text, for: .routing)
        return router.judge(statement, text.span.bytes, at: .milliseconds(3))
    }

    /// With everything that is asked known to be harmless.
    private static func verdict(_ router: inout Router, _ sql: String) -> ReadVerdict {
        _ = judge(&router, sql)
        while let question = router.catalog.nextQuestion() {
            router.catalog.answer(question, isHarmless: true, at: .milliseconds(3))
        }
        return judge(&router, sql)
    }

    private static func route(
        _ router: inout Router, _ sql: String, _ session: SessionState = SessionState(session: 1)
    ) -> Router.Route {
        let verdict = verdict(&router, sql)
        return router.route(verdict, session, at: .milliseconds(3)) { _ in 0 }
    }

    @Test(
        "what goes to a standby in which mode",
        arguments: [
            ("select f(a) from t", [.auto]), ("copy t to stdout", [.auto]),
            ("begin read only", [.explicit, .auto]),
            ("start transaction isolation level repeatable read, read only", [.explicit, .auto]),
            ("begin isolation level serializable read only", []), ("begin read only, nonsense", []),
            ("begin", []),
            ("begin read write", []), ("begin read only; select 1", []), ("insert into t values (1)", []),
            ("select 1; select 2", []), ("select nextval('s')", []), ("show work_mem", []), ("", []),
            ("commit", []),
            ("set transaction read only", []),
        ] as [(String, [Router.Mode])])
    func modes(_ sql: String, _ modes: [Router.Mode]) {
        for mode in [Router.Mode.off, .explicit, .auto] {
            var router = Self.router(mode)
            #expect((Self.route(&router, sql) != .primary) == modes.contains(mode), "\(mode)")
        }
    }

    @Test("the read-only twin reads everything from standbys")
    func twin() {
        var router = Self.router(.off)
        #expect(
            Self.route(&router, "select nextval('s')", SessionState(session: 1, isTwin: true)) == .standby(2))
    }

    @Test("until the catalogue has answered, and when it says volatile, the primary reads")
    func catalog() {
        var router = Self.router()
        let sql = "select f(1), g(2)"
        #expect(Self.judge(&router, sql).kind == .primary)
        var asked: [String] = []
        while let question = router.catalog.nextQuestion() {
            asked.append(String(decoding: question.name, as: UTF8.self))
            router.catalog.answer(
                question, isHarmless: question.name == Array("f".utf8), at: .milliseconds(3))
        }
        #expect(asked.sorted() == ["f", "g"])
        let verdict = Self.judge(&router, sql)
        #expect(verdict.kind == .primary)
        #expect(verdict.mayWrite)
        #expect(Self.judge(&router, "select F(1)").kind == .read)
        #expect(Self.judge(&router, "select \"F\"(1)").kind == .primary)
        #expect(Self.judge(&router, "select s.f(1)").kind == .primary)
        _ = Self.judge(&router, "create function f() returns int as 'x'")
        #expect(Self.judge(&router, "select f(1)").kind == .primary)
    }

    @Test("a read of what is no ordinary table writes nothing all the same")
    func views() {
        var router = Self.router()
        _ = Self.judge(&router, "select * from v")
        while let question = router.catalog.nextQuestion() {
            router.catalog.answer(question, isHarmless: false, at: .milliseconds(3))
        }
        let verdict = Self.judge(&router, "select * from v")
        #expect(verdict.kind == .primary)
        #expect(!verdict.mayWrite)
    }

    @Test("after a write its session reads from the primary until a standby has replayed it")
    func ownWrites() {
        var router = Self.router()
        var session = SessionState(session: 1)
        let write = Self.verdict(&router, "insert into t values (1)")
        #expect(router.route(write, session, at: .milliseconds(3)) { _ in 0 } == .primary)
        let mustTell = router.sending(write, &session)
        #expect(!mustTell)
        router.transactionEnded(&session, at: .milliseconds(10))
        #expect(Self.route(&router, "select 1", session) == .primary)
        #expect(Self.route(&router, "select 1", SessionState(session: 2)) != .primary)
        router.sampled(primary: Self.sample(1, 1200, 11), at: .milliseconds(12))
        #expect(Self.route(&router, "select 1", session) == .primary)
        router.sampled(standby: Self.sample(3, 1200, 12))
        #expect(Self.route(&router, "select 1", session) == .standby(3))
        #expect(router.counters.kept == 2)
    }

    @Test(
        "reads, and commands that only concern the session, leave no mark",
        arguments: [
            "select 1", "begin", "commit", "set work_mem = 1", "show work_mem", "discard all",
            "deallocate all",
        ])
    func noMark(_ sql: String) {
        var router = Self.router()
        var session = SessionState(session: 1)
        let verdict = Self.verdict(&router, sql)
        _ = router.sending(verdict, &session)
        #expect(!session.isWriting)
    }

    @Test("sessions that are pinned, or have their own defaults for transactions, stay on the primary")
    func pinned() {
        var router = Self.router()
        var session = SessionState(session: 1)
        session.isPinned = true
        #expect(Self.route(&router, "select 1", session) == .primary)
        for sql in [
            "set default_transaction_isolation = serializable", "select set_config('a', 'b', false)",
            "set session characteristics as transaction isolation level serializable",
        ] {
            var session = SessionState(session: 2)
            _ = router.sending(Self.verdict(&router, sql), &session)
            #expect(Self.route(&router, "select 1", session) == .primary, "\(sql)")
        }
    }

    @Test("without a primary, writes wait, and reads go on while the standbys are near")
    func failover() {
        var router = Router(mode: .auto, at: .zero)
        #expect(Self.route(&router, "insert into t values (1)") == .wait)
        #expect(Self.route(&router, "select 1") == .wait)
        router = Self.router()
        router.lease(epoch: 2, holder: nil, at: .milliseconds(3))
        #expect(Self.route(&router, "select 1") == .wait)
    }

    @Test("what a standby refused goes to the primary from then on, a conflict only this time")
    func refusals() {
        var router = Self.router()
        let verdict = Self.verdict(&router, "select a from v where b = 1")
        #expect(verdict.kind == .read)
        let isRetried = router.refused(verdict, sqlState: "42P01".utf8)
        #expect(!isRetried)
        let isRetriedAgain = router.refused(verdict, sqlState: "40001".utf8)
        #expect(isRetriedAgain)
        #expect(Self.judge(&router, "select a from v where b = 2").kind == .read)
        let isRetriedThen = router.refused(verdict, sqlState: "25006".utf8)
        #expect(isRetriedThen)
        #expect(Self.judge(&router, "SELECT a FROM v WHERE b = 3").kind == .primary)
        #expect(Self.judge(&router, "select 1").kind == .read)
    }

    @Test("refused texts are forgotten, the oldest first")
    func forgets() {
        var texts = RefusedTexts(capacity: 2)
        for text in [1, 2, 2, 3] as [UInt64] { texts.insert(text) }
        #expect(!texts.contains(1))
        #expect(texts.contains(2))
        #expect(texts.contains(3))
    }

    @Test("messages up to a Sync go to one server")
    func batches() {
        var router = Self.router()
        let read = Self.verdict(&router, "select 1")
        let write = Self.verdict(&router, "delete from t")
        let block = Self.verdict(&router, "begin read only")
        let nothing = ReadVerdict()
        #expect(nothing.followed(by: read).kind == .read)
        #expect(read.followed(by: read).kind == .read)
        #expect(read.followed(by: nothing).kind == .read)
        #expect(read.followed(by: write).kind == .primary)
        #expect(write.followed(by: read).kind == .primary)
        #expect(block.followed(by: read).kind == .readOnlyBlock)
        #expect(read.followed(by: block).kind == .primary)
        #expect(read.followed(by: write).mayWrite)
        #expect(write.followed(by: read).mayWrite)
    }

    @Test("what is kept of the catalogue is bounded, expires, and is asked again when nobody answers")
    func cache() {
        var cache = CatalogCache(capacity: 3, expiry: .seconds(10), patience: .seconds(1))
        func ask(_ sql: String, _ seconds: Int) -> Bool? {
            let text = Array(sql.utf8)
            let statement = Statement.classify(text, for: .routing)
            return cache.isHarmless(
                .function, statement.functions[0], in: text.span.bytes, at: .seconds(seconds))
        }
        #expect(ask("select f()", 0) == nil)
        let question = cache.nextQuestion()
        #expect(ask("select f()", 0) == nil)
        #expect(cache.nextQuestion() == nil)
        #expect(ask("select f()", 2) == nil)
        #expect(cache.nextQuestion() == question)
        if let question { cache.answer(question, isHarmless: true, at: .seconds(2)) }
        #expect(ask("select F()", 11) == true)
        #expect(ask("select f()", 12) == nil)
        for name in ["g", "h", "i", "j"] { _ = ask("select \(name)()", 12) }
        // An answer that comes after all was forgotten is dropped.
        if let question { cache.answer(question, isHarmless: true, at: .seconds(13)) }
        #expect(ask("select f()", 13) == nil)
    }
}
