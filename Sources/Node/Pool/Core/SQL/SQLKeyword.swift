/// The words that tell something about a statement here; of PostgreSQL's 490 keywords most do not. A case is named as the
/// word, in lower case.
public enum SQLKeyword: String, Sendable, CaseIterable {
    /// Not a word that matters, or no word.
    case none = ""

    // What a statement begins with.
    case abort, alter, analyze, begin, call, checkpoint, close, cluster, comment, commit, copy, create,
        deallocate
    case declare, delete, discard, `do`, drop, end, execute, explain, fetch, grant, insert, listen, load,
        lock, merge
    case move, notify, prepare, reassign, refresh, reindex, release, reset, revoke, rollback, savepoint,
        security
    case select, set, show, start, table, truncate, unlisten, update, vacuum, values, with

    // What makes a read more than a read.
    case into, `for`, no, key, share, read

    // Transactions and settings.
    case all, authorization, catalog, chain, characteristics, committed, constraints, deferrable, hold,
        isolation, level
    case local, names, not, on, only, option, plans, prepared, repeatable, role, schema, sequences,
        serializable
    case session, snapshot, temp, temporary, time, to, transaction, uncommitted, unlogged, work, write, xml,
        zone
    case atomic, global, `case`, `true`, stdin, stdout, `as`, `default`, off, `false`

    // What a query is made of.
    case and, any, array, asc, between, both, by, collate, cross, cube, desc, distinct, `else`, except,
        exists, filter
    case from, full, group, having, ilike, `in`, inner, intersect, `is`, join, lateral, leading, left, like,
        limit
    case materialized, natural, null, offset, `or`, order, outer, over, overlaps, partition, recursive,
        returning, right
    case rollup, rows, row, sets, similar, some, symmetric, then, trailing, union, using, when, `where`,
        window

    // Types and functions with a grammar of their own, which no function can be named after.
    case bigint, bit, boolean, cast, char, character, coalesce, dec, decimal, extract, float, greatest,
        grouping, int
    case integer, interval, least, national, nchar, normalize, nullif, numeric, overlay, position, precision,
        real
    case smallint, substring, timestamp, trim, varchar, varying

    /// The keyword that a text has there, in any case of letters, or `.none`.
    @inline(__always)
    init(in text: RawSpan, from start: Int, to end: Int) {
        guard end - start <= KeywordTable.longest else {
            self = .none
            return
        }
        self = keywords.find(PackedWord(text, start, end))
    }
}

/// Up to sixteen bytes as two numbers, with letters in lower case. Setting the bit of lower case everywhere keeps apart
/// whatever can stand in a word: nothing else becomes a letter by it.
struct PackedWord: Equatable {
    var low: UInt64 = 0
    var high: UInt64 = 0

    @inline(__always)
    init(_ text: RawSpan, _ start: Int, _ end: Int) {
        let count = end - start
        if start + 16 <= text.byteCount {
            low = UInt64(
                littleEndian: text.unsafeLoadUnaligned(fromUncheckedByteOffset: start, as: UInt64.self))
            if count < 8 {
                low &= (1 << (8 * UInt64(truncatingIfNeeded: count))) &- 1
            } else if count > 8 {
                high = UInt64(
                    littleEndian: text.unsafeLoadUnaligned(
                        fromUncheckedByteOffset: start + 8, as: UInt64.self))
                if count < 16 { high &= (1 << (8 * UInt64(truncatingIfNeeded: count - 8))) &- 1 }
            }
        } else {
            for index in 0..<count {
                let byte = UInt64(text.unsafeLoad(fromByteOffset: start + index, as: UInt8.self))
                if index < 8 {
                    low |= byte << (8 * UInt64(index))
                } else {
                    high |= byte << (8 * UInt64(index - 8))
                }
            }
        }
        low |= 0x2020_2020_2020_2020
        high |= 0x2020_2020_2020_2020
    }

    init(_ word: String) {
        var index: UInt64 = 0
        for byte in word.utf8 {
            if index < 8 {
                low |= UInt64(byte) << (8 * index)
            } else {
                high |= UInt64(byte) << (8 * (index - 8))
            }
            index += 1
        }
        low |= 0x2020_2020_2020_2020
        high |= 0x2020_2020_2020_2020
    }

    /// Nine bits that are well mixed.
    @inline(__always)
    var slot: Int {
        Int(truncatingIfNeeded: (low &* 0x9E37_79B9_7F4A_7C15 ^ high &* 0xC2B2_AE3D_27D4_EB4F) >> 55)
    }
}

/// The keywords by their packed words, with a free slot after every run.
struct KeywordTable: Sendable {
    /// The longest keyword: `characteristics`.
    static let longest = 15

    private struct Slot {
        var low: UInt64 = 0
        var high: UInt64 = 0
        var keyword: SQLKeyword = .none
    }

    private var slots = [Slot](repeating: Slot(), count: 512)

    init() {
        for keyword in SQLKeyword.allCases where keyword != .none {
            let word = PackedWord(keyword.rawValue)
            var slot = word.slot
            while slots[slot].keyword != .none { slot = (slot + 1) & 511 }
            slots[slot] = Slot(low: word.low, high: word.high, keyword: keyword)
        }
    }

    @inline(__always)
    func find(_ word: PackedWord) -> SQLKeyword {
        var slot = word.slot
        while slots[slot].keyword != .none {
            if slots[slot].low == word.low, slots[slot].high == word.high { return slots[slot].keyword }
            slot = (slot + 1) & 511
        }
        return .none
    }
}

let keywords = KeywordTable()
