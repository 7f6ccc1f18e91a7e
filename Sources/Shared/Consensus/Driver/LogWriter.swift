import CLinux
import Consensus
import Reactor

/// Writes the log in a thread of its own: an SD card may take seconds for a flush, and the loop must go on meanwhile.
///
/// What was asked for while a flush ran goes into the next one.
final class LogWriter: EventSource, @unchecked Sendable {
    /// What has come of writes.
    enum Report {
        /// All up to this ticket are on the disk, which has so much room left.
        case persisted(ticket: UInt64, freeKiB: UInt16)
        /// The disk failed; nothing is written any more.
        case failed(LogError)
    }

    private let bell: Int32
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let wakeUp: UnsafeMutablePointer<pthread_cond_t>
    // Under the mutex.
    private var waiting: [(write: Write, ticket: UInt64)] = []
    private var reports: [Report] = []
    private var isStopping = false
    // The thread's.
    private var store: LogStore<FileDisk>
    private var thread = pthread_t()
    private let reactor: Reactor
    private let handler: (Report) -> Void

    /// Starts the thread. `handler` is called by the loop.
    init(_ store: LogStore<FileDisk>, on reactor: Reactor, _ handler: @escaping (Report) -> Void)
        throws(SystemError)
    {
        bell = cl_eventfd()
        guard bell >= 0 else { throw SystemError("eventfd") }
        mutex = .allocate(capacity: 1)
        wakeUp = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wakeUp, nil)
        self.store = store
        self.reactor = reactor
        self.handler = handler
        try reactor.add(bell, for: .read, self)
        let argument = Unmanaged.passRetained(self).toOpaque()
        let code = cl_start_thread(&thread, argument) { argument in
            guard let argument else { return nil }
            Unmanaged<LogWriter>.fromOpaque(argument).takeRetainedValue().work()
            return nil
        }
        guard code == 0 else {
            Unmanaged<LogWriter>.fromOpaque(argument).release()
            reactor.remove(bell)
            throw SystemError("start the thread that writes the log", code: code)
        }
    }

    deinit {
        close(bell)
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(wakeUp)
        mutex.deallocate()
        wakeUp.deallocate()
    }

    /// Asks for a write.
    func add(_ write: Write, _ ticket: UInt64) {
        pthread_mutex_lock(mutex)
        waiting.append((write, ticket))
        pthread_cond_signal(wakeUp)
        pthread_mutex_unlock(mutex)
    }

    /// Waits until all that was asked for is written, and ends the thread. No report comes any more.
    func stop() {
        pthread_mutex_lock(mutex)
        let wasStopping = isStopping
        isStopping = true
        pthread_cond_signal(wakeUp)
        pthread_mutex_unlock(mutex)
        guard !wasStopping else { return }
        pthread_join(thread, nil)
        reactor.remove(bell)
    }

    func ready(_ readiness: Readiness) {
        var count: UInt64 = 0
        _ = eventfd_read(bell, &count)
        pthread_mutex_lock(mutex)
        let new = reports
        reports = []
        pthread_mutex_unlock(mutex)
        for report in new { handler(report) }
    }

    private func work() {
        while let batch = next() {
            do throws(LogError) {
                try store.perform(batch.map { $0.write })
                post(.persisted(ticket: batch[batch.count - 1].ticket, freeKiB: store.disk.freeKiB))
            } catch {
                post(.failed(error))
                return
            }
        }
    }

    private func next() -> [(write: Write, ticket: UInt64)]? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while waiting.isEmpty && !isStopping { pthread_cond_wait(wakeUp, mutex) }
        defer { waiting = [] }
        return waiting.isEmpty ? nil : waiting
    }

    private func post(_ report: Report) {
        pthread_mutex_lock(mutex)
        reports.append(report)
        pthread_mutex_unlock(mutex)
        eventfd_write(bell, 1)
    }
}
