import Testing

@testable import Pool

@Suite struct StatementTests {
    static func pinning(_ sql: String) -> Statement { Statement.classify(Array(sql.utf8)) }
    static func text(_ part: SQLName.Part, _ sql: String) -> String {
        String(decoding: part.folded(in: Array(sql.utf8).span.bytes), as: UTF8.self)
    }
    static func text(_ name: SQLName, _ sql: String) -> String {
        (name.schema.map { text($0, sql) + "." } ?? "") + text(name.name, sql)
    }

    @Test(
        "statements are counted at semicolons that are not inside something",
        arguments: [
            ("", 0), (";;", 0), ("-- nothing\n;", 0), ("select 1", 1), ("select 1;", 1),
            ("select 1;;select 2", 2),
            ("select ';'; select $$;$$; select \";\" /* ; */", 3),
            ("create rule r as on insert to t do (select 1; select 2)", 1),
            (
                "create function f() returns int begin atomic select 1; select case when true then 1 end; end; select 2",
                2
            ),
            ("create procedure p() begin atomic begin; end; end", 1), ("begin; commit", 2),
            ("select (1; select 2", 1),
        ])
    func count(_ sql: String, _ count: Int) {
        #expect(Self.pinning(sql).count == count)
    }

    @Test(
        "a text that PostgreSQL would not even scan is malformed",
        arguments: ["select 'a", "select 1; /*", "$a$", "\u{7}"])
    func malformed(_ sql: String) {
        #expect(Self.pinning(sql).isMalformed)
    }

    @Test(
        "what begins, ends and divides transactions",
        arguments: [
            ("begin", .begin(modes())), ("BEGIN WORK;", .begin(modes())),
            ("/* x */ start transaction", .begin(modes())),
            ("begin transaction read only", .begin(modes(readOnly: true))),
            (
                "begin isolation level serializable, read only, deferrable",
                .begin(modes(readOnly: true, .serializable, deferrable: true))
            ),
            (
                "begin read write isolation level repeatable read not deferrable",
                .begin(modes(readOnly: false, .repeatableRead, deferrable: false))
            ),
            ("begin isolation level read uncommitted", .begin(modes(nil, .readCommitted))),
            ("begin read only read write", .begin(modes(readOnly: false))),
            ("begin read only, nonsense", .begin(modes(readOnly: true, understood: false))),
            ("begin read", .begin(modes(understood: false))),
            ("commit", .commit(chain: false)), ("END", .commit(chain: false)),
            ("commit work and chain", .commit(chain: true)),
            ("end transaction and no chain", .commit(chain: false)), ("rollback", .rollback(chain: false)),
            ("abort and chain", .rollback(chain: true)), ("rollback to a", .rollbackToSavepoint),
            ("rollback work to savepoint a", .rollbackToSavepoint), ("savepoint a", .savepoint),
            ("release a", .release),
            ("release savepoint a", .release), ("prepare transaction 'x'", .prepareTransaction),
            ("commit prepared 'x'", .commitPrepared), ("rollback prepared 'x'", .rollbackPrepared),
            ("set transaction read only", .setTransaction(modes(readOnly: true))),
            ("set transaction snapshot 'x'", .setTransaction(modes(understood: false))),
            ("set transaction_read_only = off", .setTransaction(modes(understood: false))),
            (
                "set session characteristics as transaction read only",
                .setCharacteristics(modes(readOnly: true))
            ),
        ] as [(String, TransactionControl)])
    func control(_ sql: String, _ control: TransactionControl) {
        #expect(Self.pinning(sql).control == control)
    }

    @Test(
        "of several statements none speaks for the transaction",
        arguments: [
            "begin; select 1", "select 1; commit", "begin; commit", "set local a = 1; rollback",
        ])
    func controlOfMany(_ sql: String) {
        #expect(Self.pinning(sql).control == nil)
    }

