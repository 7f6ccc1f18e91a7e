extension Cluster {
    /// What the inventory describes, in one sentence.
    public var summary: String {
        let names = nodes.map(\.name).joined(separator: ", ")
        let count = nodes.count == 1 ? "1 node" : "\(nodes.count) nodes"
        let kind = lab == nil ? "a cluster" : "a lab"
        let vip = virtualAddress.map { " behind \($0)" } ?? ""
        return "\(file): \(kind) of \(count) (\(names))\(vip)."
    }
}
