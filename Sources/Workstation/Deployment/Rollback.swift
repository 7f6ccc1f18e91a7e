/// Back to a release that a node still has.
enum Rollback {
    /// Applies it with its own runtime, which knows its own manifest; the blobs are kept as long as the release is.
    static func command(to release: String) -> String {
        let folder = "/opt/pinode/releases/\(release)"
        return "\(quote("\(folder)/pinode")) apply --manifest \(quote("\(folder)/manifest.json"))"
    }
}
