/// Variables that belong together and differ in the end of their names: `postgresql_parameter_*`.
public struct VariableFamily: Sendable, Equatable {
    /// The common beginning without its last `_`: `postgresql_parameter`.
    public var stem: String

    /// Reads `postgresql_parameter_*`; nil for the name of a single variable.
    public init?(_ name: String) {
        guard name.hasSuffix("_*"), name.utf8.count > 2 else { return nil }
        stem = String(name.dropLast(2))
    }

    /// What stands for the star in a variable's name; nil when it is not one of the family.
    public func key(of variable: String) -> String? {
        guard variable.hasPrefix("\(stem)_"), variable.utf8.count > stem.utf8.count + 1 else { return nil }
        return String(variable.dropFirst(stem.count + 1))
    }
}
