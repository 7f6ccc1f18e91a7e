import CLinux
import Foundation

extension DatabaseShelf {
    /// What a node's health server answers to a client on the network.
    struct HealthAnswer: Sendable {
        var status: Int
        var body: String
    }

    /// Asks a node over HTTP; nil: no answer.
    func ask(_ target: String, of node: Int, method: String = "GET") -> HealthAnswer? {
        let request = "\(method) \(target) HTTP/1.1\r\nHost: n\(node)\r\nConnection: close\r\n\r\n"
        let (path, address) = (network.clientPath, ShelfNetwork.address(node))
        // Namespaces are a thread's: this one's stays.
        let box = AnswerBox()
        let thread = Thread {
            if cl_enter_network(path) == 0 { box.text = Self.exchange(request, with: address) }
            box.done.signal()
        }
        thread.start()
        box.done.wait()
        let parts = box.text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        guard let status = parts.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            return nil
        }
        return HealthAnswer(status: status, body: parts.count > 1 ? String(parts[1]) : "")
    }

    private final class AnswerBox: @unchecked Sendable {
        let done = DispatchSemaphore(value: 0)
        var text = ""
    }

    private static func exchange(_ request: String, with address: String) -> String {
        let descriptor = cl_connect_tcp(address, 8008, nil)
        guard descriptor >= 0 else { return "" }
        defer { CLinux.close(descriptor) }
        var unsent = Array(request.utf8)
        var received: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let end = Date(timeIntervalSinceNow: 10)
        while Date() < end {
            var watched = pollfd(
                fd: descriptor, events: Int16(unsent.isEmpty ? POLLIN : POLLOUT), revents: 0)
            guard poll(&watched, 1, 100) > 0 else { continue }
            if !unsent.isEmpty {
                let count = unsent.withUnsafeBytes {
                    send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
                }
                guard count > 0 else { return "" }
                unsent.removeFirst(count)
            } else {
                let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
                guard count > 0 else { break }
                received += bytes[0..<count]
            }
        }
        return String(decoding: received, as: UTF8.self)
    }
}
