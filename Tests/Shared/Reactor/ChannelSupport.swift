import CLinux
import Testing

@testable import Reactor

/// The drivers that every test of channels runs with.
let drivers: [IODriver] = [.epoll, .ioUring]

/// Writes down what a channel tells.
final class Recorder: ChannelOwner {
    var connected = 0
    var bytes: [UInt8] = []
    /// How often bytes came.
    var receptions = 0
    var drained = 0
    var ends: [SystemError?] = []
    var whenReceived: (Channel, [UInt8]) -> Void = { _, _ in }
    var whenEnded: (Channel) -> Void = { _ in }
    var whenDrained: (Channel) -> Void = { _ in }

    func channelConnected(_ channel: Channel) { connected += 1 }
    func channel(_ channel: Channel, received new: UnsafeRawBufferPointer) {
        receptions += 1
        bytes.append(contentsOf: new)
        whenReceived(channel, Array(new))
    }
    func channelDrained(_ channel: Channel) {
        drained += 1
        whenDrained(channel)
    }
    func channelEnded(_ channel: Channel, _ error: SystemError?) {
        ends.append(error)
        whenEnded(channel)
    }
}

extension Channel {
    func send(_ bytes: [UInt8]) { bytes.withUnsafeBytes { send($0) } }
    func send(_ text: String) { send(Array(text.utf8)) }
}

extension Reactor {
    /// Turns until something holds; false when it does not in so many turns of 10 ms.
    func turn(until holds: () -> Bool, turns: Int = 1000) -> Bool {
        for _ in 0..<turns {
            if holds() { return true }
            turn(waiting: 10_000_000)
        }
        return holds()
    }

    /// Turns as long as there is something to do.
    func settle(_ turns: Int = 5) { for _ in 0..<turns { turn(waiting: 1_000_000) } }
}

/// Two connected sockets: one for a channel, one for the test, which reads and writes it without waiting.
struct Pair {
    let ours: Int32
    let theirs: Int32
    private let inode: UInt

    init(_ type: Int = Int(SOCK_STREAM.rawValue)) throws {
        var both: [Int32] = [-1, -1]
        let flags = Int32(type) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, flags, 0, &both) == 0)
        (ours, theirs) = (both[0], both[1])
        inode = Self.inode(ours)
    }

    /// Whether our end is still open. Its number alone does not say: tests beside this one open files, too.
    var isOpen: Bool { Self.inode(ours) == inode }

    private static func inode(_ descriptor: Int32) -> UInt {
        var information = stat()
        return fstat(descriptor, &information) == 0 ? UInt(information.st_ino) : 0
    }

    func write(_ text: String) {
        _ = Array(text.utf8).withUnsafeBytes { cl_send(theirs, $0.baseAddress, $0.count) }
    }

    /// What one recv(2) gives; nil when there is nothing.
    func read() -> [UInt8]? { readOnce(theirs) }
}

func readOnce(_ descriptor: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 256 * 1024)
    let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    return count < 0 ? nil : Array(bytes.prefix(count))
}

/// A listening TCP socket of the loopback and its address.
func listenOnLoopback() throws -> (descriptor: Int32, address: cl_peer) {
    var address = cl_peer()
    address.low = 0x7F00_0001
    let descriptor = cl_listen_peer(&address, 0, 4096)
    try #require(descriptor >= 0)
    try #require(cl_socket_address(descriptor, 0, &address) == 0)
    return (descriptor, address)
}
