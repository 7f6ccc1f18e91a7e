/// `pinode vrrp`: Keepalived's job.
public enum VRRPCommand {
    /// Runs the command; returns its exit code.
    public static func run(_ arguments: [String]) -> Int32 { 2 }
}
