import Commands
import Foundation
import Testing

@testable import Languages

/// What we accept, Debian's keepalived accepts: a file can change engines.
@Suite struct KeepalivedAgreementTests {
    static let isPossible = Command.path(of: "keepalived") != nil && getuid() == 0

    @Test(
        "Debian's keepalived -t accepts what we accept",
        .enabled(if: isPossible, "needs root and Debian's package keepalived"),
        arguments: KeepalivedExamples.all)
    func accepted(text: String) throws {
        #expect(KeepalivedConfiguration.parse(text, file: "f").1 == [])
        let path = FileManager.default.temporaryDirectory.path + "/vrrp-\(UUID().uuidString).conf"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        // keepalived looks its interfaces up: it gets its own, in a network namespace that ends with it.
        let script = """
            ip link add eth0 type veth peer name eth1 && ip link set eth0 up && ip link set eth1 up &&
            ip address add 198.51.100.1/24 dev eth0 && exec keepalived -t -l -f "$1"
            """
        let output = try Command(["unshare", "--net", "sh", "-c", script, "sh", path], timeout: 10).runAny()
        #expect(output.code == 0, "\(output.standardError)\(output.standardOutput)")
    }
}
