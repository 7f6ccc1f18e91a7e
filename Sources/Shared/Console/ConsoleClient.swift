import CLinux
import Reactor

/// Asks a role's console one command: `pinode ctl proxy show stat`.
public enum ConsoleClient {
    /// How long an answer may take.
    public static let timeout: Duration = .seconds(5)

    /// The whole answer, without the empty line at its end.
    public static func ask(_ command: String, at path: String) throws(SystemError) -> String {
        let descriptor = cl_connect_unix(path)
        guard descriptor >= 0 else { throw SystemError("connect to \(path)", code: -descriptor) }
        defer { close(descriptor) }
        var line = Array(command.utf8)
        line.append(UInt8(ascii: "\n"))
        let sent = line.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard sent == line.count else { throw SystemError("write to \(path)") }
        var answer: [UInt8] = []
        let deadline = Reactor.clock() + timeout
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count == 0 { break }
            if count > 0 {
                answer.append(contentsOf: chunk[0..<count])
            } else if cl_errno() == EAGAIN {
                guard Reactor.clock() < deadline else {
                    throw SystemError("wait for an answer at \(path)", code: ETIMEDOUT)
                }
                usleep(1000)
            } else {
                throw SystemError("read from \(path)")
            }
        }
        if answer.last == UInt8(ascii: "\n") { answer.removeLast() }
        return String(decoding: answer, as: UTF8.self)
    }
}
