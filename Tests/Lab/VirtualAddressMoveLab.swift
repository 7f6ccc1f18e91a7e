import Foundation
import JSON
import Testing

extension LabEndToEnd {
    /// A deploy that restarts both roles on both edge nodes: the address moves away and back, and no client notices.
    @Suite(.serialized) struct AddressMove {
        private static let units = ["pinode-proxy", "pinode-vrrp"]

        @Test("changed unit files of proxy and vrrp are deployed under load without a failed request")
        func restartedEdge() throws {
            let cluster = try ClusterFixture("pidepmove")
            try cluster.run {
                #expect(try cluster.waits(for: "nustler3", toBe: "active"))
                var before: [String: String] = [:]
                for node in ["nustler3", "nustler4"] {
                    for unit in Self.units {
                        before["\(node) \(unit)"] = try start(of: unit, cluster, node)
                        try cluster.node(
                            node, "sh", "-c", "echo '# edited' >> /etc/systemd/system/\(unit).service")
                    }
                }
                let kept = BackgroundLoad(cluster, seconds: 45)
                let new = BackgroundLoad(cluster, seconds: 45, "--new-connections")
                usleep(3_000_000)
                let deployed = try cluster.pidep(["deploy", cluster.inventory, "--yes", "--json"])
                let said = deployed.standardOutput + deployed.standardError
                #expect(deployed.code == 0, "\(said)")
                #expect(said.contains("moving the virtual address to nustler4"), "\(said)")
                #expect(said.contains("moving the virtual address back from nustler4"), "\(said)")
                #expect(!said.contains("connections when the virtual address left it"), "\(said)")
                for load in [kept, new] {
                    let report = try #require(load.report())
                    #expect(report["requests"]?["failed"]?.integer == 0, "\(report.compact)\n\(said)")
                    #expect((report["requests"]?["answered"]?.integer ?? 0) > 5500, "\(report.compact)")
                    // Both nodes had it, and clients of both were served.
                    #expect((report["holders"]?.elements?.count ?? 0) >= 2, "\(report.compact)")
                }
                for (key, time) in before {
                    let words = key.split(separator: " ").map(String.init)
                    #expect(try start(of: words[1], cluster, words[0]) != time, "\(key) was not restarted")
                }
                #expect(try cluster.router("nustler3")?["state"]?.text == "active")
                for node in ["nustler3", "nustler4"] {
                    #expect(try cluster.router(node)?["order"] == .null, "\(node) still has an order")
                    let info = try cluster.node(
                        node, "/opt/pinode/current/pinode", "ctl", "proxy", "show", "info")
                    #expect(info.contains("Frontends: ready\n"), "\(node): \(info)")
                }
                #expect(try cluster.pidep(["plan", cluster.inventory]).code == 0)
            }
        }

        /// When a unit's process started last.
        private func start(of unit: String, _ cluster: ClusterFixture, _ node: String) throws -> String {
            try cluster.node(
                node, "systemctl", "show", "--value", "--property=ExecMainStartTimestampMonotonic", unit)
        }
    }
}
