import CLinux
import Console
import Languages
import Proxy
import Reactor

/// What one proxy process gives to the next: listening sockets, and what operators and checks know about the servers.
///
/// The text has a line for each thing: `fd PLACE NUMBER` for a socket that the file calls `fd@NUMBER`, and
/// `server BACKEND NAME WISH HEALTH WEIGHT`, where `-` stands for what the file says or the checks do not know.
struct ProxyHandover {
    /// What one server was.
    struct Server {
        var backend: String
        var name: String
        /// Nil: as the file says.
        var wish: ServerState.Administrative?
        /// Nil: not checked.
        var isUp: Bool?
        /// Nil: as the file says.
        var weight: Int?
    }

    private let handover: Handover
    private var numbers: [Int: Int32] = [:]
    private(set) var servers: [Server] = []

    init(_ handover: Handover) {
        self.handover = handover
        for line in handover.text.utf8.split(separator: UInt8(ascii: "\n")) {
            let words = line.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
            if words.count == 3, words[0] == "fd", let place = Int(words[1]), let number = Int32(words[2]) {
                numbers[place] = number
            }
            if words.count == 6, words[0] == "server" {
                servers.append(
                    Server(
                        backend: words[1], name: words[2], wish: Self.wish(words[3]),
                        isUp: words[4] == "-" ? nil : words[4] == "up", weight: Int(words[5])))
            }
        }
    }

    private static func wish(_ word: String) -> ServerState.Administrative? {
        switch word {
        case "ready": .ready
        case "drain": .drain
        case "maintenance": .maintenance
        default: nil
        }
    }

    /// The socket that listens already where the bind wants it; it is the caller's from then on.
    func take(_ bind: HAProxyConfiguration.Bind) -> Int32? {
        for (place, descriptor) in handover.descriptors.enumerated() where descriptor >= 0 {
            switch bind.endpoint {
            case .address(let address, let port):
                var own = cl_peer()
                guard numbers[place] == nil, cl_socket_address(descriptor, 0, &own) == 0,
                    Peer(own) == Peer(address: address, port: port)
                else { continue }
            case .descriptor(let number): guard numbers[place] == number else { continue }
            }
            handover.descriptors[place] = -1
            return descriptor
        }
        return nil
    }

    /// The new process is up: the old one serves what it has and ends.
    func complete() throws(SystemError) { try handover.complete() }

    // MARK: The old process's side

    /// The text for sockets and servers.
    static func text(_ sockets: [ProxyPlan.Socket], _ checkers: [[ServerChecker]]) -> String {
        var text = ""
        for (place, socket) in sockets.enumerated() {
            if let number = socket.number { text += "fd \(place) \(number)\n" }
        }
        for checker in checkers.joined() {
            let state = checker.state
            let wish =
                switch state.administrative {
                case .ready: checker.server.startsInMaintenance ? "ready" : "-"
                case .drain: "drain"
                case .maintenance: state.isDisabledByFile ? "-" : "maintenance"
                }
            let health = state.health.map { $0.isUp ? "up" : "down" } ?? "-"
            let weight = state.weight == checker.server.weight ? "-" : "\(state.weight)"
            let line = "server \(checker.backendName) \(checker.server.name) \(wish) \(health) \(weight)\n"
            guard text.utf8.count + line.utf8.count <= Handover.maximumText else { break }
            text += line
        }
        return text
    }
}
