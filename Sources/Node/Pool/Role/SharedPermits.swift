import CLinux
import Pool

/// Permits of all workers of a process. Taken when connections come and go, never on the way of a query.
final class SharedPermits: PermitBook, @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let book = OwnPermits()

    init() {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func place(_ name: String) -> Int { locked { book.place(name) } }

    func take(_ place: Int, below limit: Int) -> Bool { locked { book.take(place, below: limit) } }

    func give(_ place: Int) { locked { book.give(place) } }

    func count(_ place: Int) -> Int { locked { book.count(place) } }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}
