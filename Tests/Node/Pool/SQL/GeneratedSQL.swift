import TestSupport

/// Statements from a small grammar: reads, writes in disguise, and what a scanner may trip over. Most are valid against the
/// schema of `schema`.
struct GeneratedSQL {
    /// Tables, a view and functions that write, overloads of two volatilities.
    static let schema: [String] = [
        "create table t (a int, b text)", "create table u (a int, c text)", "create table \"update\" (a int)",
        "create unlogged table w (a int)", "create sequence s", "insert into t values (1, 'x'), (2, 'y')",
        "insert into u values (1, 'x'), (3, 'z')", "create view v as select nextval('s') a",
        "create view plain as select a from t",
        "create function writes(int) returns int language sql volatile as 'insert into t values ($1, ''w'') returning a'",
        "create function stable_one(int) returns int language sql stable as 'select a from t where a = $1'",
        "create function mixed(int) returns int language sql immutable as 'select 1'",
        "create function mixed(text) returns int language sql volatile as 'insert into u values (7, $1) returning a'",
        "create function \"like\"(int, int) returns int language sql volatile as 'insert into t values ($1, ''l'') returning a'",
        "create function of_row(t) returns int language sql stable as 'select $1.a'",
        "create schema other", "create table other.o (a int)",
        "create function other.lower(text) returns text language sql volatile as "
            + "'insert into u values (8, $1) returning c'",
    ]

    private var random: SplitMix64
    private var depth = 0

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    private mutating func pick(_ choices: [String]) -> String { choices.randomElement(using: &random) ?? "" }
    private mutating func often() -> Bool { UInt8.random(in: 0..<4, using: &random) > 0 }
    private mutating func rarely() -> Bool { UInt8.random(in: 0..<10, using: &random) == 0 }

    /// One statement.
    mutating func statement() -> String {
        depth = 0
        let query = query()
        switch UInt8.random(in: 0..<20, using: &random) {
        case 0: return "explain \(query)"
        case 1: return "explain (analyze, costs off) \(query)"
        case 2: return "copy (\(query)) to stdout"
        case 3: return "copy \(pick(["t", "u (a)", "other.o", "pg_class"])) to stdout with (format csv)"
        case 4: return "(\(query))"
        case 5:
            return pick([
                "values (1), (nextval('s'))", "values (1), (2)", "table t", "table v", "table only u",
            ])
        case 6: return "insert into t \(query)"
        case 7: return "select a into temp x\(UInt16.random(in: 0...999, using: &random)) from t"
        case 8: return "\(query) for \(pick(["update", "no key update", "share", "key share"]))"
        case 9: return "\(query); insert into t values (9, 'q')"
        case 10: return "create table x\(UInt16.random(in: 0...999, using: &random)) as \(query)"
        default: return noise() + query + pick(["", ";", " -- end", " /* end */"])
        }
    }

    private mutating func noise() -> String {
        pick(["", "", "", "-- insert\n", "/* insert /* nested */ into */ ", "\t\n "])
    }

    private mutating func query() -> String {
        depth += 1
        defer { depth -= 1 }
        var text = ""
        if depth < 3, rarely() {
            let body =
                often()
                ? query()
                : pick([
                    "insert into t values (5, 'i') returning a", "delete from u returning a",
                    "update t set b = 'z' returning a",
                ])
            text +=
                "with \(pick(["", "recursive "]))k\(pick(["", "(a)"])) as \(pick(["", "materialized "]))(\(body)) "
            text += pick([
                "select 1 a from k", "select count(*) a from k, t", "table k",
                "(select 1 a from k) order by 1, (select nextval('s'))",
            ])
            return text
        }
        text = "select \(pick(["", "", "all ", "distinct ", "distinct on (1) "]))\(expression()) \(noise())a"
        if often() {
            text += " from " + relation()
            if rarely() { text += ", " + relation("q") }
            if rarely() { text += " \(pick(["join", "left join", "cross join lateral"])) " + relation("r") }
            if !text.contains("cross"), text.contains(" join ") { text += " on true" }
            if often() { text += " where " + condition() }
        }
        if rarely() { text += " union all select \(expression()) a" }
        if rarely() { text += " order by 1 limit (\(pick(["1", "2"])))" }
        return text
    }

    private mutating func relation(_ alias: String = "p") -> String {
        switch UInt8.random(in: 0..<12, using: &random) {
        case 0 where depth < 4: return "(\(query())) \(alias)"
        case 1: return "generate_series(1, 2) \(alias)(a)"
        case 2: return "(values (1), (2)) as \(alias)(a)"
        case 3: return "\"update\" \(alias)"
        case 4:
            return pick(["v", "plain", "w", "other.o", "only t", "pg_class", "information_schema.tables"])
                + " \(alias)"
        case 5: return "rows from (stable_one(1), \(pick(["writes(1)", "mixed(1)"]))) \(alias)(a, z)"
        default: return pick(["t", "u", "T", "public.t"]) + " \(alias)"
        }
    }

    private mutating func condition() -> String {
        pick([
            "true", "1 in (1, 2)", "'a' like ('b')", "not (1) between (0) and (2)",
            "exists (select 1 from u for share)",
            "exists (select 1 from u)", "1 is distinct from 2", "1 = any (array[1, 2])",
            "\(expression()) is not null",
        ])
    }

    private mutating func expression() -> String {
        depth += 1
        defer { depth -= 1 }
        switch UInt8.random(in: 0..<22, using: &random) {
        case 0 where depth < 5: return "(\(query()) limit 1)"
        case 1 where depth < 5: return "coalesce(\(expression()), \(expression()))"
        case 2 where depth < 5: return "case when (\(condition())) then (\(expression())) end"
        case 3:
            return
                "(\(pick(["stable_one", "writes", "mixed", "abs", "public.writes", "\"writes\"", "WRITES", "Mixed"])) \(noise())(1))"
        case 4:
            return pick([
                "mixed('x')", "lower('A')", "other.lower('A')", "pg_catalog.lower('A')", "\"like\"(1, 2)",
            ])
        case 5:
            return pick([
                "nextval('s')", "setval('s', 1)", "pg_catalog.nextval('s')", "U&\"next\\0076al\"('s')",
                "random()", "now()", "lastval()",
            ])
        case 6:
            return pick([
                "'nextval(''s'')'", "E'\\'nextval(\\'s\\')'", "$q$ writes(1) $q$", "'a'\n'b\\'",
                "E'a'\n'\\'' || 'writes(1)'",
            ])
        case 7:
            return pick([
                "count(*)", "max(1) filter (where true)", "row_number() over (order by (1))",
                "string_agg('a', 'b' order by 1)",
            ])
        case 8:
            return pick([
                "extract(year from now())", "substring('abc' from 1 for 2)", "trim(both 'x' from 'xax')",
                "position('a' in 'b')",
            ])
        case 9:
            return pick([
                "cast(1 as numeric(10, 2))", "'x'::varchar(3)", "'1'::character varying(4)",
                "interval '1' day", "timestamp(3) 'now'",
            ])
        case 10:
            return pick([
                "txid_current()", "pg_advisory_xact_lock(1)", "set_config('work_mem', '1MB', true)",
                "pg_notify('a', 'b')", "lo_create(0)",
            ])
        case 11: return pick(["1-- writes(1)\n", "1/* writes(1) */", "-1", "2 - -1", "1 + writes(2)", "@-1"])
        default: return pick(["1", "'x'", "null", "1.5e1", "true", "array[1, 2]", "row(1, 2)"])
        }
    }
}
