import Testing

@testable import Pool

@Suite struct ReadProofTests {
    @Test(
        "reads, with the functions and relations that must be looked up",
        arguments: [
            ("select 1", "", ""),
            ("SELECT a, b FROM T WHERE c = $1", "", "t"),
            ("select * from s.t x, \"U\" as y, only w", "", "s.t U w"),
            ("(select 1) union all (select 2)", "", ""),
            ("values (1), (2)", "", ""),
            ("table t", "", "t"),
            ("table only t", "", "t"),
            (
                "select Count(*), pg_catalog.max(a) from t group by b having min(c) > 1",
                "count pg_catalog.max min", "t"
            ),
            ("select * from a join b on a.x = b.x left join c using (x) cross join d, e", "", "a b c d e"),
            ("select * from (a join b on true) join (c natural join d) on true, e", "", "a b c d e"),
            ("select * from (select * from a, b) x, c", "", "a b c"),
            ("select * from ((a join b using (y)) join c using (z)), d", "", "a b c d"),
            ("select * from role join level on true", "", "role level"),
            ("select * from position p, values_ v", "", "position values_"),
            (
                "with a as (select * from b), c(d, e) as materialized (select 1, 2) select f(d) from a, c",
                "f", "b a c"
            ),
            (
                "with recursive a(n) as (values (1) union all select n + 1 from a where n < 9) select sum(n) from a",
                "sum", "a a"
            ),
            ("with a as not materialized (select 1) table a", "", "a"),
            ("select * from f(1) as x(a, b), lateral g(x.a) y, rows from (h(1), i(2)) as z", "f g h i", ""),
            ("select * from (values (1, 2)) v(a, b), t", "", "t"),
            (
                "select extract(year from d), substring(s from 1 for 2), trim(both 'x' from e) from t",
                "substring", "t"
            ),
            (
                "select cast(a as numeric(10, 2)), b::varchar(3), c::character varying(4), timestamp(3) '2000-01-01' from t",
                "", "t"
            ),
            ("select a is distinct from b, c from t", "", "t"),
            (
                "select distinct on (a, lower(b)) c from t order by a, lower(b) limit (2) offset 3",
                "lower lower", "t"
            ),
            ("select distinct on (a) lower(b) from t", "lower", "t"),
            (
                "select sum(a) filter (where b) over (partition by (c) order by (d)) from t window w as (order by e)",
                "sum", "t"
            ),
            (
                "select a in (1, 2) and b like ('x') or not (c) between (1) and abs(2), like(a, b)",
                "abs like", ""
            ),
            (
                "select * from t where exists (select 1 from u where u.a = any (array[1, 2])) for read only",
                "", "t u"
            ),
            (
                "select coalesce(a, greatest(b, 1)), nullif(c, row(1)), case when (d) then (1) else (2) end from t",
                "", "t"
            ),
            ("select 'for update', \"into\", $$insert$$ /* delete */ from t -- update", "", "t"),
            ("select t.update, u.delete from t, u", "", "t u"),
            ("select a[1:2], (b).c, (d).e.f from t", "", "t"),
            ("select * from t group by grouping sets ((a), rollup (b)), a", "rollup", "t"),
            ("select * from t group by cube (a, b)", "", "t"),
            ("select * from t fetch first 1 rows only", "", "t"),
            ("select * from t order by f(a), (b) collate \"C\" desc nulls last;", "f", "t"),
            ("explain select f(a) from t", "f", "t"), ("EXPLAIN (ANALYZE, FORMAT JSON) select 1", "", ""),
            ("explain analyze verbose with a as (select 1) select * from a", "", "a"),
            ("explain (select 1 from t)", "", "t"),
            ("explain ((select 1 from t))", "", "t"),
            ("copy t to stdout", "", "t"),
            ("copy s.t (a, b) to stdout with (format csv, force_quote (a))", "", "s.t"),
            ("copy (select f(a) from t) to stdout", "f", "t"),
            ("copy ((select 1) union (select 2)) to stdout", "", ""),
            ("/* first */ select 1 -- last", "", ""), (";; select 1 ;", "", ""),
            ("select \"Count\"(*), S.\"F\"() from t", "Count s.F", "t"),
            ("with a as (select 1) (select 1) order by 1, other('s')", "other", ""),
            ("select from t, u", "", "t u"),
        ])
    func proven(_ sql: String, _ functions: String, _ relations: String) {
        let statement = Statement.classify(Array(sql.utf8), for: .routing)
        #expect(statement.isProvenRead)
        #expect(statement.functions.map { StatementTests.text($0, sql) }.joined(separator: " ") == functions)
        #expect(statement.relations.map { StatementTests.text($0, sql) }.joined(separator: " ") == relations)
    }

