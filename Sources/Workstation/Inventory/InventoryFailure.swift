import Diagnostics

/// An inventory that cannot be used: all that is wrong with it, sorted by line.
public struct InventoryFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Errors and warnings.
    public var diagnostics: [Diagnostic]

    /// A failure of at least one error.
    public init(diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

    /// One sentence a line.
    public var sentence: String { diagnostics.map(\.sentence).joined(separator: "\n") }

    /// The sentences: what a command prints that lets this error through.
    public var description: String { sentence }
}
