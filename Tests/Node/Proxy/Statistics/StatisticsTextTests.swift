import Testing

@testable import Proxy

@Suite struct StatisticsTextTests {
    @Test(
        "an age has its two largest units",
        arguments: [
            (0, "0s"), (59, "59s"), (60, "1m0s"), (3599, "59m59s"), (3600, "1h0m"), (86399, "23h59m"),
            (86400, "1d0h"), (1_000_000, "11d13h"), (-5, "0s"),
        ] as [(Int64, String)])
    func ages(seconds: Int64, expected: String) {
        #expect(ageText(.seconds(seconds)) == expected)
    }

    @Test(
        "a size has the largest unit that leaves a whole",
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (1_048_575, "1023.9 KiB"),
            (1_048_576, "1.0 MiB"), (5_452_595, "5.1 MiB"), (UInt64.max, "16383 PiB"),
        ] as [(UInt64, String)])
    func sizes(bytes: UInt64, expected: String) {
        #expect(sizeText(bytes) == expected)
    }

    @Test(
        "a moment is written as HAProxy's logs do",
        arguments: [
            (0, "01/Jan/1970:00:00:00"), (951_782_400, "29/Feb/2000:00:00:00"),
            (951_868_800, "01/Mar/2000:00:00:00"), (1_795_493_548, "24/Nov/2026:04:12:28"),
            (4_107_542_399, "28/Feb/2100:23:59:59"), (4_107_542_400, "01/Mar/2100:00:00:00"),
        ] as [(Int64, String)])
    func calendar(time: Int64, expected: String) {
        #expect(CalendarTime(unixTime: time).logText == expected)
    }

    @Test("an uptime is written as HAProxy does")
    func uptime() {
        #expect(uptimeText(.seconds(0)) == "0d 0h00m00s")
        #expect(uptimeText(.seconds(90_061)) == "1d 1h01m01s")
    }

    @Test(
        "a CSV value is quoted when it must be",
        arguments: [
            ("plain", "plain"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\nb", "\"a b\""), ("", ""),
        ])
    func quoting(text: String, expected: String) {
        #expect(csvQuoted(text) == expected)
    }
}
