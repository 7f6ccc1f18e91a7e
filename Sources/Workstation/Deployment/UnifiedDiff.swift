/// A unified diff of two texts, three lines of context, by the longest common subsequence.
public enum UnifiedDiff {
    /// Lines around a change that are shown.
    static let context = 3
    /// Above this product of differing lines, old and new are shown as a whole: the table would not be worth it.
    static let tableLimit = 4_000_000

    private enum Line: Equatable {
        case same(Substring)
        case old(Substring)
        case new(Substring)
    }

    /// The diff as lines without their ends; empty for equal texts. A missing end of the last line is told as
    /// diff(1) does.
    public static func lines(from old: String, to new: String, name: String) -> [String] {
        guard old != new else { return [] }
        let script = edits(split(old), split(new))
        let hunks = hunks(of: script)
        var text = ["--- \(name)", "+++ \(name)"]
        for hunk in hunks { text += render(script, hunk) }
        return text
    }

    /// Lines with their ends, so that a last line without one differs from one with it.
    private static func split(_ text: String) -> [Substring] {
        var lines: [Substring] = []
        var start = text.startIndex
        while start < text.endIndex {
            let end =
                text.utf8[start...].firstIndex(of: 10).map { text.utf8.index(after: $0) } ?? text.endIndex
            lines.append(text[start..<end])
            start = end
        }
        return lines
    }

    private static func edits(_ old: [Substring], _ new: [Substring]) -> [Line] {
        var head = 0
        while head < min(old.count, new.count), old[head] == new[head] { head += 1 }
        var tail = 0
        while tail < min(old.count, new.count) - head, old[old.count - 1 - tail] == new[new.count - 1 - tail]
        {
            tail += 1
        }
        let middle = common(old[head..<old.count - tail], new[head..<new.count - tail])
        return old[..<head].map { .same($0) } + middle + old[(old.count - tail)...].map { .same($0) }
    }

    private static func common(_ old: ArraySlice<Substring>, _ new: ArraySlice<Substring>) -> [Line] {
        let (a, b) = (Array(old), Array(new))
        guard a.count * b.count <= tableLimit else { return a.map { .old($0) } + b.map { .new($0) } }
        let width = b.count + 1
        var table = [Int32](repeating: 0, count: (a.count + 1) * width)
        for i in stride(from: a.count - 1, through: 0, by: -1) {
            for j in stride(from: b.count - 1, through: 0, by: -1) {
                table[i * width + j] =
                    a[i] == b[j]
                    ? table[(i + 1) * width + j + 1] + 1
                    : max(table[(i + 1) * width + j], table[i * width + j + 1])
            }
        }
        var result: [Line] = []
        var (i, j) = (0, 0)
        while i < a.count || j < b.count {
            if i < a.count, j < b.count, a[i] == b[j] {
                result.append(.same(a[i]))
                i += 1
                j += 1
            } else if i < a.count, j == b.count || table[(i + 1) * width + j] >= table[i * width + j + 1] {
                result.append(.old(a[i]))
                i += 1
            } else {
                result.append(.new(b[j]))
                j += 1
            }
        }
        return result
    }

    /// Ranges of the script to show: changes with their context, overlapping ones as one.
    private static func hunks(of script: [Line]) -> [Range<Int>] {
        var hunks: [Range<Int>] = []
        for (index, line) in script.enumerated() {
            if case .same = line { continue }
            let range = max(0, index - context)..<min(script.count, index + context + 1)
            if let last = hunks.last, last.upperBound >= range.lowerBound {
                hunks[hunks.count - 1] = last.lowerBound..<range.upperBound
            } else {
                hunks.append(range)
            }
        }
        return hunks
    }

    private static func render(_ script: [Line], _ hunk: Range<Int>) -> [String] {
        let before = count(script[..<hunk.lowerBound])
        let inside = count(script[hunk])
        // diff's rule: an empty side names the line before it.
        let oldStart = before.old + (inside.old > 0 ? 1 : 0)
        let newStart = before.new + (inside.new > 0 ? 1 : 0)
        var text = ["@@ -\(range(oldStart, inside.old)) +\(range(newStart, inside.new)) @@"]
        for line in script[hunk] {
            let (mark, content) =
                switch line {
                case .same(let content): (" ", content)
                case .old(let content): ("-", content)
                case .new(let content): ("+", content)
                }
            if content.utf8.last == 10 {
                text.append(mark + String(decoding: content.utf8.dropLast(), as: UTF8.self))
            } else {
                text += [mark + content, "\\ No newline at end of file"]
            }
        }
        return text
    }

    private static func range(_ start: Int, _ count: Int) -> String {
        count == 1 ? "\(start)" : "\(start),\(count)"
    }

    private static func count(_ lines: ArraySlice<Line>) -> (old: Int, new: Int) {
        var (old, new) = (0, 0)
        for line in lines {
            switch line {
            case .same:
                old += 1
                new += 1
            case .old: old += 1
            case .new: new += 1
            }
        }
        return (old, new)
    }
}