    @Test(
        "everything doubtful is no read",
        arguments: [
            // What other poolers sent to a replica: sequences, writes inside WITH, row locks of four strengths, COPY, what they
            // could not parse (pgcat 489, 829, 750, 887, 865, 884).
            "select nextval('s')", "select * from (select nextval('s')) x", "select pg_catalog.nextval('s')",
            "select \"nextval\"('s')",
            "SELECT NEXTVAL /* x */ ('s')", "select setval('s', 1)", "select currval('s')",
            "select lastval()",
            "with a as (insert into t values (1) returning *) select * from a",
            "with a as (update t set b = 1 returning *) table a",
            "with a as (delete from t returning *) select 1",
            "with a as (merge into t using u on true when matched then delete) select 1",
            "with a as (select 1) insert into t select * from a", "with a as (select 1) update t set b = 1",
            "with a as (select 1), b as (with c as (delete from t returning *) select * from c) select 1",
            "select * from t for update", "select * from t for no key update",
            "select * from t for share of t", "select * from t FOR KEY SHARE",
            "select * from (select * from t for update) x", "select * from t for/**/share skip locked",
            "select 1 into t", "select * into unlogged t from u",
            "with a as (select 1) select * into t from a",
            "copy t from stdin", "copy (delete from t returning *) to stdout",
            "copy (select nextval('s')) to stdout", "copy t to '/x'",
            "copy t to program 'x'", "copy pg_authid to stdout", "copy (select 1 from pg_class) to stdout",
            "copy (select 1", "copy",
            "copy (select 1)", "copy t", "copy t.",
            // Commands.
            "", ";", "insert into t values (1)", "update t set a = 1", "delete from t",
            "merge into t using u on true when matched then delete",
            "truncate t", "create table t (a int)", "create table t as select 1", "drop table t",
            "alter table t add a int",
            "vacuum", "analyze", "reindex table t", "cluster", "refresh materialized view m", "grant a to b",
            "comment on table t is 'x'",
            "lock table t", "call p()", "do $$ begin end $$", "show work_mem", "set a = 1", "reset a",
            "discard all", "listen a", "notify a",
            "declare c cursor for select 1", "fetch c", "close c", "begin", "commit", "prepare p as select 1",
            "execute p", "checkpoint", "load 'x'",
            "explain insert into t values (1)", "explain analyze delete from t",
            "explain (analyze) update t set a = 1",
            "explain analyze create table t as select 1", "explain analyze execute p",
            "explain analyze declare c cursor for select 1",
            "explain select nextval('s')", "explain", "explain (", "explain (select", "explain (analyze)",
            // More than one, or not even one.
            "select 1; select 2", "select 1; insert into t values (1)", "select 'a", "select (1", "select 1)",
            "select 1 /*", "nonsense", "selec 1",
            // What says something else on a standby, or leaves something in the session.
            "select * from pg_class", "select * from pg_catalog.pg_stat_activity",
            "select * from information_schema.tables",
            "select * from \"pg_class\"", "select * from a, pg_locks",
            "select * from a join pg_locks on true", "table pg_class",
            "select * from role join pg_class on true", "select * from (pg_class join a on true)",
            "select * from pg_temp.t", "select * from pg_toast.t",
            "select pg_advisory_lock(1)", "select pg_advisory_xact_lock(1)",
            "select set_config('a', 'b', true)", "select pg_backend_pid()",
            "select txid_current()", "select pg_notify('a', 'b')", "select current_setting('a')",
            "select lo_create(0)", "select dblink('x', 'y')",
            "select pg_is_in_recovery()", "select inet_server_addr()", "select pg_temp.f(1)",
            "select setseed(1)",
            // Names that PostgreSQL may see otherwise than we.
            "select U&\"next\\0076al\"('s')", "select * from U&\"pg_cl\\0061ss\"", "select größe(1)",
            "select aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg(1)", "select a.b.c(1)",
            "select * from a.b.c", "select (a).b(1)",
            // Hidden by comments, strings and escapes.
            "select E'\\'' , nextval('s') --'", "select '\\', nextval('s') --'",
            "select $a$ $b$ $a$, nextval('s') $b$ $b$",
            "select /* /* */ nextval( */ nextval('s')", "select 'a'\n'b', nextval('s')",
            "select E'a'\n'\\'', nextval('s') --'",
            // Where the proof looks for names and not for calls.
            "with a as (select 1) (select 1) order by 1, nextval('s')",
            "with nextval(a) as (select 1) select nextval('s')",
            "select 1 as nextval, nextval('s')", "select * from (select 1) nextval(a), nextval('s')",
            "with a as (select 1) select 1 from a group by a, nextval('s')", "select like(nextval('s'), 'a')",
            "select x.a from x where a like nextval('s')::text",
        ])
    func doubtful(_ sql: String) {
        #expect(!Statement.classify(Array(sql.utf8), for: .routing).isProvenRead)
    }

    @Test("where strings have escapes, what they hide is seen")
    func escapes() {
        let sql = Array("select '\\', nextval(''s'') --'".utf8)
        let old = SQLDialect(standardConformingStrings: false)
        #expect(Statement.classify(sql, dialect: old, for: .routing).isProvenRead)
        #expect(!Statement.classify(sql, for: .routing).isProvenRead)
        let hidden = Array("select '\\' , f(1) --'".utf8)
        #expect(Statement.classify(hidden, for: .routing).functions.count == 1)
        #expect(Statement.classify(hidden, dialect: old, for: .routing).isMalformed == false)
        #expect(Statement.classify(hidden, dialect: old, for: .routing).functions.isEmpty)
    }

    @Test("in an encoding whose characters contain ASCII bytes only ASCII is understood")
    func encodings() {
        let dialect = SQLDialect(asciiBytesInCharacters: true)
        #expect(Statement.classify(Array("select 'a'".utf8), dialect: dialect, for: .routing).isProvenRead)
        #expect(!Statement.classify(Array("select 'ä'".utf8), dialect: dialect, for: .routing).isProvenRead)
    }

    @Test("texts that differ in constants, blanks, comments and case have one fingerprint")
    func fingerprints() {
        func of(_ sql: String) -> UInt64 { Statement.classify(Array(sql.utf8), for: .routing).fingerprint }
        #expect(of("select a from t where b = 1") == of("SELECT a  FROM t /* x */ WHERE b = 22"))
        #expect(of("select a from t where b = 'x'") == of("select a from t where b = 'y''z'"))
        #expect(of("select a from t where b = 1") != of("select a from t where c = 1"))
        #expect(of("select \"a\" from t") != of("select \"A\" from t"))
        #expect(of("select a, b") != of("select a b"))
    }
}
