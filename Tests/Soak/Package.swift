// swift-tools-version: 6.2
import PackageDescription

// The cores and their simulations alone, as a program: scripts/soak and scripts/mutations put this in place of the manifest in
// a copy of the tree. It builds in a minute, and again in seconds after a core has changed.
let portable: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")]

let package = Package(
    name: "simulations",
    targets: [
        .target(
            name: "CRaft", path: "Sources/System/CRaft"),
        .target(name: "JSON", path: "Sources/Shared/JSON", swiftSettings: portable),
        .target(
            name: "Consensus", dependencies: ["CRaft"], path: "Sources/Shared/Consensus/Core",
            swiftSettings: portable + [.unsafeFlags(["-enable-testing"])]),
        .target(
            name: "Control", dependencies: ["Consensus", "JSON"], path: "Sources/Node/Control/Core",
            swiftSettings: portable),
        .target(name: "Database", path: "Sources/Node/Database/Core", swiftSettings: portable),
        .systemLibrary(name: "COpenSSL", path: "Sources/System/COpenSSL"),
        .target(
            name: "Digest", dependencies: ["COpenSSL"], path: "Sources/Shared/Digest",
            swiftSettings: portable,
            linkerSettings: [.linkedLibrary("crypto")]),
        .target(name: "Diagnostics", path: "Sources/Shared/Diagnostics", swiftSettings: portable),
        .target(
            name: "Languages", dependencies: ["Diagnostics"], path: "Sources/Shared/Languages",
            swiftSettings: portable),
        .target(
            name: "PostgreSQLWire", dependencies: ["Digest"], path: "Sources/Shared/PostgreSQLWire",
            swiftSettings: portable),
        .target(
            name: "Pool", dependencies: ["PostgreSQLWire", "Languages", "Diagnostics", "Digest", "JSON"],
            path: "Sources/Node/Pool/Core",
            swiftSettings: portable + [.unsafeFlags(["-enable-testing"])]),
        .target(name: "TestSupport", path: "Tests/Support", sources: ["SplitMix64.swift"]),
        .target(name: "Simulator", dependencies: ["Consensus"], path: "Tests/Simulator"),
        .executableTarget(
            name: "simulate",
            dependencies: [
                "Simulator", "Consensus", "Control", "Database", "Pool", "Languages", "PostgreSQLWire",
                "TestSupport",
            ],
            path: "Tests",
            exclude: [
                "Simulator", "Support", "Simulation/VRRP", "Soak/Package.swift",
                "Simulation/Consensus/AgreementTests.swift", "Simulation/Control/LeaseTests.swift",
                "Simulation/Control/LifeTests.swift", "Simulation/Control/MembershipTests.swift",
                "Simulation/Database/DatabaseSimulationTests.swift",
                "Simulation/Pool/ReadSimulationTests.swift", "Node/Pool/Simulation/PoolSimulationTests.swift",
            ],
            sources: [
                "Soak/main.swift", "Simulation/Consensus", "Simulation/Control", "Simulation/Database",
                "Simulation/Pool", "Node/Pool/Support", "Node/Pool/Simulation",
            ]),
    ],
    swiftLanguageModes: [.v6]
)
