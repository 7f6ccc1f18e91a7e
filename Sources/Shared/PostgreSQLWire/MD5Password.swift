import Digest

/// PostgreSQL's old password exchange: MD5 of password and name is kept, MD5 of that and a salt is sent.
public enum MD5Password {
    /// Bytes of the salt that a server sends.
    public static let saltSize = 4
    /// Hexadecimal digits of what is kept.
    static let digitCount = 32

    /// What a server keeps, without `md5` before it: 32 digits.
    public static func digits(password: [UInt8], user: [UInt8]) -> [UInt8] {
        MD5.hexadecimal(of: password + user)
    }

    /// What a client answers to a salt, of what is kept.
    public static func answer(digits: [UInt8], salt: [UInt8]) -> [UInt8] {
        Array("md5".utf8) + MD5.hexadecimal(of: digits + salt)
    }

    /// Whether an answer to a salt is right, of what is kept.
    public static func isRight(_ answer: some Collection<UInt8>, digits: [UInt8], salt: [UInt8]) -> Bool {
        isSameSecret(answer, self.answer(digits: digits, salt: salt))
    }
}
