import Foundation

/// Something that pidep needs on this machine, how to look for it, and what mends its absence: the same words in
/// `pidep doctor` and where a command fails for want of it.
public struct Requirement: Sendable {
    /// What cannot be done without it.
    public enum Purpose: String, Sendable, CaseIterable {
        /// `pidep build`.
        case build
        /// `pidep lab`.
        case lab
        /// `pidep plan`, `deploy`, `status`: whatever goes to nodes by SSH.
        case deploy
        /// Compiling pidep itself, and its tests.
        case develop
    }

    /// What a look at this machine found.
    public enum State: Sendable, Equatable {
        /// It is there; a few words say which or where.
        case present(String)
        /// It is not, as a sentence without a full stop.
        case missing(String)
    }

    /// It is missing: what is wrong and what mends it.
    public struct Missing: Error, Sendable, Equatable {
        /// For the person.
        public var sentence: String
    }

    /// A few words.
    public let name: String
    /// What it is needed for.
    public let purpose: Purpose
    /// Only some uses need it, or pidep makes it itself: its absence is no fault.
    public let isOptional: Bool
    /// What to type, or to do, when it is missing.
    public let remedy: String
    /// Looks for it. Changes nothing, needs no network, takes no longer than a second or so.
    public let check: @Sendable () -> State

    /// A requirement from its parts.
    public init(
        _ name: String, for purpose: Purpose, isOptional: Bool = false, remedy: String,
        check: @escaping @Sendable () -> State
    ) {
        self.name = name
        self.purpose = purpose
        self.isOptional = isOptional
        self.remedy = remedy
        self.check = check
    }

    /// Throws the sentence when it is missing.
    public func demand() throws(Missing) {
        if case .missing(let reason) = check() { throw missing(because: reason) }
    }

    /// The error for a reason that was found elsewhere.
    public func missing(because reason: String) -> Missing {
        Missing(sentence: "\(reason). To mend it: \(remedy)")
    }
}
