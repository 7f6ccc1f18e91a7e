import CLinux
import Reactor

/// One client of a console.
final class ConsoleConnection: EventSource {
    enum Answer {
        case text(String)
        /// `resume` brings it; commands behind this one wait.
        case later
        /// There is none: the connection ends.
        case none
    }

    private enum Part {
        case command(String)
        case endOfLine
    }

    private let descriptor: Int32
    private let reactor: Reactor
    private let answer: (String) -> Answer
    private let closed: () -> Void
    private var received: [UInt8] = []
    private var unsent: [UInt8] = []
    private var parts: [Part] = []
    private var isWaiting = false
    private var isWorking = false
    private var interactive = false
    private var finished = false
    private var isOpen = true
    private var idle: Deadline?

    init(
        _ descriptor: Int32, on reactor: Reactor, answer: @escaping (String) -> Answer,
        closed: @escaping () -> Void
    ) {
        self.descriptor = descriptor
        self.reactor = reactor
        self.answer = answer
        self.closed = closed
    }

    func start() {
        do throws(SystemError) { try reactor.add(descriptor, for: .read, self) } catch { return close() }
        armIdle()
    }

    private func armIdle() {
        idle?.cancel()
        idle =
            interactive
            ? nil : reactor.schedule(after: ConsoleServer.idleTimeout) { [unowned(unsafe) self] in close() }
    }

    func ready(_ readiness: Readiness) {
        if readiness.contains(.read) { receive() }
        if isOpen, readiness.contains(.write) { send() }
        if isOpen, readiness.contains(.error) || readiness.contains(.hangup) { close() }
    }

    private func receive() {
        var chunk = [UInt8](repeating: 0, count: ConsoleServer.maximumLine)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count == 0 || (count < 0 && cl_errno() != EAGAIN) { return close() }
        guard count > 0 else { return }
        received.append(contentsOf: chunk[0..<count])
        splitLines()
        work()
        guard isOpen else { return }
        if received.count > ConsoleServer.maximumLine { return close() }
        armIdle()
        send()
    }

    private func splitLines() {
        while let end = received.firstIndex(where: { $0 == UInt8(ascii: "\n") }) {
            let line = received[received.startIndex..<end]
            received = Array(received[(end + 1)...])
            for part in line.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false) {
                parts.append(.command(trimmed(part)))
            }
            parts.append(.endOfLine)
        }
    }

    /// One command after the other, until one is answered later.
    private func work() {
        guard !isWorking else { return }
        isWorking = true
        while !isWaiting, !finished, !parts.isEmpty {
            switch parts.removeFirst() {
            case .command(let command): handle(command)
            case .endOfLine:
                if interactive { unsent.append(contentsOf: "> ".utf8) } else { finished = true }
            }
        }
        isWorking = false
    }

    /// The answer to the command that waits.
    func resume(_ text: String) {
        guard isOpen, isWaiting else { return }
        isWaiting = false
        say(text)
        work()
        armIdle()
        send()
    }

    private func handle(_ command: String) {
        switch command {
        case "prompt": interactive = true
        case "quit": finished = true
        case "" where interactive: unsent.append(UInt8(ascii: "\n"))
        default:
            isWaiting = true
            switch answer(command) {
            case .text(let text):
                isWaiting = false
                say(text)
            case .later: break
            case .none:
                isWaiting = false
                finished = true
            }
        }
    }

    private func say(_ text: String) {
        unsent.append(contentsOf: text.utf8)
        if unsent.last != UInt8(ascii: "\n") { unsent.append(UInt8(ascii: "\n")) }
        unsent.append(UInt8(ascii: "\n"))
    }

    private func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        var part = bytes
        while let last = part.last, last == 32 || last == 13 || last == 9 { part.removeLast() }
        while let first = part.first, first == 32 || first == 9 { part.removeFirst() }
        return String(decoding: part, as: UTF8.self)
    }

    private func send() {
        while !unsent.isEmpty {
            let count = unsent.withUnsafeBytes {
                CLinux.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            unsent.removeFirst(count)
        }
        if unsent.isEmpty, finished { return close() }
        reactor.modify(descriptor, for: unsent.isEmpty ? .read : [.read, .write])
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        idle?.cancel()
        reactor.remove(descriptor)
        CLinux.close(descriptor)
        closed()
    }
}
