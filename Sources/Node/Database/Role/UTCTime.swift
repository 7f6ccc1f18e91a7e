/// Times as names of backups have them, and as people write them for a restore.
enum UTCTime {
    /// Seconds since 1970 of `20261125T190000Z`, or of `2026-11-25 19:00:00` (with `T` between, and `Z`, `UTC` or nothing after it,
    /// too); nil for anything else.
    static func seconds(_ text: String) -> Int64? {
        var digits: [Int64] = []
        var rest = Array(text.utf8)[...]
        if rest.suffix(4).elementsEqual(" UTC".utf8) { rest = rest.dropLast(4) }
        for byte in rest {
            switch byte {
            case 0x30...0x39: digits.append(Int64(byte - 0x30))
            case UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: " "), UInt8(ascii: "T"),
                UInt8(ascii: "Z"):
                break
            default: return nil
            }
        }
        guard digits.count == 14 else { return nil }
        func number(_ start: Int, _ count: Int) -> Int64 {
            digits[start..<(start + count)].reduce(0) { $0 * 10 + $1 }
        }
        let (year, month, day) = (number(0, 4), number(4, 2), number(6, 2))
        let (hour, minute, second) = (number(8, 2), number(10, 2), number(12, 2))
        guard year >= 1970, (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
            second < 61
        else { return nil }
        // Years that begin in March, so that the day that may be missing is the last.
        let shifted = month > 2 ? year : year - 1
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return ((era * 146_097 + dayOfEra - 719_468) * 24 + hour) * 3600 + minute * 60 + second
    }
}
