// swift-tools-version: 6.2
// The Reactor alone with a forwarder on top, so that a change to it is measured half a minute later.
import PackageDescription

/// As `pidep build` compiles the node runtime.
let portable: [SwiftSetting] = [
    .enableExperimentalFeature("Lifetimes"), .unsafeFlags(["-enforce-exclusivity=unchecked"]),
]

let package = Package(
    name: "reactor-benchmark",
    targets: [
        .target(name: "CLinux", path: "Sources/CLinux", cSettings: [.define("_GNU_SOURCE")]),
        .target(name: "Reactor", dependencies: ["CLinux"], path: "Sources/Reactor", swiftSettings: portable),
        .executableTarget(
            name: "forward", dependencies: ["CLinux", "Reactor"], path: "Sources/forward",
            swiftSettings: portable),
    ],
    swiftLanguageModes: [.v6]
)
