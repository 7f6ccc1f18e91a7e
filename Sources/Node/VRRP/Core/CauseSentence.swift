import Languages

extension VirtualRouter.Cause {
    /// For the log and the console, without a full stop.
    public var sentence: String {
        switch self {
        case .succession: "a new process took over from one that was active"
        case .interfaceReady: "the interface is up and has an address"
        case .interfaceUnusable: "the interface is down, has no carrier or no address"
        case .trackingFailed: "a tracked process does not run"
        case .trackingRecovered: "all tracked processes run"
        case .addressesRefused: "the kernel refused the virtual addresses"
        case .addressesRetried: "the virtual addresses are tried again"
        case .nobodyHeard: "no other router was heard"
        case .activeSilent(let address, let time):
            "\(address.text) was last heard \(Self.milliseconds(time)) ms ago"
        case .activeResigned(let address): "\(address.text) gave up (priority 0)"
        case .preempting(let address, let priority): "\(address.text) has only priority \(priority)"
        case .higherPriority(let address, let priority): "\(address.text) has priority \(priority)"
        case .tieLost(let address): "\(address.text) has the same priority and the greater address"
        case .overslept(let time):
            "this process did not run for \(Self.milliseconds(time)) ms and listens before it speaks"
        case .yielded: "an operator told it to stand back (pinode ctl vrrp yield)"
        case .stopped: "it was stopped"
        }
    }

    private static func milliseconds(_ time: Duration) -> Int64 {
        let (seconds, attoseconds) = time.components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
