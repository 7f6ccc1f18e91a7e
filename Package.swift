// swift-tools-version: 6.2
// One package, two halves. On the host `swift build` sees an ordinary package; with
// `--swift-sdk pidep-<arch>` (made by `pidep build`) the product `pinode` and what it needs
// compile as Embedded Swift. Whatever stands under Node and Shared must do both.
import PackageDescription

/// Warnings are errors in CI.
let strict: [SwiftSetting] = Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

/// Lifetimes lets our own types hand out RawSpan (`@_lifetime`).
let portable: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")] + strict

/// `pidep build` stamps version and architecture into the node runtime. By the environment and only into CLinux,
/// so that a new stamp compiles a few C files and links, no more.
let stamp: [CSetting] = ["PINODE_VERSION", "PINODE_ARCHITECTURE"].compactMap { name in
    Context.environment[name].map { .define(name, to: "\"\($0)\"") }
}

/// The switch for Sources/System/CTLS/trimmed.c (docs/decisions/0006): `pidep build` links OpenSSL statically.
let trimmedOpenSSL: [CSetting] =
    Context.environment["PINODE_ARCHITECTURE"] == nil ? [] : [.define("CTLS_TRIMMED")]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let histogram: Target.Dependency = .product(name: "Histogram", package: "hdrhistogram-swift")

func shared(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/Shared/\(name)", swiftSettings: portable)
}

func node(_ name: String, at path: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/Node/\(path)", swiftSettings: portable)
}

func workstation(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Sources/Workstation/\(name)", swiftSettings: strict)
}

func tests(_ name: String, at path: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies, path: "Tests/\(path)", swiftSettings: portable)
}

