import Pool

extension Endpoint {
    /// The path of a Unix socket, with `@` in front in the abstract namespace; nil for TCP.
    var path: String? {
        switch host {
        case .address: nil
        case .folder(let folder): "\(folder)/.s.PGSQL.\(port)"
        case .abstract(let name): "@\(name)/.s.PGSQL.\(port)"
        }
    }
}
