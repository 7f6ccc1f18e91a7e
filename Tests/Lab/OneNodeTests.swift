import Commands
import CrossBuild
import Foundation
import JSON
import TestSupport
import Testing

@testable import Lab

/// What a deploy promises, on a node that costs little: one, with one small recipe.
extension LabEndToEnd {
    @Suite struct OneNode {
        @Test("plans, edits, locks, records and secrets")
        func all() throws {
            let node = try SmallCluster()
            defer { node.clean() }
            try #require(try node.pidep("lab", "up", node.inventory).code == 0)
            try secretFile(node)
            try preflight(node)
            try deploysWithoutTelling(node)
            try keptPlan(node)
            try edit(node)
            try lock(node)
            try interruption(node)
        }

        @Test(
            "a connection that is cut anywhere in a deploy leaves nothing that the next deploy does not mend")
        func cutConnections() throws {
            let node = try SmallCluster()
            defer { node.clean() }
            try #require(try node.pidep("lab", "up", node.inventory).code == 0)
            try #require(try node.pidep("deploy", node.inventory, "--yes").code == 0)
            let seed = UInt64.random(in: 1...UInt64.max)
            var random = SplitMix64(seed: seed)
            for round in 0..<8 {
                let place: Comment = "seed \(seed), round \(round)"
                try node.set("web_greeting = round \(round)\nweb_port = \(8000 + round)")
                let run = try node.start("deploy", node.inventory, "--yes", "--stay-healthy", "0")
                usleep(UInt32(50_000 + random.next() % 1_500_000))
                try Command(["ss", "-K", "dst", "198.51.100.1", "dport", "=", "22"]).run()
                let output = run.output()
                #expect([0, 1, 6, 7].contains(output.code), "\(place): \(output.code) \(output.text)")
                if output.code != 0 { #expect(output.text.contains("n1"), "\(place): \(output.text)") }
                #expect(node.waits { try node.pidep("deploy", node.inventory, "--yes").code == 0 }, place)
                #expect(try node.pidep("plan", node.inventory).code == 0, place)
                #expect(try node.shell("cat /etc/greeting") == "round \(round)", place)
                #expect(
                    try node.shell("systemctl is-active small; ls /etc/.pinode-new 2>/dev/null || true")
                        == "active", place)
            }
        }

