import Diagnostics

/// What a file in Keepalived's language says, as far as `pinode vrrp` speaks it (keepalived.conf(5), 2.2.7).
///
/// Every word means what Keepalived's manual says; `docs/vrrp.md` lists the words. All of it has been
/// checked: a value of this type can be run.
public struct KeepalivedConfiguration: Sendable, Equatable {
    /// At most so many virtual addresses in one instance (Keepalived's recommendation for one advert).
    public static let maximumAddresses = 20
    /// The VRRPv3 advertisement interval is a 12-bit number of these (RFC 9568 section 5.2.7).
    public static let intervalUnit: Duration = .milliseconds(10)

    /// A word for this machine in messages; Keepalived's default is the host's name.
    public var routerID: String?
    /// In the order of the file.
    public var instances: [Instance] = []
    /// In the order of the file.
    public var trackProcesses: [TrackProcess] = []

    /// `vrrp_instance`: one virtual router on one interface.
    public struct Instance: Sendable, Equatable {
        /// Its name in logs and on the console.
        public var name: String
        /// Where it begins in the file.
        public var line: Int
        /// Where adverts go, and addresses that name no other.
        public var interface: String
        /// 1 to 255, the same on all routers of one group.
        public var virtualRouterID: UInt8
        /// 1 to 254.
        public var priority: UInt8 = 100
        /// 10 ms to 40.95 s, a multiple of 10 ms.
        public var advertisementInterval: Duration = .seconds(1)
        /// What moves: at least one, at most `maximumAddresses`.
        public var addresses: [VirtualAddress] = []
        /// Whether a router with higher priority takes over from one with lower priority that works.
        public var preempt = true
        /// How long after start, or after hearing a lower priority for the first time, it waits before it does.
        public var preemptDelay: Duration = .zero
        /// What the priority depends on.
        public var trackedProcesses: [TrackedProcess] = []
    }

    /// A line of `virtual_ipaddress`.
    public struct VirtualAddress: Sendable, Hashable {
        /// The address itself.
        public var address: IPv4Address
        /// 0 to 32; 32 where the file says nothing.
        public var prefixLength: UInt8
        /// The instance's own, or what `dev` says.
        public var interface: String

        /// An address with its prefix length, on an interface.
        public init(address: IPv4Address, prefixLength: UInt8, interface: String) {
            self.address = address
            self.prefixLength = prefixLength
            self.interface = interface
        }

        /// `192.0.2.29/24`
        public var text: String { "\(address.text)/\(prefixLength)" }
    }

    /// A line of an instance's `track_process`.
    public struct TrackedProcess: Sendable, Equatable {
        /// A `TrackProcess` of the same file.
        public var name: String
        /// -254 to 254: positive is added while the process runs, negative while it does not; with 0
        /// the instance is in fault while it does not.
        public var weight: Int
    }

    /// `vrrp_track_process`: something that must run.
    public struct TrackProcess: Sendable, Equatable {
        /// How parameters are compared.
        public enum ParameterMatch: Sendable, Equatable {
            /// All of them, exactly.
            case exact
            /// The process may have more of them.
            case partial
            /// The last one may be longer.
            case initial
        }

        /// What `track_process` calls it.
        public var name: String
        /// Where it begins in the file.
        public var line: Int
        /// `pinode ROLE` means our own role, watched through its console; anything else a process's name.
        public var command: String
        /// The words after the command.
        public var parameters: [String] = []
        /// Nil: parameters do not count, unless there are some (then exact).
        public var parameterMatch: ParameterMatch?
        /// Whether `command` is compared with the command line's first word instead of the process's name.
        public var fullCommand = false
        /// -254 to 254; what `TrackedProcess.weight` is where it says nothing. Keepalived's default is 1.
        public var weight = 1
        /// So many processes must run.
        public var quorum = 1
        /// How long it must run again before it counts as running (`fork_delay`).
        public var riseDelay: Duration = .zero
        /// How long it must be gone before it counts as gone (`terminate_delay`).
        public var fallDelay: Duration = .zero

        /// The role of pinode that is meant, or nil for another program.
        public var role: String? { command == "pinode" ? parameters.first : nil }
    }

    /// A configuration that says nothing.
    public init() {}

    /// Reads a file's text. With an error among the diagnostics the configuration must not be used.
    ///
    /// - Parameter file: the file's name as the diagnostics are to say it.
    public static func parse(_ text: String, file: String) -> (KeepalivedConfiguration, [Diagnostic]) {
        var parser = KeepalivedParser(file: file)
        parser.parse(Array(text.utf8))
        return (parser.configuration, parser.sortedDiagnostics())
    }
}
