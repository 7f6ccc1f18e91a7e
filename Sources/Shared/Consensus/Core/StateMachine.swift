/// What the members agree on: the same commands, in the same order, on every member.
///
/// It must be deterministic: nothing but its state and the command may decide what comes out. Time, random numbers and
/// this node's name must come in the command, from whoever proposed it.
public protocol StateMachine {
    /// Applies a committed command. What it returns goes to the proposer, if that is this member.
    ///
    /// A command may come twice: a proposer that was told `.unknown` may have proposed it again. Commands must carry
    /// what it takes to notice that.
    mutating func apply(_ command: [UInt8], at index: UInt64) -> [UInt8]

    /// The whole state as bytes, at most `Settings.snapshotLimit` of them.
    func snapshot() -> [UInt8]

    /// Puts a snapshot in place of the state. False when this version cannot read it: the member stops.
    mutating func restore(_ snapshot: [UInt8]) -> Bool
}
