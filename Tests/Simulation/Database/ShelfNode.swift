import Database
import Simulator

/// One node of the shelf, or control.
enum ShelfNode: SimulatedNode {
    case member(DatabaseNode)
    case control(SimulatedControl)

    enum Disturbance {
        /// The postmaster is killed.
        case killPostgres
        /// The agent stands still for so long; PostgreSQL and its supervisor go on.
        case freezeAgent(Duration)
        /// The agent is killed, PostgreSQL with it; both start again.
        case killAgent
        case diskFull(Bool)
        case switchover
    }

    var deadline: Duration? {
        switch self {
        case .member(let node): node.deadline
        case .control(let control): control.deadline
        }
    }

    mutating func start(at now: Duration) -> [Outgoing<ShelfMail>] {
        switch self {
        case .member(let node):
            return node.wake(at: now)
        case .control(var control):
            control.start(at: now)
            self = .control(control)
            return []
        }
    }

    mutating func receive(_ message: ShelfMail, from sender: Int, at now: Duration) -> [Outgoing<ShelfMail>] {
        switch self {
        case .member(let node):
            return node.receive(message, from: sender, at: now)
        case .control(var control):
            defer { self = .control(control) }
            return control.receive(message, from: sender, at: now)
        }
    }

    mutating func wake(at now: Duration) -> [Outgoing<ShelfMail>] {
        switch self {
        case .member(let node):
            return node.wake(at: now)
        case .control(var control):
            defer { self = .control(control) }
            return control.wake(at: now)
        }
    }

    mutating func disturb(_ disturbance: Disturbance, at now: Duration) -> [Outgoing<ShelfMail>] {
        guard case .member(let node) = self else { return [] }
        return node.disturb(disturbance, at: now)
    }
}
