import Database

/// What a node tells of its PostgreSQL, for people and for health checks.
struct NodeStatus: Equatable, Sendable {
    enum State: UInt8, Sendable {
        case running = 0
        case streaming = 1
        case starting = 2
        case stopped = 3
        case copying = 4
        case rewinding = 5

        var word: String {
            switch self {
            case .running: "running"
            case .streaming: "streaming"
            case .starting: "starting"
            case .stopped: "stopped"
            case .copying: "copying"
            case .rewinding: "rewinding"
            }
        }
    }

    var state: State
    var isPrimary: Bool
    /// Written by a primary; replayed by a standby.
    var position: WALPosition
    /// Milliseconds since the last transaction that a standby has replayed.
    var replayAge: UInt32
    /// A setting waits for a restart.
    var isRestartPending: Bool
    /// Of 1000: how far a copy or a rewind is.
    var progress: UInt16
    /// What all databases take, in KiB; 0: not known.
    var sizeKiB: UInt32
    /// Room on the data folder's file system, in KiB.
    var freeKiB: UInt32

    func write(to writer: inout ByteWriter) {
        writer.byte(state.rawValue)
        writer.flag(isPrimary)
        writer.position(position)
        writer.number(replayAge)
        writer.flag(isRestartPending)
        writer.number(progress)
        writer.number(sizeKiB)
        writer.number(freeKiB)
    }

    init(
        state: State, isPrimary: Bool, position: WALPosition, replayAge: UInt32, isRestartPending: Bool,
        progress: UInt16, sizeKiB: UInt32, freeKiB: UInt32
    ) {
        self.state = state
        self.isPrimary = isPrimary
        self.position = position
        self.replayAge = replayAge
        self.isRestartPending = isRestartPending
        self.progress = progress
        self.sizeKiB = sizeKiB
        self.freeKiB = freeKiB
    }

    init?(from reader: inout ByteReader) {
        guard let state = reader.byte().flatMap({ State(rawValue: $0) }), let isPrimary = reader.flag(),
            let position = reader.position(), let age: UInt32 = reader.number(),
            let isPending = reader.flag(),
            let progress: UInt16 = reader.number(), let size: UInt32 = reader.number(),
            let free: UInt32 = reader.number()
        else { return nil }
        self.init(
            state: state, isPrimary: isPrimary, position: position, replayAge: age,
            isRestartPending: isPending,
            progress: progress, sizeKiB: size, freeKiB: free)
    }
}
