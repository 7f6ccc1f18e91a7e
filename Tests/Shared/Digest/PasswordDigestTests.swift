import Digest
import Testing

@Suite struct PasswordDigestTests {
    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    @Test("HMAC-SHA-256 of RFC 4231, test cases 2 and 6 (a key longer than a block)")
    func hmac() {
        let short = HMACSHA256(key: Array("Jefe".utf8)).code(of: Array("what do ya want for nothing?".utf8))
        #expect(
            hexadecimal(short) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let long = HMACSHA256(key: [UInt8](repeating: 0xAA, count: 131)).code(
            of: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8))
        #expect(
            hexadecimal(long) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test("PBKDF2 of RFC 7914, section 11")
    func derive() {
        let key = HMACSHA256(key: Array("passwd".utf8)).derive(salt: Array("salt".utf8), iterations: 1)
        #expect(
            hexadecimal(key) == "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc")
    }

    @Test("MD5 of RFC 1321, A.5")
    func md5() {
        let text = MD5.hexadecimal(of: Array("abc".utf8))
        #expect(String(decoding: text, as: UTF8.self) == "900150983cd24fb0d6963f7d28e17f72")
    }
}
