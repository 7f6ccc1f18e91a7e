/// Why something could not be built, as a sentence that says what to do about it.
public struct BuildError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was wrong, where, and what to do.
    public var sentence: String

    /// An error; the sentence ends with a full stop or a command to type.
    public init(_ sentence: String) { self.sentence = sentence }

    /// The sentence.
    public var description: String { sentence }
}
