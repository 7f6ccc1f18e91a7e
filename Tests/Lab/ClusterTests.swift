import Foundation
import JSON
import Testing

/// What a newcomer does, and then the failures that the virtual address must survive.
extension LabEndToEnd {
    @Suite(.serialized) struct WholePath {
        @Test(
            "a deployed cluster answers, is well, has nothing left to do, and moves its address away from a bad proxy"
        )
        func hostArchitecture() throws {
            let cluster = try ClusterFixture("pidepwhole")
            try cluster.run {
                #expect(try cluster.smoke() == "")
                #expect(try cluster.pidep(["plan", cluster.inventory]).code == 0)
                let again = try cluster.pidep(["deploy", cluster.inventory, "--yes"])
                #expect(again.code == 0)
                #expect((again.standardOutput + again.standardError).contains("Nothing to do"))
                #expect(try cluster.waits(for: "nustler3", toBe: "active"))
                let status = try cluster.pidep(["status", cluster.inventory])
                #expect(status.code == 0, "\(status.standardOutput)")

                try deadProxy(cluster)
                try hungProxy(cluster)
                try proxyThatDoesNotComeBack(cluster)
                try deadNode(cluster)
                try changedTemplate(cluster)
                try rollingDeploy(cluster)
                try nodeThatFails(cluster)
                try rollback(cluster)
            }
        }

        @Test("the armv7 build does the same under qemu's user emulation")
        func armv7() throws {
            let cluster = try ClusterFixture("pideparm")
            try cluster.run(architecture: "armv7") {
                let version = try cluster.node("nustler1", "/opt/pinode/current/pinode", "--version")
                #expect(version.contains("armv7"))
                #expect(try cluster.smoke() == "")
                #expect(try cluster.waits(for: "nustler3", toBe: "active"))
                try deadNode(cluster)
            }
        }

        /// Killed, it is started again by systemd; meanwhile the other node has the address.
        private func deadProxy(_ cluster: ClusterFixture) throws {
            let before = try transitions(cluster, "nustler4")
            try cluster.node("nustler3", "systemctl", "kill", "-s", "KILL", "pinode-proxy")
            #expect(try cluster.waits(for: "nustler3", toBe: "active"), "the address does not come back")
            #expect(try transitions(cluster, "nustler4") >= before + 2, "nustler4 never had the address")
        }

        private func hungProxy(_ cluster: ClusterFixture) throws {
            try cluster.node("nustler3", "systemctl", "kill", "-s", "STOP", "pinode-proxy")
            #expect(try cluster.waits(for: "nustler4", toBe: "active"), "a hung proxy keeps the address")
            #expect(try answers(cluster))
            try cluster.node("nustler3", "systemctl", "kill", "-s", "CONT", "pinode-proxy")
            #expect(try cluster.waits(for: "nustler3", toBe: "active"))
        }

        private func proxyThatDoesNotComeBack(_ cluster: ClusterFixture) throws {
            try cluster.node("nustler3", "sh", "-c", "echo broken >> /etc/pinode/proxy.cfg")
            try cluster.node("nustler3", "systemctl", "kill", "-s", "KILL", "pinode-proxy")
            #expect(
                try cluster.waits(for: "nustler4", toBe: "active"),
                "a proxy that cannot start keeps the address")
            usleep(3_000_000)
            #expect(try cluster.router("nustler4")?["state"]?.text == "active")
            #expect(try answers(cluster))
            // The next deploy sees the file that somebody edited, and mends it.
            #expect(try cluster.pidep(["plan", cluster.inventory]).code == 2)
            let deployed = try cluster.pidep(["deploy", cluster.inventory, "--yes"])
            #expect(deployed.code == 0, "\(deployed.standardOutput)\(deployed.standardError)")
            #expect(try cluster.waits(for: "nustler3", toBe: "active"))
        }

