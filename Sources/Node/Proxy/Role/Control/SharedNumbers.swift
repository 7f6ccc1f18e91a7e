import CLinux

/// A row of numbers that all threads read and change.
final class SharedNumbers: @unchecked Sendable {
    private let numbers: UnsafeMutablePointer<Int32>
    private let count: Int

    init(count: Int) {
        self.count = max(count, 1)
        numbers = .allocate(capacity: self.count)
        numbers.initialize(repeating: 0, count: self.count)
    }

    deinit { numbers.deallocate() }

    private func place(_ index: Int) -> UnsafeMutablePointer<Int32> {
        precondition(index >= 0 && index < count)
        return numbers + index
    }

    subscript(index: Int) -> Int32 {
        get { cl_atomic_load(place(index)) }
        set { cl_atomic_store(place(index), newValue) }
    }

    /// Adds and returns the new value.
    @discardableResult
    func add(_ value: Int32, at index: Int = 0) -> Int32 { cl_atomic_add(place(index), value) }

    /// Sets bits and returns the new value.
    @discardableResult
    func set(_ bits: Int32, at index: Int = 0) -> Int32 { cl_atomic_or(place(index), bits) }

    /// Clears bits and returns the new value.
    @discardableResult
    func clear(_ bits: Int32, at index: Int = 0) -> Int32 { cl_atomic_and(place(index), ~bits) }
}
