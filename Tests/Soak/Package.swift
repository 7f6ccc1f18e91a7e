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
        .target(
            name: "Pool", path: "Sources/Node/Pool/Core", sources: ["Routing", "SQL"],
            swiftSettings: portable),
        .target(name: "Simulator", dependencies: ["Consensus"], path: "Tests/Simulator"),
        .executableTarget(
            name: "simulate", dependencies: ["Simulator", "Consensus", "Control", "Database", "Pool"],
            path: "Tests",
            exclude: [
                "Simulator", "Simulation/VRRP", "Soak/Package.swift",
                "Simulation/Consensus/AgreementTests.swift", "Simulation/Control/LeaseTests.swift",
                "Simulation/Control/LifeTests.swift", "Simulation/Control/MembershipTests.swift",
                "Simulation/Database/DatabaseSimulationTests.swift",
                "Simulation/Pool/ReadSimulationTests.swift",
            ],
            sources: [
                "Soak/main.swift", "Simulation/Consensus", "Simulation/Control", "Simulation/Database",
                "Simulation/Pool",
            ]),
    ],
    swiftLanguageModes: [.v6]
)
