import Digest

/// The whole desired state of one node, compiled on the workstation from inventory and recipes.
public struct Manifest: Equatable, Sendable {
    /// The node runtime that a release carries.
    public struct Runtime: Equatable, Sendable {
        /// What `pinode --version` says of it.
        public var version: String
        /// The digest of the binary.
        public var digest: SHA256Digest
        /// The binary's size in bytes.
        public var size: Int

        /// A binary by its digest.
        public init(version: String, digest: SHA256Digest, size: Int) {
            self.version = version
            self.digest = digest
            self.size = size
        }
    }

    /// The node's name in the inventory.
    public var node: String
    /// `armv7`, `arm64` or `amd64`: what the runtime was built for.
    public var architecture: String
    /// The binary that the units run.
    public var runtime: Runtime
    /// Debian packages that must be installed.
    public var packages: [String]
    /// In the order of the recipes.
    public var files: [ManagedFile]
    /// In the order in which they are started.
    public var units: [ManagedUnit]
    /// Groups that there must be.
    public var groups: [ManagedGroup] = []
    /// System users that there must be.
    public var users: [ManagedUser] = []
    /// Kernel modules that must be loaded, each with `_` for `-`. That they are at boot is a file's matter.
    public var modules: [String] = []
    /// Kernel parameters that must have a value. That they have it at boot is a file's matter.
    public var sysctls: [ManagedSysctl] = []

    /// A node's state.
    public init(
        node: String, architecture: String, runtime: Runtime, packages: [String], files: [ManagedFile],
        units: [ManagedUnit]
    ) {
        self.node = node
        self.architecture = architecture
        self.runtime = runtime
        self.packages = packages
        self.files = files
        self.units = units
    }
}

/// One path that a manifest decides about.
public struct ManagedFile: Equatable, Sendable {
    /// What stands at the path.
    public enum Content: Equatable, Sendable {
        case blob(SHA256Digest, size: Int)
        case directory
        case link(to: String)
        case absent
    }

    /// Absolute, without `.` and `..`.
    public var path: String
    /// What stands there.
    public var content: Content
    /// Permission bits, 0 to 0o7777.
    public var mode: UInt32
    /// The owning user's name.
    public var owner: String
    /// The owning group's name.
    public var group: String
    /// Units that are restarted, or reloaded, when this file changed.
    public var restart: [String]
    /// Units that are reloaded when this file changed.
    public var reload: [String]
    /// Whether it must be there before packages are installed, because they read it then. It belongs to root.
    public var isEarly = false

    /// A path and what shall stand there.
    public init(
        path: String, content: Content, mode: UInt32 = 0o644, owner: String = "root", group: String = "root",
        restart: [String] = [], reload: [String] = []
    ) {
        self.path = path
        self.content = content
        self.mode = mode
        self.owner = owner
        self.group = group
        self.restart = restart
        self.reload = reload
    }
}

/// One systemd unit that a manifest decides about.
public struct ManagedUnit: Equatable, Sendable {
    /// With its suffix: `apache2.service`.
    public var name: String
    /// Whether it is started at boot.
    public var enabled: Bool
    /// Whether it is started now.
    public var running: Bool
    /// What a new node runtime means to it.
    public var onNewRuntime: OnNewRuntime

    /// What a new node runtime means to a unit.
    public enum OnNewRuntime: String, Equatable, Sendable {
        /// It does not run it.
        case nothing
        /// It is restarted.
        case restart
        /// It is reloaded: its `ExecReload=` lets a process of the new runtime take over.
        case reload
    }

    /// A unit and how it shall be.
    public init(name: String, enabled: Bool, running: Bool, onNewRuntime: OnNewRuntime = .nothing) {
        self.name = name
        self.enabled = enabled
        self.running = running
        self.onNewRuntime = onNewRuntime
    }
}
