/// The two times that decide who takes over (RFC 9568 section 6.1).
///
/// In nanoseconds, so that no two priorities share a skew at any interval: in whole centiseconds every
/// skew at 10 ms would be 0 and all backups would take over together.
public enum ElectionTimers {
    /// `(256 - Priority) * Active_Adver_Interval / 256`
    public static func skew(priority: UInt8, interval: Duration) -> Duration {
        .nanoseconds(nanoseconds(interval) * (256 - Int64(priority)) / 256)
    }

    /// `3 * Active_Adver_Interval + Skew_Time`
    public static func activeDownInterval(priority: UInt8, interval: Duration) -> Duration {
        .nanoseconds(nanoseconds(interval) * 3) + skew(priority: priority, interval: interval)
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