        /// The active node dies under load: clients are without service once, and the other node takes over.
        private func deadNode(_ cluster: ClusterFixture) throws {
            let report = try cluster.load("--fault", "kill active")
            let answered = try #require(
                report["requests"]?["answered"]?.integer, "\(report.compact)")
            #expect(answered > 300, "\(report.compact)")
            #expect(try cluster.smoke() == "")
        }

        private func changedTemplate(_ cluster: ClusterFixture) throws {
            let text = try String(contentsOfFile: cluster.inventory, encoding: .utf8)
            try text.replacingOccurrences(of: "[all:vars]\n", with: "[all:vars]\nstats_refresh = 7s\n")
                .write(toFile: cluster.inventory, atomically: true, encoding: .utf8)
            let plan = try cluster.pidep(["plan", cluster.inventory])
            #expect(plan.code == 2)
            #expect(plan.standardOutput.contains("+    stats refresh 7s"), "\(plan.standardOutput)")
            #expect(try cluster.pidep(["deploy", cluster.inventory, "--yes"]).code == 0)
            #expect(try cluster.pidep(["plan", cluster.inventory]).code == 0)
            #expect(try cluster.smoke() == "")
        }

        /// A new runtime, a new proxy.cfg and a restart of every Apache, with load on the virtual address all the way.
        private func rollingDeploy(_ cluster: ClusterFixture) throws {
            let runtime = try OtherRuntime()
            defer { runtime.restore() }
            let text = try String(contentsOfFile: cluster.inventory, encoding: .utf8)
            try text.replacingOccurrences(of: "stats_refresh = 7s", with: "stats_refresh = 9s")
                .write(toFile: cluster.inventory, atomically: true, encoding: .utf8)
            for node in 1...4 {
                try cluster.node("nustler\(node)", "sh", "-c", "echo '# edited' >> /etc/apache2/ports.conf")
            }
            #expect(try cluster.waits(for: "nustler3", toBe: "active"))

            let kept = BackgroundLoad(cluster, seconds: 40)
            let new = BackgroundLoad(cluster, seconds: 40, "--new-connections")
            usleep(3_000_000)
            let deployed = try cluster.pidep(["deploy", cluster.inventory, "--yes"])
            #expect(deployed.code == 0, "\(deployed.standardOutput)\(deployed.standardError)")
            let restart = "~ restart apache2.service because /etc/apache2/ports.conf changed"
            #expect(deployed.standardOutput.contains(restart), "\(deployed.standardOutput)")
            for load in [kept, new] {
                let report = try #require(load.report())
                #expect(report["requests"]?["failed"]?.integer == 0, "\(report.compact)")
                #expect((report["requests"]?["answered"]?.integer ?? 0) > 5000, "\(report.compact)")
                // The address has not moved for it.
                #expect(report["holders"]?.elements?.count == 1, "\(report.compact)")
            }
            #expect(try cluster.pidep(["plan", cluster.inventory]).code == 0)
            #expect(try cluster.smoke() == "")
        }

        /// Apache cannot have sshd's port, which the preflight sees. What it cannot see fails on the node: that gets its
        /// release back, and the nodes after it are not touched.
        private func nodeThatFails(_ cluster: ClusterFixture) throws {
            let text = try String(contentsOfFile: cluster.inventory, encoding: .utf8)
            try (text + "\n[trouble]\nnustler2 http_port=22\n")
                .write(toFile: cluster.inventory, atomically: true, encoding: .utf8)
            let refused = try cluster.pidep(["deploy", cluster.inventory, "--yes"])
            #expect(refused.code == 1)
            #expect(
                refused.standardError.contains(
                    "nustler2: port 22 of 198.51.100.2 is held by sshd (ssh.service)"))
            let trouble = """
                mkdir -p /run/systemd/system/apache2.service.d && cd /run/systemd/system/apache2.service.d && printf \
                '[Service]\\nExecStartPre=/bin/sh -c "! grep -q 8081 /etc/apache2/ports.conf"\\n' >trouble.conf && \
                systemctl daemon-reload
                """
            try cluster.node("nustler2", "sh", "-c", trouble)
            try (text + "\n[trouble]\nnustler2 http_port=8081\n")
                .write(toFile: cluster.inventory, atomically: true, encoding: .utf8)
            let deployed = try cluster.pidep(["deploy", cluster.inventory, "--yes"])
            let said = deployed.standardOutput + deployed.standardError
            #expect(deployed.code == 6, "\(said)")
            #expect(said.contains("rolled back to ") && said.contains("its services run"), "\(said)")
            #expect(said.contains("not touched: nustler4, nustler3"), "\(said)")
            try text.write(toFile: cluster.inventory, atomically: true, encoding: .utf8)
            #expect(try cluster.smoke() == "")
            // nustler1 knows the other port of nustler2 by now.
            #expect(try cluster.pidep(["deploy", cluster.inventory, "--yes"]).code == 0)
            #expect(try cluster.pidep(["plan", cluster.inventory]).code == 0)
        }

        /// There and back again, from what the nodes have.
        private func rollback(_ cluster: ClusterFixture) throws {
            let back = try cluster.pidep(["rollback", cluster.inventory, "--yes"])
            #expect(back.code == 0, "\(back.standardOutput)\(back.standardError)")
            #expect(try cluster.pidep(["plan", cluster.inventory]).code == 2)
            #expect(try cluster.smoke() == "")
            let forth = try cluster.pidep(["rollback", cluster.inventory, "--yes"])
            #expect(forth.code == 0, "\(forth.standardOutput)\(forth.standardError)")
            #expect(try cluster.pidep(["plan", cluster.inventory]).code == 0)
            #expect(try cluster.pidep(["rollback", cluster.inventory, "--yes", "--to", "nothing"]).code == 1)
        }

        private func answers(_ cluster: ClusterFixture) throws -> Bool {
            try cluster.pidep(
                ["lab", "run", "--inventory", cluster.inventory, "--", "curl", "-sf", "-m", "5"]
                    + ["http://\(ClusterFixture.address)/node.php"]
            ).code == 0
        }

        private func transitions(_ cluster: ClusterFixture, _ node: String) throws -> Int64 {
            try #require(try cluster.router(node)?["transitions"]?.integer)
        }
    }
}
