/// `pinode proxy`: HAProxy's job.
public enum ProxyCommand {
    /// Runs the command; returns its exit code.
    public static func run(_ arguments: [String]) -> Int32 { 2 }
}
