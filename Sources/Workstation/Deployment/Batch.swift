/// How many nodes a rollout touches at the same time.
public enum Batch: Equatable, Sendable {
    /// So many, at least 1.
    case count(Int)
    /// So many of a hundred, 1 to 100: of the nodes that something is to be done to, rounded down, at least one.
    case share(Int)

    /// One after the other.
    public static let one = Batch.count(1)

    /// `2` or `25%`; nil for anything else.
    public init?(_ text: String) {
        let isShare = text.hasSuffix("%")
        guard let number = Int(isShare ? String(text.dropLast()) : text), number >= 1,
            !isShare || number <= 100
        else { return nil }
        self = isShare ? .share(number) : .count(number)
    }

    func size(of total: Int) -> Int {
        switch self {
        case .count(let count): count
        case .share(let share): max(1, total * share / 100)
        }
    }

    /// One node, as far as waves are concerned.
    struct Item: Equatable {
        var name: String
        var recipes: [String]
        /// It may hold the virtual address, or what runs on all nodes together restarts: never touched beside another node.
        var isAlone: Bool
        /// It is new: nothing that runs on it would be touched, so nobody can miss it.
        var isIdle = false
    }

    /// Divides nodes, in their order, into waves. New ones are the first wave, however many they are. Then, however large
    /// the batch, at most half of the nodes with the same recipe are in one wave: the others of the cluster serve
    /// meanwhile. `sizes` says how many nodes of the whole cluster have a recipe.
    func waves(_ items: [Item], sizes: [String: Int]) -> [[Item]] {
        let new = items.filter { $0.isIdle && !$0.isAlone }
        let others = items.filter { !$0.isIdle || $0.isAlone }
        let limit = size(of: items.count)
        var waves: [[Item]] = []
        for item in others {
            if let last = waves.last, fits(item, last, limit, sizes) {
                waves[waves.count - 1].append(item)
            } else {
                waves.append([item])
            }
        }
        return new.isEmpty ? waves : [new] + waves
    }

    private func fits(_ item: Item, _ wave: [Item], _ limit: Int, _ sizes: [String: Int]) -> Bool {
        guard wave.count < limit, !item.isAlone, !wave.contains(where: \.isAlone) else { return false }
        return item.recipes.allSatisfy { recipe in
            wave.count { $0.recipes.contains(recipe) } + 1 <= max(1, (sizes[recipe] ?? 0) / 2)
        }
    }
}
