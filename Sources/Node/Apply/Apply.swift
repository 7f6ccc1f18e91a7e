/// `pinode apply`: makes this node equal to its manifest.
public enum ApplyCommand {
    /// Runs the command; returns its exit code.
    public static func run(_ arguments: [String]) -> Int32 { 2 }
}
