import CLinux
import Foundation
import JSON

/// A client of control's socket on one node.
class ControlClient {
    let folder: String
    private var socket: Int32 = -1
    private var received: [UInt8] = []
    private(set) var lastID = 0

    /// A client of the node whose runtime folder this is.
    init(of folder: String) { self.folder = folder }

    deinit { disconnect() }

    /// Connects to the socket, once it is there.
    func connect(within seconds: Double = 10) -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            socket = cl_connect_unix("\(folder)/control-clients.sock")
            if socket >= 0 {
                // The driver's sockets do not block; a client of a test may.
                let flags = fcntl(socket, F_GETFL)
                _ = fcntl(socket, F_SETFL, flags & ~O_NONBLOCK)
                return true
            }
            usleep(20_000)
        }
        return false
    }

    func disconnect() {
        if socket >= 0 { close(socket) }
        socket = -1
        received = []
    }

    /// Asks, and returns the answer to that; nil when none comes in time.
    func ask(_ members: String, within seconds: Double = 8) -> JSONValue? {
        lastID += 1
        let line = Array("{\"id\":\(lastID),\(members)}\n".utf8)
        guard socket >= 0, write(socket, line, line.count) == line.count else { return nil }
        return answer(to: lastID, within: seconds)
    }

    /// Says something that has no answer.
    func say(_ line: String) -> Bool {
        let bytes = Array("\(line)\n".utf8)
        return socket >= 0 && write(socket, bytes, bytes.count) == bytes.count
    }

    func answer(to id: Int, within seconds: Double) -> JSONValue? {
        next(within: seconds) { $0["id"]?.integer == Int64(id) }
    }

    /// The next line that is wanted; those before it are thrown away.
    func next(within seconds: Double, _ isWanted: (JSONValue) -> Bool) -> JSONValue? {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            while let newline = received.firstIndex(of: 10) {
                let line = Array(received[..<newline])
                received.removeFirst(newline + 1)
                if let json = try? JSONValue.parse(line), isWanted(json) { return json }
            }
            var item = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard poll(&item, 1, 50) > 0 else { continue }
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count = read(socket, &chunk, chunk.count)
            guard count > 0 else { return nil }
            received += chunk[..<count]
        }
        return nil
    }

    /// The epoch in which this node owns the lease now; nil when it does not.
    func take(_ lease: String, after epoch: Int64) -> Int64? {
        ask("\"take\":\"\(lease)\",\"after\":\(epoch)")?["result"]?["answer"]?["taken"]?.integer
    }

    /// Until when this node may act, nanoseconds since boot; nil when a majority does not promise within some seconds (a voter
    /// that has just started promises nothing for a lease's length).
    func renew(_ lease: String, epoch: Int64, within seconds: Double = 20) -> Int64? {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            var answer = ask(
                "\"renew\":\"\(lease)\",\"epoch\":\(epoch),\"asked\":\(cl_now_ns())", within: 0.3)
            while let json = answer {
                if let valid = json["valid"]?.integer { return valid }
                answer = self.answer(to: lastID, within: 0.1)
            }
        }
        return nil
    }
}
