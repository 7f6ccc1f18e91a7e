import Commands
import Foundation
import Testing

/// Nodes as they come from the card, without a way to any package server: all that they get comes from the workstation.
extension LabEndToEnd {
    @Suite(.serialized) struct BareNodes {
        private static let packages = ["apache2", "libapache2-mod-php", "php-pgsql"]

        @Test("bare nodes get their packages from the workstation, also after a power cut amid dpkg's work")
        func offline() throws {
            let cluster = try ClusterFixture("pidepbare")
            try cluster.up {
                try bareAndAlone(cluster)
                try namesVersions(cluster)
                try powerCut(cluster)
                try cluster.deploy()
                #expect(try cluster.smoke() == "")
                #expect(try cluster.pidep(["plan", cluster.inventory]).code == 0)
                try isWhole(cluster)
            }
        }

        /// No package, no route, and a package server that cannot be reached.
        private func bareAndAlone(_ cluster: ClusterFixture) throws {
            #expect(try cluster.node("nustler1", "sh", "-c", "ls /usr/sbin/apache2 2>/dev/null; true") == "")
            #expect(try cluster.node("nustler1", "ip", "route", "show", "default") == "")
            let update = try cluster.node(
                "nustler1", "sh", "-c",
                "apt-get update -oAPT::Update::Error-Mode=any >/dev/null 2>&1; echo $?")
            #expect(update != "0\n", "the lab's node reaches a package server")
        }

        private func namesVersions(_ cluster: ClusterFixture) throws {
            let plan = try cluster.pidep(["plan", cluster.inventory, "--limit", "nustler1"])
            #expect(plan.code == 2, "\(plan.standardError)")
            for package in Self.packages {
                #expect(
                    plan.standardOutput.split(separator: "\n").contains {
                        $0.contains("package \(package) install (none → ") && $0.contains(where: \.isNumber)
                    }, "\(plan.standardOutput)")
            }
            #expect(plan.standardOutput.contains("a dependency)"))
        }

        /// The power goes while dpkg is at work; the disk keeps what was synced.
        private func powerCut(_ cluster: ClusterFixture) throws {
            let deploy = Process()
            deploy.executableURL = try LabFixture.pidep()
            deploy.currentDirectoryURL = URL(fileURLWithPath: LabFixture.project)
            deploy.arguments = ["deploy", cluster.inventory, "--yes", "--limit", "nustler1"]
            deploy.standardOutput = FileHandle.nullDevice
            deploy.standardError = FileHandle.nullDevice
            try deploy.run()
            try #require(try unpacks(cluster), "dpkg never began")
            #expect(
                try cluster.pidep(["lab", "kill", "nustler1", "--power", "--inventory", cluster.inventory])
                    .code == 0)
            deploy.waitUntilExit()
            #expect(deploy.terminationStatus != 0)
            #expect(
                try cluster.pidep(["lab", "start", "nustler1", "--inventory", cluster.inventory]).code == 0)
            let state = try cluster.node(
                "nustler1", "dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n")
            #expect(
                !state.contains("libapache2-mod-php installed"), "the power went too late to prove anything")
        }

        /// Waits, for a bounded time, until dpkg has unpacked a package of Apache's and is not through.
        private func unpacks(_ cluster: ClusterFixture) throws -> Bool {
            let look = "dpkg-query -W -f '${db:Status-Status}' apache2-bin 2>/dev/null; true"
            for _ in 0..<600 {
                if try cluster.node("nustler1", "sh", "-c", look).contains("unpacked") { return true }
                usleep(100_000)
            }
            return false
        }

        /// The same versions everywhere, nothing half done, no files left, dependencies known as such.
        private func isWhole(_ cluster: ClusterFixture) throws {
            var versions: Set<String> = []
            for node in 1...4 {
                let name = "nustler\(node)"
                versions.insert(
                    try cluster.node(
                        name, "dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Status}\n"))
                #expect(try cluster.node(name, "dpkg", "--audit") == "")
                #expect(try cluster.node(name, "sh", "-c", "find / -xdev -name '*.deb' 2>/dev/null") == "")
                #expect(try cluster.node(name, "ls", "/usr/sbin").contains("policy-rc.d") == false)
            }
            #expect(versions.count == 1)
            let manual = try cluster.node("nustler2", "apt-mark", "showmanual").split(separator: "\n").map(
                String.init)
            #expect(Set(Self.packages).isSubset(of: manual))
            #expect(!manual.contains("libapr1"))
        }
    }
}
