/// What all workers of a process share: how many connections there are of a kind, and how many there may be.
///
/// Cores ask for places by number; a name has the same number for all of them.
public protocol PermitBook: AnyObject {
    /// The number of a name, from 0 on; the same name has the same number.
    func place(_ name: String) -> Int
    /// One more, if fewer than `limit` are taken; 0 or less is no limit.
    func take(_ place: Int, below limit: Int) -> Bool
    /// One less.
    func give(_ place: Int)
    /// How many are taken, by all workers.
    func count(_ place: Int) -> Int
}

/// Permits of one worker alone.
public final class OwnPermits: PermitBook {
    private var places: [String: Int] = [:]
    private var counts: [Int] = []

    /// None is taken.
    public init() {}

    /// As `PermitBook`; so are the others.
    public func place(_ name: String) -> Int {
        if let place = places[name] { return place }
        places[name] = counts.count
        counts.append(0)
        return counts.count - 1
    }

    /// One more.
    public func take(_ place: Int, below limit: Int) -> Bool {
        if limit > 0, counts[place] >= limit { return false }
        counts[place] += 1
        return true
    }

    /// One less.
    public func give(_ place: Int) { counts[place] -= 1 }

    /// How many are taken.
    public func count(_ place: Int) -> Int { counts[place] }
}
