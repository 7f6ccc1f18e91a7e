import Foundation

/// What a node answers to a `PreflightRequest`.
struct PreflightFacts: Equatable {
    /// A listening socket.
    struct Socket: Equatable {
        /// `tcp` or `udp`.
        var kind: String
        /// `*`, or an address.
        var address: String
        var port: Int
        /// The process's name.
        var process: String
        /// The unit that the process belongs to; empty: none.
        var unit: String
    }

    /// Something on the node's network that has an address.
    struct Neighbour: Equatable {
        var address: String
        var interface: String
        var hardwareAddress: String
    }

    /// Seconds since 1970 by the node's clock.
    var clock = 0.0
    /// `debian`, `raspbian`, … (os-release(5), ID).
    var distribution = ""
    /// `12` (os-release(5), VERSION_ID).
    var distributionRelease = ""
    /// As uname has it.
    var kernel = ""
    /// `systemd`, `packet`, `multicast`.
    var features: Set<String> = []
    /// Bytes of memory that programs can still have.
    var memoryFree: Int64 = 0
    /// Bytes that are left, by mount point.
    var free: [String: Int64] = [:]
    /// Hardware addresses by interface.
    var interfaces: [String: String] = [:]
    /// Addresses with their prefix lengths, by interface.
    var addresses: [String: [String]] = [:]
    var sockets: [Socket] = []
    var neighbours: [Neighbour] = []

    init(_ answer: String) throws(Facts.Failure) {
        let lines = answer.split(separator: "\n")
        guard lines.first == "preflight", lines.last == "end" else {
            throw Facts.Failure(
                sentence: "the answer to the preflight script is not whole: \(answer.suffix(200))")
        }
        for line in lines {
            let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            if words.count > 1 { read(words) }
        }
    }

    private mutating func read(_ words: [String]) {
        let value = words[1]
        switch (words[0], words.count) {
        case ("clock", 2): clock = Double(value) ?? 0
        case ("release", 3): (distribution, distributionRelease) = (value, words[2])
        case ("kernel", 2): kernel = value
        case ("feature", 2): features.insert(value)
        case ("memory", 2): memoryFree = (Int64(value) ?? 0) * 1024
        case ("disk", 3): free[value] = (Int64(words[2]) ?? 0) * 1024
        case ("interface", 3): interfaces[value] = words[2]
        case ("address", 3): addresses[value, default: []].append(words[2])
        case ("socket", 5):
            guard let colon = words[2].lastIndex(of: ":"),
                let port = Int(words[2][words[2].index(after: colon)...])
            else { return }
            // `0.0.0.0`, `*` and `[::]` take every address; `192.0.2.1%eth0` one of an interface.
            let address = words[2][..<colon].prefix { $0 != "%" }.filter { $0 != "[" && $0 != "]" }
            let isAny = ["*", "0.0.0.0", "::"].contains(address)
            sockets.append(
                Socket(
                    kind: value, address: isAny ? "*" : address, port: port, process: words[3], unit: words[4]
                ))
        case ("neighbour", 4):
            neighbours.append(Neighbour(address: value, interface: words[2], hardwareAddress: words[3]))
        default: break
        }
    }
}
