import Foundation
import Testing

/// Whether tests that need root and the lab's programs were asked for; `scripts/test` does.
let labTestsAreOn = ProcessInfo.processInfo.environment["PIDEP_LAB_TESTS"] == "1"

/// Tests with real containers, one after the other: they share this machine.
@Suite(.serialized, .enabled(if: labTestsAreOn)) struct LabEndToEnd {}
