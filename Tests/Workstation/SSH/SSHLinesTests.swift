import Testing

@testable import SSH

@Suite struct SSHLinesTests {
    /// Feeds pieces and collects the lines that each brings.
    func lines(_ pieces: [String], keeps: Bool) -> ([[String]], SSHLines) {
        var lines = SSHLines(keeps: keeps)
        var taken: [[String]] = []
        for piece in pieces {
            lines.bytes += Array(piece.utf8)
            taken.append(lines.take(last: false))
        }
        taken.append(lines.take(last: true))
        return (taken, lines)
    }

    @Test("a line comes when it is whole, the last one also without an end", arguments: [true, false])
    func whole(keeps: Bool) {
        let (taken, _) = lines(["a", "b\nc", "\n\n", "d"], keeps: keeps)
        #expect(taken == [[], ["ab"], ["c", ""], [], ["d"]])
    }

    @Test("a letter that was cut between two pieces is whole again")
    func letters() {
        var lines = SSHLines(keeps: false)
        let bytes = Array("ä\n".utf8)
        lines.bytes += bytes[..<1]
        #expect(lines.take(last: false) == [])
        lines.bytes += bytes[1...]
        #expect(lines.take(last: false) == ["ä"])
    }

    @Test("what is kept is kept whole, and what is not is gone when it is told")
    func keeping() {
        #expect(lines(["a\nb\n", "c"], keeps: true).1.bytes == Array("a\nb\nc".utf8))
        #expect(lines(["a\nb\n", "c"], keeps: false).1.bytes == [])
    }

    @Test("a line without an end is told in pieces of bounded size when nothing is kept")
    func endless() {
        let piece = String(repeating: "x", count: SSHLines.longestLine - 1)
        #expect(lines([piece, "y", "z"], keeps: false).0 == [[], [piece + "y"], [], ["z"]])
        #expect(lines([piece, "y", "z"], keeps: true).0 == [[], [], [], [piece + "yz"]])
    }
}
