/// The known word that a misspelt one most likely meant, or nil when none is near.
///
/// Near: at most a third of the word's bytes, and at least one, differ (Levenshtein distance with transpositions).
public func nearestWord(to word: String, among known: [String]) -> String? {
    let bytes = Array(word.utf8)
    let limit = bytes.count < 3 ? 1 : (bytes.count + 2) / 3
    var best: String?
    var bestDistance = limit + 1
    for candidate in known {
        let distance = editDistance(bytes, Array(candidate.utf8))
        if distance < bestDistance {
            bestDistance = distance
            best = candidate
        }
    }
    return best
}

/// Insertions, deletions, substitutions and swaps of neighbours that lead from one word to the other.
func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 0..<a.count {
        var current = [Int](repeating: i + 1, count: b.count + 1)
        for j in 0..<b.count {
            let substitution = last[j] + (a[i] == b[j] ? 0 : 1)
            current[j + 1] = min(last[j + 1] + 1, current[j] + 1, substitution)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                current[j + 1] = min(current[j + 1], beforeLast[j - 1] + 1)
            }
        }
        beforeLast = last
        last = current
    }
    return last[b.count]
}
