/// What SASLprep (RFC 4013) makes of a password before it is hashed, as far as it goes here.
///
/// As in PostgreSQL, ASCII stays as it is, and so does what is not UTF-8 or has characters that are forbidden. Unusual spaces become
/// spaces, and characters that are mapped to nothing go. Not done: Unicode's normal form KC. So a password of compatibility
/// forms (`ﬁ`, `①`, full width letters), or with accents as characters of their own, hashes differently than in libpq and PostgreSQL.
enum SASLprep {
    static func prepare(_ password: [UInt8]) -> [UInt8] {
        guard password.contains(where: { $0 >= 0x80 }) else { return password }
        guard let scalars = scalars(of: password) else { return password }
        var prepared: [UInt8] = []
        for scalar in scalars where !isNothing(scalar) {
            guard !isForbidden(scalar) else { return password }
            if isSpace(scalar) {
                prepared.append(0x20)
            } else if let scalar = Unicode.Scalar(scalar), let encoded = UTF8.encode(scalar) {
                prepared.append(contentsOf: encoded)
            }
        }
        return prepared.isEmpty ? password : prepared
    }

    /// RFC 3454, table B.1.
    private static func isNothing(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0xAD, 0x34F, 0x1806, 0x180B...0x180D, 0x200B...0x200D, 0x2060, 0xFE00...0xFE0F, 0xFEFF: true
        default: false
        }
    }

    /// RFC 3454, table C.1.2, without U+200B, which is mapped to nothing.
    private static func isSpace(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0xA0, 0x1680, 0x2000...0x200A, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    /// RFC 3454, tables C.2.1 to C.9.
    private static func isForbidden(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0...0x1F, 0x7F...0x9F, 0x340, 0x341, 0x6DD, 0x70F, 0x180E, 0x200E, 0x200F, 0x2028...0x202E: true
        case 0x2061...0x2063, 0x206A...0x206F, 0x2FF0...0x2FFB, 0xE000...0xF8FF, 0xFDD0...0xFDEF: true
        case 0xFFF9...0xFFFD, 0x1D173...0x1D17A, 0xE0001, 0xE0020...0xE007F, 0xF0000...: true
        default: scalar & 0xFFFE == 0xFFFE
        }
    }

    /// nil when it is not UTF-8.
    private static func scalars(of bytes: [UInt8]) -> [UInt32]? {
        var scalars: [UInt32] = []
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): scalars.append(scalar.value)
            case .emptyInput: return scalars
            case .error: return nil
            }
        }
    }
}
