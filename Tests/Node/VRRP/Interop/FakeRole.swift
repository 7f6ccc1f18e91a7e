import CLinux
import Console
import Foundation
import Reactor

/// The console of a role that can hang and die.
final class FakeRole: @unchecked Sendable {
    private let lock = NSLock()
    private var isHanging = false
    private var isOver = false
    private let done = DispatchSemaphore(value: 0)

    /// Answers at a path until it dies.
    init(at path: String) throws {
        let ready = DispatchSemaphore(value: 0)
        let thread = Thread { [self] in
            defer { done.signal() }
            guard let reactor = try? Reactor(),
                let console = try? ConsoleServer(on: reactor, path: path, answer: { _ in "" })
            else { return _ = ready.signal() }
            ready.signal()
            while true {
                let (hangs, over) = lock.withLock { (isHanging, isOver) }
                if over { break }
                if hangs { usleep(5000) } else { reactor.turn(limit: .milliseconds(10)) }
            }
            console.close()
        }
        thread.start()
        ready.wait()
    }

    func hang() { lock.withLock { isHanging = true } }
    func recover() { lock.withLock { isHanging = false } }

    func die() {
        lock.withLock { isOver = true }
        done.wait()
    }
}
