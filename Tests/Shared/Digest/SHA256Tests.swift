import Digest
import Testing

@Suite struct SHA256Tests {
    @Test(
        "the published examples come out right (FIPS 180-4, NIST's example values)",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ])
    func examples(text: String, digest: String) {
        #expect(SHA256Digest(of: Array(text.utf8)).hexadecimal == digest)
    }

    @Test("pieces give the same digest as the whole")
    func incremental() {
        var hasher = SHA256()
        for byte in Array("abc".utf8) { [byte].withUnsafeBytes { hasher.update($0) } }
        #expect(hasher.finish() == SHA256Digest(of: Array("abc".utf8)))
    }

    @Test("text that is not 64 lower-case hexadecimal digits is no digest")
    func malformed() {
        #expect(SHA256Digest(hexadecimal: "abc") == nil)
        #expect(SHA256Digest(hexadecimal: String(repeating: "G", count: 64)) == nil)
    }
}
