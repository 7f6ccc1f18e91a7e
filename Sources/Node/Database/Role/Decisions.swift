/// The last things that were decided, for people.
final class Decisions {
    /// So many are kept.
    static let limit = 100

    private(set) var all: [(text: String, at: Duration)] = []

    func add(_ text: String, at now: Duration) {
        if all.count == Self.limit { all.removeFirst() }
        all.append((text, now))
    }
}
