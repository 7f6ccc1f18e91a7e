/// Why a document is not a manifest, as a sentence.
public struct ManifestError: Error, Equatable, Sendable {
    /// What is wrong, without a full stop.
    public var sentence: String

    init(_ sentence: String) { self.sentence = sentence }
}
