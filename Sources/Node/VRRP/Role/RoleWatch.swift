import CLinux
import Console
import Reactor

/// Watches one of our own roles by its console: a connection is held open and asked again and again.
///
/// Closed: the role is dead, known at once. No answer: it hangs. Nobody to connect to: it does not come back.
final class RoleWatch: ProcessWatch, EventSource {
    /// Between an answer and the next question, and between two tries to connect.
    static let pingInterval: Duration = .milliseconds(100)
    /// After which a question without an answer means that the role hangs. On a node with ten times more to do than its cores
    /// can, answers took up to a second (2026-11-25): with 300 ms all nodes took their proxies for hung, again and again, and
    /// nobody had the address. A node that dies is not missed sooner than this either.
    static let pingTimeout: Duration = .seconds(2)
    /// So many answers in a row and the role runs.
    static let answersToRise = 3

    private let path: String
    private let reactor: Reactor
    private var descriptor: Int32 = -1
    private var answers = 0
    /// This very connection has been answered.
    private var isAnswered = false
    private var question: Deadline?
    private var timeout: Deadline?

    init(role: String, on reactor: Reactor) {
        path = "\(RuntimeFolder.path)/\(role).sock"
        self.reactor = reactor
    }

    override func start() { connect() }

    private func connect() {
        let result = cl_connect_unix(path)
        guard result >= 0 else {
            return fail("\(path): \(String(cString: cl_strerror(-result)))")
        }
        use(result)
    }

    /// A role that another process took over has its console there already: no reason to doubt it. It has the time of one
    /// question to answer.
    private func isReplaced() -> Bool {
        guard isAnswered else { return false }
        let result = cl_connect_unix(path)
        guard result >= 0 else { return false }
        disconnect()
        use(result)
        return true
    }

    private func use(_ result: Int32) {
        descriptor = result
        isAnswered = false
        do throws(SystemError) { try reactor.add(result, for: .read, self) } catch {
            return fail(error.sentence)
        }
        // Its answer is "> "; after it an empty line is answered with an empty line and "> ".
        ask("prompt\n")
    }

    private func ask(_ line: String) {
        let bytes = Array(line.utf8)
        let sent = bytes.withUnsafeBytes {
            send(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        }
        guard sent == bytes.count else { return fail("its console takes no question") }
        timeout = reactor.schedule(after: Self.pingTimeout) { [unowned(unsafe) self] in hang() }
    }

    func ready(_ readiness: Readiness) {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        if count < 0, cl_errno() == EAGAIN { return }
        guard count > 0 else {
            if !isReplaced() { fail("its console closed: it ended") }
            return
        }
        guard bytes[0..<count].contains(UInt8(ascii: ">")) else { return }
        timeout?.cancel()
        isAnswered = true
        answers += 1
        if answers >= Self.answersToRise { set(true, "its console answers") }
        question?.cancel()
        question = reactor.schedule(after: Self.pingInterval) { [unowned(unsafe) self] in ask("\n") }
    }

    /// The connection stays: a process that hangs accepts no other, and this one tells when it lives again.
    private func hang() {
        answers = 0
        set(false, "its console does not answer: it hangs")
    }

    private func disconnect() {
        timeout?.cancel()
        question?.cancel()
        guard descriptor >= 0 else { return }
        reactor.remove(descriptor)
        close(descriptor)
        descriptor = -1
    }

    private func fail(_ reason: String) {
        disconnect()
        answers = 0
        set(false, reason)
        question = reactor.schedule(after: Self.pingInterval) { [unowned(unsafe) self] in connect() }
    }
}