let package = Package(
    name: "pidep",
    products: [
        .executable(name: "pidep", targets: ["pidep"]),
        .executable(name: "pinode", targets: ["pinode"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // System: doors to C.
        .target(name: "CLinux", path: "Sources/System/CLinux", cSettings: [.define("_GNU_SOURCE")] + stamp),
        // C-Raft's step core: scripts/fetch-raft puts its sources into the folder `upstream`.
        .target(name: "CRaft", path: "Sources/System/CRaft"),
        // Its provider list for static binaries is for pinode alone: on the host OpenSSL is a shared library.
        .target(
            name: "CTLS", path: "Sources/System/CTLS", cSettings: trimmedOpenSSL,
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .systemLibrary(name: "COpenSSL", path: "Sources/System/COpenSSL"),
        .systemLibrary(name: "CSSH2", path: "Sources/System/CSSH2"),
        .systemLibrary(name: "CArchive", path: "Sources/System/CArchive"),

        // Shared: ordinary and Embedded Swift.
        shared("Diagnostics"),
        shared("JSON"),
        // Named here, too: an embedded build does not take it from the module map.
        .target(
            name: "Digest", dependencies: ["COpenSSL"], path: "Sources/Shared/Digest",
            swiftSettings: portable, linkerSettings: [.linkedLibrary("crypto")]),
        shared("Reactor", ["CLinux"]),
        shared("Service", ["CLinux"]),
        shared("Console", ["CLinux", "Reactor"]),
        shared("HTTP1", ["CLinux"]),
        shared("Languages", ["Diagnostics"]),
        shared("SocketAddresses", ["CLinux", "Languages"]),
        shared("Manifest", ["JSON", "Digest"]),
        shared("PostgreSQLWire", ["Digest"]),
        shared("TLS", ["CTLS"]),

        .target(
            name: "Consensus", dependencies: ["CRaft"], path: "Sources/Shared/Consensus/Core",
            swiftSettings: portable),

        .target(
            name: "ConsensusDriver", dependencies: ["Consensus", "CLinux", "COpenSSL", "Digest", "Reactor"],
            path: "Sources/Shared/Consensus/Driver", swiftSettings: portable,
            linkerSettings: [.linkedLibrary("crypto")]),

        // Node: the runtime.
        node("Apply", at: "Apply", ["CLinux", "JSON", "Digest", "Manifest", "Service"]),
        node("Proxy", at: "Proxy/Core", ["HTTP1", "Languages", "Diagnostics"]),
        node(
            "ProxyRole", at: "Proxy/Role",
            ["CLinux", "Proxy", "Reactor", "Service", "Console", "HTTP1", "Languages", "SocketAddresses"]),
        node("VRRP", at: "VRRP/Core", ["Languages", "Diagnostics"]),
        node(
            "VRRPRole", at: "VRRP/Role",
            ["CLinux", "VRRP", "Reactor", "Service", "Console", "Languages", "Diagnostics", "JSON"]),
        node("Control", at: "Control/Core", ["Consensus", "JSON"]),
        node(
            "ControlRole", at: "Control/Role",
            [
                "CLinux", "Control", "Consensus", "ConsensusDriver", "Reactor", "Service", "Console",
                "Languages",
                "Diagnostics", "JSON",
            ]),
        node("Database", at: "Database/Core", []),
        node(
            "DatabaseRole", at: "Database/Role",
            [
                "CLinux", "Database", "Reactor", "Service", "Console", "Languages", "Diagnostics", "JSON",
                "Manifest",
                "PostgreSQLWire", "Digest", "HTTP1",
            ]),
        node(
            "Pool", at: "Pool/Core", ["PostgreSQLWire", "Languages", "Diagnostics", "Digest", "JSON"]),
        node(
            "PoolRole", at: "Pool/Role",
            [
                "CLinux", "Pool", "Reactor", "Service", "Console", "Languages", "Diagnostics", "JSON",
                "SocketAddresses",
            ]),
        .executableTarget(
            name: "pinode",
            dependencies: [
                "CLinux", "Apply", "ProxyRole", "VRRPRole", "ControlRole", "DatabaseRole", "PoolRole",
                "Console", "Reactor", "Service",
            ],
            path: "Sources/Node/pinode", swiftSettings: portable),

        // Workstation: full Swift.
        workstation("Events", ["JSON", "CLinux"]),
        workstation("Commands", ["CLinux"]),
        workstation("Requirements", ["Commands", "JSON"]),
        workstation("Inventory", ["Diagnostics", "JSON"]),
        workstation(
            "Recipes", ["Inventory", "Diagnostics", "Manifest", "Digest", "Languages", yams, mustache]),
        workstation("Apt", ["Commands", "Digest", "JSON"]),
        workstation(
            "CrossBuild", ["Apt", "Commands", "Requirements", "Events", "Digest", "JSON", "CArchive"]),
        workstation("NodePackages", ["Apt", "Diagnostics", "Digest"]),
        workstation("SSH", ["CSSH2", "COpenSSL", "CLinux", "Digest", "Inventory"]),
        workstation(
            "Lab", ["Apt", "Commands", "Requirements", "Events", "Inventory", "JSON", "CLinux", "Digest"]),
        workstation(
            "Deployment",
            [
                "SSH", "Inventory", "Recipes", "Manifest", "JSON", "Digest", "Events", "CrossBuild", "HTTP1",
                "Apt", "CLinux", "CArchive", "Lab", "NodePackages", "Requirements",
            ]),
        workstation(
            "LoadTest", ["Inventory", "Lab", "Events", "Reactor", "HTTP1", "JSON", "CLinux", histogram]),
        .executableTarget(
            name: "pidep",
            dependencies: [
                "Events", "Commands", "Requirements", "Inventory", "Recipes", "CrossBuild", "SSH",
                "Deployment", "Lab",
                "LoadTest", "JSON", "Diagnostics",
                argumentParser,
            ],
            path: "Sources/Workstation/pidep", swiftSettings: strict),

        // Tests mirror Sources.
        tests("Diagnostics", at: "Shared/Diagnostics", ["Diagnostics"]),
        tests("JSON", at: "Shared/JSON", ["JSON"]),
        tests("Digest", at: "Shared/Digest", ["Digest"]),
        tests("Reactor", at: "Shared/Reactor", ["Reactor", "CLinux"]),
        tests("Console", at: "Shared/Console", ["Console", "Reactor", "CLinux"]),
        tests("HTTP1", at: "Shared/HTTP1", ["HTTP1"]),
        tests("Languages", at: "Shared/Languages", ["Languages", "Diagnostics", "Commands", "TestSupport"]),
        tests(
            "Consensus", at: "Shared/Consensus",
            ["Consensus", "ConsensusDriver", "CRaft", "Digest", "Reactor", "CLinux", "Simulator"]),
        tests("Manifest", at: "Shared/Manifest", ["Manifest", "JSON", "Digest"]),
        tests(
            "PostgreSQLWire", at: "Shared/PostgreSQLWire",
            ["PostgreSQLWire", "CLinux", "TestSupport"]),
        tests("TLS", at: "Shared/TLS", ["TLS", "Commands", "TestSupport"]),
        tests(
            "Apply", at: "Node/Apply",
            ["Apply", "Manifest", "JSON", "Digest", "CLinux", "Commands", "TestSupport"]),
        tests(
            "Proxy", at: "Node/Proxy",
            [
                "Proxy", "ProxyRole", "HTTP1", "Languages", "Reactor", "CLinux", "Console", "Commands",
                "TestSupport",
            ]),
        tests(
            "VRRP", at: "Node/VRRP",
            [
                "VRRP", "VRRPRole", "Languages", "CLinux", "Console", "Reactor", "JSON", "Commands",
                "TestSupport",
            ]),
        tests("Database", at: "Node/Database/Core", ["Database"]),
        tests(
            "DatabaseRole", at: "Node/Database/Role",
            [
                "DatabaseRole", "Database", "PostgreSQLWire", "Reactor", "Console", "JSON", "Commands",
                "CLinux", "TestSupport",
            ]),
        tests(
            "Pool", at: "Node/Pool",
            ["Pool", "Languages", "PostgreSQLWire", "TLS", "CLinux", "Commands", "TestSupport"]),
        tests("Events", at: "Workstation/Events", ["Events", "JSON"]),
        tests("Commands", at: "Workstation/Commands", ["Commands"]),
        tests("Apt", at: "Workstation/Apt", ["Apt"]),
        tests(
            "NodePackages", at: "Workstation/NodePackages",
            ["NodePackages", "Apt", "Commands", "Digest", "TestSupport"]),
        tests("Requirements", at: "Workstation/Requirements", ["Requirements", "JSON"]),
        tests("Inventory", at: "Workstation/Inventory", ["Inventory", "Diagnostics", "JSON", "Commands"]),
        tests(
            "Recipes", at: "Workstation/Recipes",
            ["Recipes", "Inventory", "Manifest", "Diagnostics", "Digest", "Commands", "Languages"]),
        tests(
            "CrossBuild", at: "Workstation/CrossBuild",
            ["Apt", "CrossBuild", "Requirements", "Commands", "Events", "Digest", "JSON", "TestSupport"]),
        tests("SSH", at: "Workstation/SSH", ["SSH", "Inventory", "Commands", "CLinux", "TestSupport"]),
        tests(
            "Deployment", at: "Workstation/Deployment",
            [
                "Deployment", "NodePackages", "Recipes", "Inventory", "Manifest", "SSH", "JSON", "Digest",
                "Events", "CrossBuild", "Commands", "TestSupport",
            ]),
        tests("Lab", at: "Workstation/Lab", ["Lab", "Inventory"]),
        tests(
            "LoadTest", at: "Workstation/LoadTest",
            ["LoadTest", "Inventory", "Events", "Reactor", "JSON", "CLinux"]),

        // What decides something between nodes runs in the deterministic simulator.
        .target(name: "Simulator", dependencies: ["Consensus"], path: "Tests/Simulator"),
        .target(name: "TestSupport", dependencies: ["Commands"], path: "Tests/Support"),
        tests(
            "Control", at: "Node/Control",
            ["Control", "ControlRole", "Consensus", "JSON", "CLinux", "TestSupport"]),
        tests(
            "Simulation", at: "Simulation",
            ["Simulator", "VRRP", "Languages", "Control", "Consensus", "Database", "Pool"]),
        // End to end in the lab; needs root, run by scripts/test with PIDEP_LAB_TESTS=1.
        tests(
            "LabEndToEnd", at: "Lab",
            [
                "Lab", "Inventory", "Commands", "CrossBuild", "SSH", "Deployment", "LoadTest", "JSON",
                "CLinux",
                "Manifest", "Digest", "TestSupport",
            ]),
    ],
    swiftLanguageModes: [.v6]
)