    @Test(
        "what other commands are",
        arguments: ["select 'begin'", "create table begin (a int)", "-- commit\nselect 1", "grant a to b"])
    func noControl(_ sql: String) {
        #expect(Self.pinning(sql).control == nil)
        #expect(Self.pinning(sql).effects == [])
    }

    @Test(
        "what stays in the session, or is wanted of it",
        arguments: [
            ("set work_mem = '1MB'", .setting), ("SET SESSION a.b TO 1", .setting),
            ("set local work_mem = 1", []),
            ("set time zone 'UTC'", .setting), ("set names 'x'", .setting), ("reset work_mem", .setting),
            ("reset all", .resetAll),
            ("select 1; set a = 1", .setting), ("set constraints all deferred", []),
            ("set transaction read only", []),
            ("set session characteristics as transaction read only", .settingByFunction),
            ("set role x", .role), ("set session authorization x", .role),
            ("set session_authorization = x", .role), ("reset role", .role),
            ("reset session authorization", .role),
            ("select set_config('a', 'b', false)", .settingByFunction),
            ("select set_config('a', 'b', true)", []),
            ("select pg_catalog . SET_CONFIG ('a', f('b', 'c'), 't'), 2", []),
            ("select set_config('a','b', not true)", .settingByFunction),
            ("select set_config('a', 'b', $1)", .settingByFunction),
            ("select set_config('a', 'b', true or false)", .settingByFunction),
            ("select set_config('a', set_config('b', 'c', false), true)", .settingByFunction),
            ("select set_config('a', pg_advisory_lock(1)::text, true)", .advisoryLock),
            ("update pg_settings set setting = 1", .settingByFunction),
            ("listen a", .listen), ("unlisten *", .unlisten), ("notify a", []),
            ("select pg_advisory_lock(1)", .advisoryLock),
            ("SELECT PG_Try_Advisory_Lock /* x */ (1)", .advisoryLock),
            ("select \"pg_advisory_lock_shared\"(1)", .advisoryLock),
            ("select pg_catalog.pg_advisory_lock(1)", .advisoryLock),
            ("select \"PG_ADVISORY_LOCK\"(1)", []), ("select pg_advisory_xact_lock(1)", []),
            ("select pg_try_advisory_xact_lock(1)", []),
            ("select 'pg_advisory_lock(1)'", []), ("insert into t select pg_advisory_lock(1)", .advisoryLock),
            ("select pg_advisory_unlock_all()", .advisoryUnlock),
            ("create temp table t (a int)", .temporary),
            ("create local temporary table t (a int)", .temporary),
            ("create or replace temp view v as select 1", .temporary),
            ("create temporary sequence s", .temporary),
            ("create table pg_temp.t (a int)", .temporary), ("create table t (temp int)", []),
            ("select 1 into temp t", .temporary), ("select 1 into temporary table t", .temporary),
            ("select 1 into t", []),
            ("select * from \"pg_temp_3\".t", .temporary), ("select temp from t", []),
            ("declare c cursor with hold for select 1", .holdCursor), ("declare c cursor for select 1", []),
            ("declare c scroll cursor without hold for select 1", []), ("fetch 1 from c", .usesCursor),
            ("close c", .usesCursor),
            ("prepare p as select 1", .prepares), ("execute p(1)", .executes),
            ("explain analyze execute p", .executes),
            ("create table t as execute p", .executes),
            ("create temp table t as execute p", [.temporary, .executes]),
            ("grant execute on function f() to x", []), ("deallocate p", .deallocates),
            ("deallocate prepare all", .deallocatesAll),
            ("discard all", .discardsAll), ("discard temp", .discardsSome), ("discard plans", .discardsSome),
            ("load 'x'", .load), ("lock table t", .tableLock), ("do $$ begin end $$", .procedure),
            ("call p()", .procedure),
            ("select setseed(0.5)", .otherState), ("select dblink_connect('x', 'y')", .otherState),
            ("select set_limit(0.5)", .otherState),
            ("alter role x set work_mem = 1", []),
            ("create function f() returns int set work_mem = 1 as $$ $$ language sql", []),
            ("begin; listen a; commit; create temp table t (a int)", [.listen, .temporary]),
        ] as [(String, SessionEffects)])
    func effects(_ sql: String, _ effects: SessionEffects) {
        #expect(Self.pinning(sql).effects == effects)
        #expect(Statement.classify(Array(sql.utf8), for: .routing).effects == effects, "with a proof")
    }

