import CLinux
import Foundation
import Inventory

/// What is loaded: one address and path, over one device where the cluster is a lab.
public struct Target: Sendable, Equatable {
    /// The path that says which node answered.
    public static let defaultPath = "/node.php?json"

    /// IPv4 or IPv6.
    public var address: String
    /// 80 for the cluster's own proxy.
    public var port: UInt16
    /// With its query, as it stands in the request line.
    public var path: String
    /// The interface that all packets leave by; nil for whatever the routes say.
    public var device: String?

    /// A target from its parts; refuses what cannot stand in a request line.
    public init(address: String, port: UInt16 = 80, path: String = defaultPath, device: String? = nil)
        throws(LoadTestError)
    {
        var binary = in6_addr()
        guard inet_pton(AF_INET, address, &binary) == 1 || inet_pton(AF_INET6, address, &binary) == 1 else {
            throw .usage("\"\(address)\" is no IPv4 or IPv6 address.")
        }
        guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .usage("path \"\(path)\" cannot be asked for: write it as in a URL, from its first /.")
        }
        self.address = address
        self.port = port
        self.path = path
        self.device = device
    }

    /// The virtual address of a cluster, on the lab's bridge when it is one. The bridge must be there: a lab's
    /// packet never leaves this machine.
    public init(_ cluster: Cluster, path: String = defaultPath) throws(LoadTestError) {
        guard let address = cluster.virtualAddress else {
            throw .usage("\(cluster.file) names no virtual address. Write vip = ADDRESS under [all:vars].")
        }
        if let lab = cluster.lab, if_nametoindex(lab.bridge) == 0 {
            throw .failed(
                "the lab of \(cluster.file) is not up: there is no interface \(lab.bridge). "
                    + "Type: pidep lab up --inventory \(cluster.file)")
        }
        try self.init(address: address, path: path, device: cluster.lab?.bridge)
    }

    /// The request's bytes; all requests of a run are the same.
    func request(newConnection: Bool) -> [UInt8] {
        let host = address.contains(":") ? "[\(address)]" : address
        let connection = newConnection ? "Connection: close\r\n" : ""
        return Array(
            """
            GET \(path) HTTP/1.1\r
            Host: \(host)\(port == 80 ? "" : ":\(port)")\r
            User-Agent: pidep-loadtest\r
            Accept: */*\r
            \(connection)\r

            """.utf8)
    }

    /// `http://192.0.2.29/node.php?json`
    public var url: String {
        let host = address.contains(":") ? "[\(address)]" : address
        return "http://\(host)\(port == 80 ? "" : ":\(port)")\(path)"
    }
}

/// Why there is no report, as a sentence.
public enum LoadTestError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was asked for cannot be done: exit code 2.
    case usage(String)
    /// The run could not begin: exit code 1.
    case failed(String)

    /// For the person who typed the command.
    public var sentence: String {
        switch self {
        case .usage(let sentence), .failed(let sentence): sentence
        }
    }

    /// The sentence.
    public var description: String { sentence }
}
