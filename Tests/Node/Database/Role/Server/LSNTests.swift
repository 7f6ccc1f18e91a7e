import Testing

@testable import DatabaseRole

@Suite struct LSNTests {
    @Test(
        "a place of the log is written as PostgreSQL writes it, and read again",
        arguments: [
            (0, "0/0"), (0x16_B374_D848, "16/B374D848"), (0xFFFF_FFFF, "0/FFFFFFFF"),
            (0x1_0000_0000, "1/0"), (UInt64.max, "FFFFFFFF/FFFFFFFF"),
        ] as [(UInt64, String)])
    func text(offset: UInt64, text: String) {
        #expect(LSN.text(offset) == text)
        #expect(LSN.offset(Array(text.utf8)) == offset)
        #expect(LSN.offset(Array(text.lowercased().utf8)) == offset)
    }

    @Test(
        "what is no place of the log is none",
        arguments: ["", "/", "1", "1/", "/1", "1/2/3", "g/1", "1/ 2", "123456789/0", "0/123456789", "-1/0"])
    func nonsense(text: String) { #expect(LSN.offset(Array(text.utf8)) == nil) }

    @Test("digits have the width that a file's name needs")
    func width() {
        #expect(LSN.hexadecimal(0x2A, width: 8) == "0000002A")
        #expect(LSN.hexadecimal(0, width: 8) == "00000000")
        #expect(LSN.hexadecimal(0x1_2345_6789, width: 8) == "123456789")
    }

    @Test(
        "sizes with PostgreSQL's units",
        arguments: [
            ("16MB", 16 << 20), ("1GB", 1 << 30), ("8kB", 8192), ("512", 512), ("MB", nil), ("", nil),
            ("99999999999999999999", nil),
        ] as [(String, UInt64?)])
    func sizes(text: String, bytes: UInt64?) { #expect(Postgres.bytes(text) == bytes) }

    @Test(
        "how far a copy is, by the last percentage in its line",
        arguments: [
            ("12345/67890 kB (18%), 0/1 tablespace", 18), ("  0/1 kB (0%)", 0), ("(100%)", 100),
            ("(101%)", nil), ("done", nil), ("%", nil), ("x%", nil),
        ] as [(String, Int?)])
    func progress(line: String, percent: Int?) {
        #expect(JobRunner.percent(Array(line.utf8)) == percent)
    }
}
