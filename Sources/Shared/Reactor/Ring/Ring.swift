import CLinux

/// A Reactor's io_uring: submissions and completions, and who waits for which.
///
/// A completion names a place of the table, the place's generation and what was asked for. A place is free only
/// when nothing that was submitted for it is under way, so that no completion can meet a stranger.
final class Ring {
    /// Submissions that wait at most before they are handed over in the middle of a turn.
    static let entries: UInt32 = 256
    /// Buffers that the kernel receives into, for all channels of the Reactor together, and the size of each: what
    /// a turn receives at most (1 MB), before the kernel has to be asked again.
    static let buffers: UInt32 = 128
    static let bufferSize: UInt32 = 8 * 1024

    enum Operation: UInt8 {
        case receive = 1
        case send
        case connect
        case hangup
        case accept
        case events
    }

    private struct Place {
        var channel: Channel?
        var acceptor: Acceptor?
        var generation: UInt32 = 0
    }

    let handle: OpaquePointer
    private var places: [Place] = []
    private var free: [UInt32] = []
    /// Completions that were met while one was waited for.
    private var stash: [cl_completion] = []
    private var watchesEvents = false

    init(buffers: UInt32 = Ring.buffers) throws(SystemError) {
        var code: Int32 = 0
        var step: UnsafePointer<CChar>?
        guard let handle = cl_ring_open(Self.entries, buffers, Self.bufferSize, &code, &step) else {
            throw SystemError(step.map { String(cString: $0) } ?? "io_uring_setup", code: code)
        }
        self.handle = handle
    }

    deinit { cl_ring_close(handle) }

    // MARK: Places

    func place(for channel: Channel?, _ acceptor: Acceptor? = nil) -> UInt32 {
        let place: UInt32
        if let last = free.popLast() {
            place = last
        } else {
            place = UInt32(places.count)
            places.append(Place())
        }
        places[Int(place)].channel = channel
        places[Int(place)].acceptor = acceptor
        return place
    }

    /// Nothing is under way for it any more.
    func release(_ place: UInt32) {
        places[Int(place)].channel = nil
        places[Int(place)].acceptor = nil
        places[Int(place)].generation &+= 1
        free.append(place)
    }

    /// What a submission carries: 32 bits of place, 24 of generation, 8 of operation (none is 0).
    func data(_ place: UInt32, _ operation: Operation) -> UInt64 {
        let generation = UInt64(places[Int(place)].generation & 0xFF_FFFF)
        return UInt64(place) << 32 | generation << 8 | UInt64(operation.rawValue)
    }

    func channels() -> [Channel] { places.compactMap { $0.channel } }

    // MARK: Turning

    func hasRoom(_ count: UInt32) -> Bool { cl_ring_make_room(handle, count) != 0 }

    /// Hands over what waits; waits for completions at most so many nanoseconds.
    func enter(waiting: Int64) {
        let result = cl_ring_enter(handle, stash.isEmpty ? waiting : 0)
        // All else would be a mistake of ours, like turning in another thread than before.
        precondition(result == 0, "io_uring_enter failed: a Reactor turns in one thread only")
    }

    /// Tells from now on when an epoll set has events.
    func watchEvents(of epoll: Int32) {
        guard !watchesEvents, hasRoom(1) else { return }
        watchesEvents = true
        cl_ring_poll(handle, epoll, Readiness.read.rawValue, 1, UInt64(Operation.events.rawValue))
    }

    /// Handles all that has been done. Whether the epoll set has something is the answer.
    func handleCompletions() -> Bool {
        var events = false
        if !stash.isEmpty {
            let earlier = stash
            stash = []
            for completion in earlier { if dispatch(completion) { events = true } }
        }
        var completion = cl_completion()
        while cl_ring_next(handle, &completion) != 0 { if dispatch(completion) { events = true } }
        return events
    }

    /// Waits until something holds that completions of one place bring about; all others keep for the turn.
    func wait(for place: UInt32, until holds: () -> Bool) {
        while !holds() {
            guard cl_ring_enter(handle, 1_000_000_000) == 0 else { return }
            var completion = cl_completion()
            while cl_ring_next(handle, &completion) != 0 {
                if completion.data >> 32 == UInt64(place), completion.data & 0xFF != 0 {
                    _ = dispatch(completion)
                } else {
                    stash.append(completion)
                }
            }
        }
    }

    private func dispatch(_ completion: cl_completion) -> Bool {
        guard let operation = Operation(rawValue: UInt8(truncatingIfNeeded: completion.data)) else {
            return false
        }
        var completion = completion
        if operation == .events {
            watchesEvents = cl_completion_has_more(&completion) != 0
            return true
        }
        let place = Int(completion.data >> 32)
        if place < places.count,
            UInt32(truncatingIfNeeded: completion.data >> 8) & 0xFF_FFFF == places[place].generation
                & 0xFF_FFFF
        {
            if let channel = places[place].channel {
                channel.completed(operation, completion, self)
            } else if let acceptor = places[place].acceptor {
                acceptor.completed(completion, self)
            }
        }
        cl_ring_give_back(handle, &completion)
        return false
    }
}
