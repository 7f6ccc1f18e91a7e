import Testing

@testable import Deployment

@Suite struct UnifiedDiffTests {
    func diff(_ old: String, _ new: String) -> [String] { UnifiedDiff.lines(from: old, to: new, name: "f") }

    @Test("equal texts have no diff")
    func equal() { #expect(diff("a\nb\n", "a\nb\n") == []) }

    @Test("a changed line is shown with three lines around it")
    func change() {
        let old = (1...9).map { "\($0)\n" }.joined()
        #expect(
            diff(old, old.replacing("5\n", with: "five\n")) == [
                "--- f", "+++ f", "@@ -2,7 +2,7 @@", " 2", " 3", " 4", "-5", "+five", " 6", " 7", " 8",
            ])
    }

    @Test("changes far apart are two hunks, near ones are one")
    func hunks() {
        let old = (1...20).map { "\($0)\n" }.joined()
        let far = diff(old, old.replacing("\n3\n", with: "\nx\n").replacing("\n17\n", with: "\ny\n"))
        #expect(far.filter { $0.hasPrefix("@@") } == ["@@ -1,6 +1,6 @@", "@@ -14,7 +14,7 @@"])
        let near = diff(old, old.replacing("\n3\n", with: "\nx\n").replacing("\n8\n", with: "\ny\n"))
        #expect(near.filter { $0.hasPrefix("@@") }.count == 1)
    }

    @Test("a new file and an emptied one name the line before, as diff does")
    func empty() {
        #expect(diff("", "a\nb\n") == ["--- f", "+++ f", "@@ -0,0 +1,2 @@", "+a", "+b"])
        #expect(diff("a\n", "") == ["--- f", "+++ f", "@@ -1 +0,0 @@", "-a"])
    }

    @Test("a last line without an end is told")
    func noNewline() {
        #expect(
            diff("a\n", "a") == ["--- f", "+++ f", "@@ -1 +1 @@", "-a", "+a", "\\ No newline at end of file"])
    }

    /// What patch(1) would make of a diff's hunks.
    func patched(_ old: String, _ diff: [String]) -> String {
        var source = old.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
        if old.hasSuffix("\n") || old.isEmpty { source = source.dropLast() }
        var result: [String] = []
        var taken = 0
        for line in diff.dropFirst(2) {
            if line.hasPrefix("@@") {
                let start = line.split(separator: " ")[1].dropFirst().split(separator: ",")
                let count = start.count > 1 ? Int(start[1]) ?? 0 : 1
                let skip = (Int(start[0]) ?? 0) - (count > 0 ? 1 : 0) - taken
                result += source.prefix(skip)
                source = source.dropFirst(skip)
                taken += skip
            } else if line.hasPrefix("+") {
                result.append(String(line.dropFirst()))
            } else {
                if line.hasPrefix(" ") { result.append(source.first ?? "?") }
                source = source.dropFirst()
                taken += 1
            }
        }
        result += source
        return result.map { $0 + "\n" }.joined()
    }

    @Test("patching the old text with the diff gives the new one", arguments: 0..<200)
    func random(seed: Int) {
        var generator = Generator(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1)
        func text() -> String {
            (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                "\(Int.random(in: 0...4, using: &generator))\n"
            }.joined()
        }
        let (old, new) = (text(), text())
        #expect(old == new || patched(old, diff(old, new)) == new, "seed \(seed)")
    }

    struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }
}
