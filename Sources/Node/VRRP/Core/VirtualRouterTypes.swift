import Languages

extension VirtualRouter {
    /// What the configuration says.
    public struct Settings: Sendable, Equatable {
        /// 1 to 255.
        public var virtualRouterID: UInt8
        /// 1 to 254.
        public var priority: UInt8
        /// Advertisement_Interval.
        public var interval: Duration
        /// Preempt_Mode.
        public var preempt: Bool
        /// How long a lower priority is followed before it is preempted.
        public var preemptDelay: Duration
        /// What moves.
        public var addresses: [IPv4Address]

        /// Settings of one virtual router.
        public init(
            virtualRouterID: UInt8, priority: UInt8, interval: Duration, preempt: Bool = true,
            preemptDelay: Duration = .zero, addresses: [IPv4Address]
        ) {
            self.virtualRouterID = virtualRouterID
            self.priority = priority
            self.interval = interval
            self.preempt = preempt
            self.preemptDelay = preemptDelay
            self.addresses = addresses
        }
    }

    /// RFC 9568 section 6.4, with Initialize in two: at rest, and kept from taking part.
    public enum State: Sendable, Equatable {
        case initialize
        /// Something stands in the way: see `obstacles`. It neither speaks nor listens.
        case fault
        case backup
        case active

        /// As people and the console's JSON say it.
        public var name: String {
            switch self {
            case .initialize: "initialize"
            case .fault: "fault"
            case .backup: "backup"
            case .active: "active"
            }
        }
    }

    /// What keeps a router from taking part.
    public struct Obstacles: OptionSet, Sendable {
        /// A bit each.
        public let rawValue: UInt8
        /// Any combination.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// No such interface, it is down, has no carrier, or no address of its own.
        public static let interface = Obstacles(rawValue: 1)
        /// A tracked process with weight 0 does not run.
        public static let tracking = Obstacles(rawValue: 2)
        /// The kernel refused to add the virtual addresses.
        public static let addresses = Obstacles(rawValue: 4)
    }

    /// What happens to a router.
    public enum Event: Sendable, Equatable {
        /// The interface works and has this address of its own, or (nil) it cannot be used.
        case interface(IPv4Address?)
        /// What tracked processes make of the priority: a sum of weights, or nil for fault.
        case tracking(adjustment: Int?)
        case advertisement(Advertisement, from: IPv4Address)
        /// Somebody else removed a virtual address from the interface.
        case addressesLost
        /// The virtual addresses could not be added.
        case addressesRefused
        /// Time has passed: `deadline` is reached. Whatever the socket holds must be handed over before.
        case time
        case stop
        /// An operator: stand back for so long (`Order.Kind.yield`); an Active gives the addresses up now.
        case yield(for: Duration)
        /// An operator: as Active stay it for so long (`Order.Kind.pin`). Nothing in any other state.
        case pin(for: Duration)
        /// An operator: no order any more.
        case resume
        /// The process before this one was Active, holds the addresses still, and is about to go without a word. Comes
        /// first; once nothing stands in the way the router goes on as Active.
        case succeed
    }

    /// What the driver must do, in this order.
    public enum Action: Sendable, Equatable {
        /// `VirtualRouter.advertisement(priority:)`, now.
        case send(priority: UInt8)
        case addAddresses
        case removeAddresses
        /// One gratuitous ARP for every virtual address.
        case announce
        case changed(Transition)
        /// Another router with lower priority, or the smaller address, says that it is Active while we are.
        case rival(IPv4Address, priority: UInt8)
    }

    /// A change of state, and why.
    public struct Transition: Sendable, Equatable {
        /// Before.
        public var from: State
        /// After.
        public var to: State
        /// Why.
        public var cause: Cause

        /// From, to, why.
        public init(from: State, to: State, cause: Cause) {
            self.from = from
            self.to = to
            self.cause = cause
        }
    }

    /// Why a router changed its state. Nothing else changes it.
    public enum Cause: Sendable, Equatable {
        case succession
        case interfaceReady
        case interfaceUnusable
        case trackingFailed
        case trackingRecovered
        case addressesRefused
        case addressesRetried
        /// Nobody was heard since we began to listen.
        case nobodyHeard
        /// The Active was last heard so long ago.
        case activeSilent(IPv4Address, Duration)
        case activeResigned(IPv4Address)
        /// The Active has a lower priority and we may preempt.
        case preempting(IPv4Address, priority: UInt8)
        case higherPriority(IPv4Address, priority: UInt8)
        /// Same priority, greater address.
        case tieLost(IPv4Address)
        /// This process did not run for so long after it should have spoken; others may have taken over.
        case overslept(Duration)
        /// An operator told it to.
        case yielded
        case stopped
    }
}
