/// Something that the lab could not do, as a sentence: what, on which node, at which step, and what to do.
public struct LabFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The whole sentence.
    public var sentence: String

    /// A failure in a sentence.
    public init(_ sentence: String) { self.sentence = sentence }

    /// The sentence, for whoever prints an error.
    public var description: String { sentence }
}