    @Test(
        "parameters by name",
        arguments: [
            ("set work_mem = 1", ["work_mem"]),
            ("set session \"Work_Mem\" to 1; reset a.B", ["Work_Mem", "a.b"]),
            ("set time zone 'x'", ["time"]), ("SET SEARCH_PATH TO a, b", ["search_path"]),
            ("set local a = 1", []),
        ])
    func settings(_ sql: String, _ names: [String]) {
        #expect(Self.pinning(sql).settings.map { Self.text($0, sql) } == names)
    }

    @Test("prepared statements by name")
    func prepared() {
        let cases: [(String, Statement.PreparedUse.Case, String)] = [
            ("prepare \"P\"\"q\" as select 1", .prepare, "P\"q"),
            ("EXECUTE Pdo_Stmt_1(1)", .execute, "pdo_stmt_1"),
            ("DEALLOCATE PREPARE pdo_stmt_00000001", .deallocate, "pdo_stmt_00000001"),
            ("explain (analyze) execute x", .execute, "x"),
        ]
        for (sql, kind, name) in cases {
            switch (Self.pinning(sql).prepared, kind) {
            case (.prepare(let part), .prepare), (.execute(let part), .execute),
                (.deallocate(let part), .deallocate):
                #expect(Self.text(part, sql) == name)
            default: Issue.record("\(sql)")
            }
        }
        #expect(Self.pinning("deallocate all").prepared == .deallocateAll)
        #expect(Self.pinning("prepare transaction 'x'").prepared == nil)
    }

    @Test(
        "which way COPY's data flow",
        arguments: [
            ("copy t from stdin", .fromClient), ("copy s.t (a, b) from stdin with (format csv)", .fromClient),
            ("copy t to stdout", .toClient), ("COPY BINARY t TO STDOUT", .toClient),
            ("copy (select 1) to stdout", .toClient),
            ("copy (insert into t values (1) returning a) to stdout", .toClient), ("copy t from '/x'", nil),
            ("copy t to program 'x'", nil), ("copy \"to\" from stdin", .fromClient),
            ("copy (select 'to stdout') to '/x'", nil),
            ("copy t from stdin; select 1", nil), ("copy (select 1 from stdin) to stdout", .toClient),
        ] as [(String, Statement.Copy?)])
    func copy(_ sql: String, _ copy: Statement.Copy?) {
        #expect(Self.pinning(sql).copy == copy)
        #expect(Statement.classify(Array(sql.utf8), for: .routing).copy == copy)
    }

    @Test(
        "what may change what a name means",
        arguments: [
            ("create table t (a int)", true), ("select 1; drop function f()", true),
            ("alter table t add b int", true), ("do $$ $$", true), ("create temp table t (a int)", false),
            ("insert into t values (1); select 1", false), ("select 'create'", false),
            ("explain create table t as select 1", true),
        ])
    func schema(_ sql: String, _ changes: Bool) {
        #expect(Self.pinning(sql).changesSchema == changes)
    }
}

extension Statement.PreparedUse {
    enum Case { case prepare, execute, deallocate }
}

/// Modes, for tables.
func modes(
    readOnly: Bool? = nil, _ isolation: TransactionModes.Isolation? = nil, deferrable: Bool? = nil,
    understood: Bool = true
) -> TransactionModes {
    var modes = TransactionModes()
    modes.readOnly = readOnly
    modes.isolation = isolation
    modes.deferrable = deferrable
    modes.understood = understood
    return modes
}

func modes(_ readOnly: Bool?, _ isolation: TransactionModes.Isolation?) -> TransactionModes {
    modes(readOnly: readOnly, isolation)
}
