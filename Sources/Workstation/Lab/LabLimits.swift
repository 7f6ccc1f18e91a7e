/// Every time and size that the lab waits for or allows itself; described in `docs/lab.md`.
public struct LabLimits: Sendable, Equatable {
    /// How long a command waits for another one on the same lab.
    public var lockTimeout: Duration = .seconds(120)
    /// How long a node may take from its start until its sshd lets us in.
    public var bootTimeout: Duration = .seconds(60)
    /// How long killed processes may take to be gone.
    public var killTimeout: Duration = .seconds(10)
    /// How long a frozen node may take to stand still.
    public var freezeTimeout: Duration = .seconds(10)
    /// How long a file system may stay busy after its last process has gone.
    public var unmountTimeout: Duration = .seconds(10)
    /// How long `ip`, `nft`, `mkfs.ext4` and `ssh-keygen` may run.
    public var toolTimeout: Duration = .seconds(20)
    /// How long one build of the root file system may take.
    public var buildTimeout: Duration = .seconds(900)
    /// How often the root file system is tried: a Debian mirror in the middle of a sync fails for a while.
    public var buildAttempts = 3
    /// The pause between two tries.
    public var buildPause: Duration = .seconds(10)
    /// How long `status` waits for the greeting of a node's sshd.
    public var probeTimeout: Duration = .seconds(1)
    /// How long a command that `exec` runs and collects may take.
    public var execTimeout: Duration = .seconds(600)
    /// The defaults.
    public init() {}
}