        @Test("who is not root deploys with a password for SSH and one for sudo")
        func passwords() throws {
            let node = try SmallCluster()
            defer { node.clean() }
            try #require(try node.pidep("lab", "up", node.inventory).code == 0)
            try node.shell(
                """
                useradd --create-home --shell /bin/bash pi && echo 'pi:raspberry pie' | chpasswd
                echo 'pi ALL=(ALL) ALL' > /etc/sudoers.d/pi
                printf 'KbdInteractiveAuthentication yes\\nPasswordAuthentication no\\nUsePAM yes\\n' \
                    > /etc/ssh/sshd_config.d/00-test.conf
                systemctl reload ssh
                """)
            let login = "ansible_user = pi\nansible_become = true\n"
            try node.set(login)
            let keyOnly = try node.pidep("plan", node.inventory)
            #expect(keyOnly.code == 1)
            #expect(
                keyOnly.standardError.contains(
                    "pi is not let in. The node takes publickey, keyboard-interactive"),
                "\(keyOnly.standardError)")
            try node.set(login + "ansible_password = secret:command:echo raspberry pie\n")
            let noSudo = try node.pidep("plan", node.inventory)
            #expect(noSudo.code == 1)
            #expect(
                noSudo.standardError.contains("sudo asks for a password, and pidep has none"),
                "\(noSudo.standardError)")
            let both =
                login
                + "ansible_password = secret:command:echo raspberry pie\nansible_become_password = secret:command:echo "
            try node.set(both + "blackberry\n")
            let wrong = try node.pidep("plan", node.inventory)
            #expect(wrong.code == 1)
            #expect(
                wrong.standardError.contains("sudo on the node does not take the password of pi"),
                "\(wrong.standardError)")
            #expect(!wrong.standardError.contains("blackberry"))
            try node.set(both + "raspberry pie\n")
            let deployed = try node.pidep("deploy", node.inventory, "--yes")
            #expect(deployed.code == 0, "\(deployed.standardError)")
            #expect(try node.pidep("plan", node.inventory).code == 0)
            #expect(try node.pidep("exec", node.inventory, "--", "id", "-un").standardOutput == "n1 | root\n")
            // The password went to sudo, never to what sudo ran.
            try node.set("")
            #expect(
                try node.shell(
                    "grep -rlF 'raspberry pie' /etc /var/lib/pinode /var/log /home 2>/dev/null || true") == ""
            )
        }

        @Test(
            "a change that cuts the node off undoes itself, also the first one; one that does not is confirmed"
        )
        func deadMan() throws {
            let node = try SmallCluster()
            defer { node.clean() }
            try #require(try node.pidep("lab", "up", node.inventory).code == 0)
            let cut = "web_cuts = true\nweb_sshd = ListenAddress 127.0.0.1"
            func cutsOff(_ place: Comment) throws {
                try node.set(cut)
                let deployed = try node.pidep("deploy", node.inventory, "--yes", "--confirm-within", "10")
                let said = deployed.standardOutput + deployed.standardError
                #expect(deployed.code == 6, "\(place): \(said)")
                #expect(said.contains("this change cuts the node off"), "\(place): \(said)")
                #expect(said.contains("has undone it by itself"), "\(place): \(said)")
                try node.shell("test ! -e /etc/ssh/sshd_config.d/99-small.conf")
                try node.shell(
                    "test ! -e /var/lib/pinode/revert && test ! -e /etc/systemd/system/pinode-revert.timer")
                #expect(try node.pidep("exec", node.inventory, "--", "true").code == 0, place)
            }
            try cutsOff("the first release")
            #expect(try node.shell("systemctl is-active small || true") == "inactive")
            try node.set("")
            #expect(try node.pidep("deploy", node.inventory, "--yes").code == 0)
            try cutsOff("a later release")
            #expect(try node.shell("systemctl is-active small") == "active")
            try node.set("")
            #expect(try node.pidep("plan", node.inventory).code == 0)
            try node.set("web_cuts = true")
            let harmless = try node.pidep("deploy", node.inventory, "--yes", "--confirm-within", "10")
            #expect(harmless.code == 0, "\(harmless.standardError)")
            try node.shell(
                "sleep 11; grep -q LogLevel /etc/ssh/sshd_config.d/99-small.conf && test ! -e /var/lib/pinode/revert"
            )
            #expect(try node.pidep("plan", node.inventory).code == 0)
        }

        /// The lab made the secret that the inventory expects, for its owner's eyes only.
        private func secretFile(_ node: SmallCluster) throws {
            let attributes = try FileManager.default.attributesOfItem(atPath: node.secretFile)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(try node.secret.count == 32)
        }

        private func preflight(_ node: SmallCluster) throws {
            try node.shell("systemd-run --quiet --unit=squatter systemd-socket-activate -l 8000 /bin/cat")
            try node.set("web_port = 8000")
            let refused = try node.pidep("deploy", node.inventory, "--yes")
            #expect(refused.code == 1)
            #expect(
                refused.standardError.contains("n1: port 8000 of 198.51.100.1 is held by systemd-socket-")
                    && refused.standardError.contains("(squatter.service)"), "\(refused.standardError)")
            #expect(refused.standardError.contains("Nothing was changed."))
            try node.shell("test ! -e /opt/pinode && systemctl stop squatter")
            try node.set("")
        }

        /// A deploy of a random secret, and another of a changed one: every byte that they write is looked at.
        private func deploysWithoutTelling(_ node: SmallCluster) throws {
            let first = try node.secret
            var said = ""
            func run(_ arguments: String...) throws -> Int32 {
                let output = try node.pidep(arguments)
                said += output.standardOutput + output.standardError
                return output.code
            }
            #expect(try run("plan", node.inventory) == 2, "\(said.suffix(1000))")
            #expect(said.contains("+password=<secret web_password>"), "\(said)")
            #expect(try run("plan", node.inventory, "--json", "--out", node.folder + "/first.plan") == 2)
            #expect(try run("deploy", node.inventory, "--yes", "--message", "first") == 0)
            #expect(try node.shell("cat /etc/small.conf").contains("password=\(first)"))
            let second = "another-" + UUID().uuidString
            try "\(second)\n".write(toFile: node.secretFile, atomically: true, encoding: .utf8)
            #expect(try run("plan", node.inventory) == 1)
            #expect(said.contains("may read: chmod 600"), "\(said)")
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: node.secretFile)
            #expect(try run("plan", node.inventory) == 2, "\(said.suffix(1000))")
            #expect(said.contains("+password=<secret web_password changed>"), "\(said)")
            #expect(try run("deploy", node.inventory, "--yes", "--json") == 0)
            #expect(try run("exec", node.inventory, "--", "cat /etc/small.conf; logger small \(second)") == 0)
            for command in ["explain", "facts", "history", "logs", "status", "smoke"] {
                let more = command == "explain" ? ["n1:/etc/small.conf"] : []
                said += try node.pidep([command, node.inventory] + more).standardOutput
            }
            try node.shell("logger -t small \(second)")
            for secret in [first, second] {
                #expect(!said.contains(secret))
                // Everything that was written on the workstation, but the secret's own file.
                let written = try Command(
                    [
                        "grep", "-rlF", "--exclude=password", secret, node.folder,
                        "\(LabFixture.project)/.pidep/runs",
                    ]
                ).runAny()
                #expect(written.standardOutput == "", "\(written.standardOutput)")
            }
            // On the node: in files of private modes alone. The old one only as long as its release is kept.
            let modes = try node.shell(
                "grep -rlF -e \(first) -e \(second) /etc /opt /var /root /home /tmp | xargs stat -c %a | sort -u"
            )
            #expect(
                Set(modes.split(separator: "\n").map(String.init)).isSubset(of: ["600", "640"]), "\(modes)")
            #expect(!modes.isEmpty)
        }

        private func keptPlan(_ node: SmallCluster) throws {
            try node.set("web_greeting = hello")
            let file = node.folder + "/kept.plan"
            #expect(try node.pidep("plan", node.inventory, "--out", file).code == 2)
            try node.shell("chmod 600 /etc/greeting")
            let stale = try node.pidep("deploy", "--plan", file)
            #expect(stale.code == 1)
            #expect(
                stale.standardError.contains("n1: since the plan was made, /etc/greeting was f 0644"),
                "\(stale.standardError)")
            try node.shell("chmod 644 /etc/greeting")
            try node.set("web_greeting = goodbye")
            let other = try node.pidep("deploy", "--plan", file)
            #expect(other.code == 1)
            #expect(
                other.standardError.contains("inventory, recipes or runtime have changed"),
                "\(other.standardError)")
            try node.set("web_greeting = hello")
            let done = try node.pidep("deploy", "--plan", file)
            #expect(done.code == 0, "\(done.standardError)")
            #expect(try node.shell("cat /etc/greeting") == "hello")
            #expect(try node.pidep("plan", node.inventory).code == 0)
        }

        private func edit(_ node: SmallCluster) throws {
            try node.shell("echo mine >> /etc/greeting")
            let plan = try node.pidep("plan", node.inventory)
            #expect(plan.code == 2)
            #expect(
                plan.standardOutput.contains("edited on the node since the last deploy:"),
                "\(plan.standardOutput)")
            #expect(plan.standardOutput.contains("      +mine\n"), "\(plan.standardOutput)")
            #expect(try node.pidep("deploy", node.inventory, "--yes").code == 0)
            #expect(try node.shell("cat /etc/greeting") == "hello")
        }

        private func lock(_ node: SmallCluster) throws {
            try node.set("web_greeting = locked")
            let holder = try node.start(
                "deploy", node.inventory, "--yes", "--stay-healthy", "30", "--message", "slowly")
            #expect(node.waits { try node.shell("cat /etc/greeting") == "locked" })
            try node.set("web_greeting = second")
            let refused = try node.pidep("deploy", node.inventory, "--yes")
            #expect(refused.code == 1)
            #expect(refused.standardError.contains("n1 is being deployed to by "), "\(refused.standardError)")
            #expect(refused.standardError.contains("(slowly). Wait for its end"), "\(refused.standardError)")
            holder.terminate(SIGKILL)
            #expect(
                node.waits { try node.pidep("deploy", node.inventory, "--yes").code == 0 },
                "a lock whose connection is gone holds nobody up")
            let history = try JSONValue.parse(
                try node.pidep("history", node.inventory, "--json").standardOutput)
            let entries = history["nodes"]?.elements?.first?["history"]?.elements ?? []
            #expect(entries.last?["result"]?.text == "done")
            #expect(entries.dropLast().last?["result"]?.text == "interrupted")
            #expect(entries.dropLast().last?["message"]?.text == "slowly")
        }

        /// Ctrl-C: the node in hand is brought to its end.
        private func interruption(_ node: SmallCluster) throws {
            try node.set("web_greeting = interrupted")
            let run = try node.start("deploy", node.inventory, "--yes", "--stay-healthy", "8")
            #expect(node.waits { try node.shell("cat /etc/greeting") == "interrupted" })
            run.terminate(SIGINT)
            let output = run.output()
            #expect(output.code == 0, "it was the last node: \(output.text)")
            #expect(output.text.contains("n1 will be brought to an end first"), "\(output.text)")
            #expect(try node.pidep("plan", node.inventory).code == 0)
            let resumed = try node.pidep("deploy", node.inventory, "--resume")
            #expect(resumed.code == 0)
            #expect(resumed.standardOutput.contains("Nothing to go on with"), "\(resumed.standardOutput)")
        }
    }
}
