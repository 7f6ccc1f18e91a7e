import Inventory

/// What every template knows without a recipe declaring it. `docs/recipes.md` explains each.
enum TemplateFacts {
    /// Facts about a node, in lists of nodes as well as for the node itself.
    static let ofNode = [
        "name", "address", "host", "arch", "interface", "is_first", "is_last", "is_self",
        "number", "is_founder",
    ]
    /// In the list of a family's variables.
    static let ofFamily = ["key", "value"]
    /// Facts about the cluster, or about the node within its recipe.
    static let ofCluster = [
        "cluster", "vip", "has_vip", "lab", "lab_armv7", "nodes", "peers", "siblings", "rank",
        "descending",
    ]
    static let names = ofNode + ofFamily + ofCluster

    /// How many of the nodes with a recipe decide together from the very beginning: an odd number, so that none is there for
    /// nothing. Two could lose one and be none; then one alone decides.
    static func founders(of count: Int) -> Int { count >= 7 ? 5 : count >= 3 ? 3 : min(count, 1) }

    /// 200 for the first node that has a recipe, then falling evenly: for protocols that elect the highest number
    /// of 1 to 254. Steps of 10 where that many nodes leave room for them.
    static func descending(rank: Int, of count: Int) -> Int {
        let step = max(1, min(10, 199 / max(1, count)))
        return max(1, 200 - step * (rank - 1))
    }
}
