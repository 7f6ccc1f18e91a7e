import Languages
import VRRP

/// What one virtual router has seen and done since it started.
struct InstanceCounters {
    var sent: UInt64 = 0
    var sendErrors: UInt64 = 0
    /// Taken as advertisements for us.
    var received: UInt64 = 0
    var rejections = RejectionCounters()
    /// Of those received: with other virtual addresses than ours.
    var otherAddresses: UInt64 = 0
    /// Of those received: from another Active while we were.
    var rivals: UInt64 = 0
    /// Rounds of gratuitous ARP.
    var announcements: UInt64 = 0
    var transitions: UInt64 = 0
    var last: VirtualRouter.Transition?
    var lastAt: Duration = .zero
}
