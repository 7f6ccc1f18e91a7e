import Apt
import Digest

/// What has to be installed on one node so that it has what its recipes want: apt's answer, made on the workstation.
public struct PackageResolution: Sendable, Equatable {
    /// One package that is installed or made newer.
    public struct Package: Sendable, Equatable {
        /// Debian's name.
        public var name: String
        /// The version that the node has; nil: none.
        public var from: String?
        /// The version that it gets.
        public var to: String
        /// Bytes of its file.
        public var size: Int
        /// The file's digest: its name in the cache.
        public var digest: SHA256Digest
        /// No recipe names it: another package needs it.
        public var isDependency: Bool

        /// A package.
        public init(
            name: String, from: String? = nil, to: String, size: Int, digest: SHA256Digest, isDependency: Bool
        ) {
            self.name = name
            self.from = from
            self.to = to
            self.size = size
            self.digest = digest
            self.isDependency = isDependency
        }
    }

    /// In the order of apt's list.
    public var packages: [Package]
    /// What the packages take on the node's disk once they are installed, in bytes.
    public var installedSize: Int64

    /// A resolution.
    public init(packages: [Package], installedSize: Int64 = 0) {
        self.packages = packages
        self.installedSize = installedSize
    }

    /// Bytes that are sent.
    public var downloadSize: Int64 { packages.reduce(0) { $0 + Int64($1.size) } }
}

/// A distribution's release on an architecture: nodes that share it get the same versions.
public struct NodeSystem: Sendable, Hashable {
    /// `ID` of os-release(5): `debian`, `raspbian`.
    public var distribution: String
    /// `VERSION_CODENAME`: `bookworm`.
    public var codename: String
    /// dpkg's word: `armhf`, `arm64`, `amd64`.
    public var architecture: String

    /// A system.
    public init(distribution: String, codename: String, architecture: String) {
        self.distribution = distribution
        self.codename = codename
        self.architecture = architecture
    }

    /// `debian-bookworm-armhf`: the folder of its indexes.
    var name: String { "\(distribution)-\(codename)-\(architecture)" }

    /// Words that may be a folder's name, whatever the node said.
    var isUsable: Bool {
        [distribution, codename, architecture].allSatisfy { word in
            !word.isEmpty && word.utf8.count <= 64
                && word.utf8.allSatisfy { ($0 >= 97 && $0 <= 122) || ($0 >= 48 && $0 <= 57) }
        }
    }
}

/// What a node lacks, and what apt must know to say how to mend it.
public struct PackageRequest: Sendable {
    /// The node's name.
    public var node: String
    /// What it runs.
    public var system: NodeSystem
    /// Packages that its recipes want and it has not.
    public var missing: [String]
    /// All that its recipes want.
    public var wanted: [String]
    /// Its /var/lib/dpkg/status.
    public var status: String
    /// Its sources.
    public var sources: [PackageSource]

    /// A request.
    public init(
        node: String, system: NodeSystem, missing: [String], wanted: [String], status: String,
        sources: [PackageSource]
    ) {
        self.node = node
        self.system = system
        self.missing = missing
        self.wanted = wanted
        self.status = status
        self.sources = sources
    }
}
