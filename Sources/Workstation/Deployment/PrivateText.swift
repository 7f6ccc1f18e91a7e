/// Shows what changes in a file that holds secrets, without them.
///
/// The new text is known with its secrets and without. Of an old one only the lines are known to be harmless that are also
/// in the new one, or that look like one of its lines with another secret in it; the others are not shown.
struct PrivateText {
    static let hidden = "(a line of this private file is not shown)"
    private static let mark = "<secret "

    /// Lines of the new text as they are.
    private let real: [Substring]
    /// The same lines with `<secret NAME>` in the places of secrets.
    private let shown: [Substring]

    init(real: String, shown: String) {
        self.real = real.split(separator: "\n", omittingEmptySubsequences: false)
        self.shown = shown.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// An old text without what may be secret in it.
    func mask(_ old: String) -> String {
        map(old) { line in
            if let index = real.firstIndex(of: line) { return String(shown[index]) }
            if let index = shown.indices.first(where: { fits(line, shown[$0]) }) {
                return String(shown[index])
            }
            return line.allSatisfy(\.isWhitespace) ? String(line) : Self.hidden
        }
    }

    /// The new text: a secret that another one has made room for is told as changed.
    func new(after old: String?) -> String {
        let before = old?.split(separator: "\n", omittingEmptySubsequences: false) ?? []
        return zip(real, shown).map { real, shown in
            guard real != shown, !before.contains(real), before.contains(where: { fits($0, shown) }) else {
                return String(shown)
            }
            return changed(shown)
        }.joined(separator: "\n")
    }

    private func map(_ text: String, _ line: (Substring) -> String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(line).joined(separator: "\n")
    }

    /// `<secret NAME>` as `<secret NAME changed>`.
    private func changed(_ line: Substring) -> String {
        pieces(of: line).map { $0.isSecret ? "\($0.text.dropLast()) changed>" : String($0.text) }.joined()
    }

    /// Whether a line is another one with something else in the places of its secrets.
    private func fits(_ line: Substring, _ shown: Substring) -> Bool {
        let pieces = pieces(of: shown)
        guard pieces.contains(where: \.isSecret), let first = pieces.first, let last = pieces.last else {
            return false
        }
        var rest = line
        if !first.isSecret {
            guard rest.hasPrefix(first.text) else { return false }
            rest = rest.dropFirst(first.text.count)
        }
        if !last.isSecret {
            guard rest.hasSuffix(last.text) else { return false }
            rest = rest.dropLast(last.text.count)
        }
        // What stands between two secrets must be there, in its order.
        for piece in pieces.dropFirst(first.isSecret ? 0 : 1).dropLast(last.isSecret ? 0 : 1)
        where !piece.isSecret {
            guard let place = rest.firstRange(of: piece.text) else { return false }
            rest = rest[place.upperBound...]
        }
        return true
    }

    private func pieces(of line: Substring) -> [(text: Substring, isSecret: Bool)] {
        var pieces: [(text: Substring, isSecret: Bool)] = []
        var rest = line
        while let start = rest.firstRange(of: Self.mark),
            let end = rest[start.upperBound...].firstIndex(of: ">")
        {
            if start.lowerBound > rest.startIndex { pieces.append((rest[..<start.lowerBound], false)) }
            pieces.append((rest[start.lowerBound...end], true))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { pieces.append((rest, false)) }
        return pieces
    }
}
