import CLinux

/// Messages from other threads for the loop of one: rare ones, none is on the way of a request.
public final class ThreadMailbox<Message>: @unchecked Sendable {
    /// Readable when there is mail.
    public let bell: Int32
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var messages: [Message] = []
    private var isClosed = false

    /// An empty one.
    public init() throws(SystemError) {
        bell = cl_eventfd()
        guard bell >= 0 else { throw SystemError("eventfd") }
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        close(bell)
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Leaves a message and wakes the loop; false when nobody will read it any more. Any thread may.
    @discardableResult
    public func post(_ message: Message) -> Bool {
        pthread_mutex_lock(mutex)
        let isTaken = !isClosed
        let wasEmpty = messages.isEmpty
        if isTaken { messages.append(message) }
        pthread_mutex_unlock(mutex)
        if isTaken, wasEmpty { eventfd_write(bell, 1) }
        return isTaken
    }

    /// Takes no more messages, if none is left to be read. Only the loop's thread may.
    public func closeIfEmpty() -> Bool {
        pthread_mutex_lock(mutex)
        if messages.isEmpty { isClosed = true }
        let isClosed = isClosed
        pthread_mutex_unlock(mutex)
        return isClosed
    }

    /// All messages, in order. Only the loop's thread may.
    public func take() -> [Message] {
        var count: UInt64 = 0
        _ = eventfd_read(bell, &count)
        pthread_mutex_lock(mutex)
        let taken = messages
        messages = []
        pthread_mutex_unlock(mutex)
        return taken
    }
}
