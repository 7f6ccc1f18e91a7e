import CLinux
import Digest
import Foundation
import Manifest
import Testing

@testable import Apply

@Suite struct ApplyTests {
    @Test("a bare node gets packages, files, release and units, in that order")
    func bare() throws {
        let node = try TestNode()
        node.write("old", "etc/default-site")
        #expect(node.apply(.cluster("one")) == 0, "\(node.events)")
        #expect(node.read("etc/web.service.conf") == "one")
        #expect(node.mode("etc/role.service.conf") == 0o600)
        #expect(node.mode("srv/www") == 0o750)
        #expect(node.read("etc/default-site") == nil)
        #expect(node.read("opt/pinode/current/pinode") == "runtime 1")
        #expect(node.mode("opt/pinode/current/pinode") == 0o755)
        #expect(
            node.log == [
                "apt-get install", "enable web.service", "enable role.service", "daemon-reload",
                "start web.service", "start role.service",
            ])
        #expect(node.read("usr/sbin/policy-rc.d") == nil)
        #expect(node.events.last == #"{"event":"done","changed":13}"#)
    }

    @Test("what a package reads while it is installed is there before, and what that owes is done")
    func early() throws {
        let node = try TestNode()
        #expect(node.apply(.cluster("one")) == 0, "\(node.events)")
        #expect(node.read("seen") == "one")
        // Only the early file differs, and the package is missing again.
        try FileManager.default.removeItem(atPath: "\(node.root)/packages/apache2")
        node.write("edited", "etc/apache2.d/early.conf")
        node.forgetLog()
        #expect(node.apply(.cluster("one")) == 0, "\(node.events)")
        #expect(node.read("seen") == "one")
        #expect(node.log == ["apt-get install", "restart role.service"])
    }

    @Test("the second time there is nothing to do")
    func idempotence() throws {
        let node = try TestNode()
        node.apply(.cluster("one"))
        node.forgetLog()
        #expect(node.apply(.cluster("one")) == 0, "\(node.events)")
        #expect(node.log == [])
        #expect(node.events == [#"{"event":"done","changed":0}"#])
    }

    @Test("a changed file is written and what it names is restarted, once, in the manifest's order")
    func change() throws {
        let node = try TestNode()
        node.apply(.cluster("one"))
        node.forgetLog()
        #expect(node.apply(.cluster("two")) == 0)
        #expect(
            node.log.filter { !$0.hasPrefix("daemon") } == ["restart web.service", "restart role.service"])
        #expect(node.events.contains(#"{"event":"file","path":"/etc/web.service.conf","action":"changed"}"#))
    }

    @Test("a file that asks for a reload only causes a reload")
    func reload() throws {
        let node = try TestNode()
        var desired = Desired.cluster("one")
        node.apply(desired)
        node.forgetLog()
        desired.manifest.files.removeAll { $0.path == "/etc/role.service.conf" }
        desired.file("/etc/role.service.conf", "new", mode: 0o600, reload: ["role.service"])
        #expect(node.apply(desired) == 0)
        #expect(node.log == ["reload role.service"])
    }

    @Test("a new runtime restarts what runs it, nothing else")
    func runtime() throws {
        let node = try TestNode()
        node.apply(.cluster("one"))
        node.forgetLog()
        #expect(node.apply(.cluster("one", runtime: "runtime 2")) == 0)
        #expect(node.log == ["restart role.service"])
        #expect(node.read("systemd/active/role.service") == "oneruntime 2")
    }

    @Test("somebody's change by hand is taken back")
    func drift() throws {
        let node = try TestNode()
        node.apply(.cluster("one"))
        node.forgetLog()
        node.write("edited", "etc/web.service.conf")
        chmod("\(node.root)/etc/role.service.conf", 0o644)
        unlink("\(node.root)/systemd/active/web.service")
        #expect(node.apply(.cluster("one")) == 0, "\(node.events)")
        #expect(node.read("etc/web.service.conf") == "one")
        #expect(node.mode("etc/role.service.conf") == 0o600)
        #expect(node.log == ["start web.service", "reload role.service"])
    }

    @Test("what only the manifest before wanted goes: units first, then their files")
    func retire() throws {
        let node = try TestNode()
        node.apply(.cluster("one"))
        node.forgetLog()
        var desired = Desired.cluster("one")
        desired.manifest.files.removeAll { $0.path.contains("role.service") }
        desired.manifest.units.removeLast()
        #expect(node.apply(desired) == 0)
        #expect(node.log.prefix(2) == ["stop role.service", "disable role.service"])
        #expect(node.read("etc/systemd/system/role.service") == nil)
        #expect(node.read("etc/role.service.conf") == nil)
        node.forgetLog()
        #expect(node.apply(desired) == 0)
        #expect(node.log == [])
    }

    /// What a later look at the node must show, wherever a run was killed.
    func isEqual(_ node: TestNode, to text: String, runtime: String) -> Bool {
        node.read("etc/web.service.conf") == text
            && node.read("srv/www/now") == nil
            && node.read("systemd/active/web.service")?.hasPrefix(text) == true
            && node.read("systemd/active/role.service") == text + runtime
            && node.read("systemd/enabled/role.service") != nil
            && node.read("systemd/read/role.service") == "[Service] \(text)"
            && node.read("var/lib/pinode/pending") == nil
            && node.read("usr/sbin/policy-rc.d") == nil
    }

    @Test("killed at any point, the next run ends what was begun: no file changed without its unit knowing")
    func killed() throws {
        var points = 0
        while points < 200 {
            let node = try TestNode()
            try #require(node.apply(.cluster("one")) == 0)
            let code = node.apply(.cluster("two", runtime: "runtime 2"), killedAfter: points)
            if code == 0 { break }
            #expect(node.events.last == #"{"event":"failed","message":"killed"}"#)
            #expect(
                node.apply(.cluster("two", runtime: "runtime 2")) == 0,
                "killed after \(points): \(node.events)")
            #expect(isEqual(node, to: "two", runtime: "runtime 2"), "killed after \(points)")
            node.forgetLog()
            #expect(node.apply(.cluster("two", runtime: "runtime 2")) == 0)
            #expect(node.log == [], "killed after \(points)")
            points += 1
        }
        #expect(points > 12 && points < 200)
    }

    @Test("killed at any point of its first run, a bare node is finished by the next")
    func killedBare() throws {
        var points = 0
        while points < 200 {
            let node = try TestNode()
            let code = node.apply(.cluster("one"), killedAfter: points)
            if code == 0 { break }
            #expect(node.apply(.cluster("one")) == 0, "killed after \(points)")
            #expect(isEqual(node, to: "one", runtime: "runtime 1"), "killed after \(points)")
            points += 1
        }
        #expect(points > 15 && points < 200)
    }

    @Test("a blob that is not what its name says touches nothing")
    func badBlob() throws {
        let node = try TestNode()
        node.apply(.cluster("one"))
        node.forgetLog()
        let desired = Desired.cluster("two")
        let digest = SHA256Digest(of: Array("two".utf8)).hexadecimal
        node.write("twO", "var/lib/pinode/incoming/blobs/\(digest)")
        node.write(desired.manifest.json.compact, "var/lib/pinode/incoming/manifest.json")
        for (digest, text) in desired.blobs where text != "two" {
            node.write(text, "var/lib/pinode/incoming/blobs/\(digest.hexadecimal)")
        }
        #expect(node.applyAgain() == 1)
        #expect(node.events.last?.contains("is not what its name says") == true)
        #expect(node.read("etc/web.service.conf") == "one")
        #expect(node.log == [])
    }

    @Test("a stored blob that has rotted is told, and the next deploy brings it again")
    func rottenBlob() throws {
        let node = try TestNode()
        node.apply(.cluster("one"))
        let digest = SHA256Digest(of: Array("one".utf8)).hexadecimal
        node.write("rot", "var/lib/pinode/blobs/\(digest)")
        #expect(node.apply(.cluster("one")) == 1)
        #expect(node.apply(.cluster("one")) == 0, "\(node.events)")
        #expect(node.read("var/lib/pinode/blobs/\(digest)") == "one")
    }

    @Test("a blob that did not come touches nothing")
    func missingBlob() throws {
        let node = try TestNode()
        node.write(Desired.cluster("one").manifest.json.compact, "var/lib/pinode/incoming/manifest.json")
        #expect(node.applyAgain() == 1)
        #expect(node.events.last?.contains("did not come: deploy again") == true)
        #expect(node.read("etc/web.service.conf") == nil)
        #expect(node.log == [])
    }

    @Test("an owner that nobody knows touches nothing")
    func unknownOwner() throws {
        let node = try TestNode()
        node.apply(.cluster("one"))
        node.forgetLog()
        var desired = Desired.cluster("two")
        desired.file("/etc/secret", "x", owner: "nobody-knows")
        #expect(node.apply(desired) == 1)
        #expect(node.events.last?.contains(#"the user \"nobody-knows\""#) == true)
        #expect(node.read("etc/web.service.conf") == "one")
        #expect(node.log == [])
    }

    @Test("an owner that a missing package brings is waited for")
    func ownerFromPackage() throws {
        let node = try TestNode()
        var desired = Desired.cluster("one")
        desired.file("/etc/data", "x", owner: "apache2")
        #expect(node.apply(desired) == 0)
        #expect(node.read("etc/data") == "x")
    }

    @Test("without a package server the sentence says so and nothing is configured")
    func offline() throws {
        let node = try TestNode()
        node.write("", "offline")
        #expect(node.apply(.cluster("one")) == 1)
        #expect(node.events.last?.contains("does not reach its package server") == true)
        #expect(node.read("etc/web.service.conf") == nil)
        #expect(node.read("usr/sbin/policy-rc.d") == nil)
    }

    @Test("somebody else's policy-rc.d stays")
    func foreignPolicy() throws {
        let node = try TestNode()
        node.write("#!/bin/sh\nexit 101\n", "usr/sbin/policy-rc.d")
        chmod("\(node.root)/usr/sbin/policy-rc.d", 0o755)
        #expect(node.apply(.cluster("one")) == 0, "\(node.events)")
        #expect(node.read("usr/sbin/policy-rc.d") == "#!/bin/sh\nexit 101\n")
    }

    @Test("a unit that does not start fails the run with its log, and is tried again by the next")
    func brokenUnit() throws {
        let node = try TestNode()
        node.apply(.cluster("one"))
        node.write("", "broken/web.service")
        #expect(node.apply(.cluster("two")) == 1)
        #expect(node.events.last?.contains("the log of the unit") == true)
        unlink("\(node.root)/broken/web.service")
        #expect(node.apply(.cluster("two")) == 0)
        #expect(node.read("systemd/active/web.service")?.hasPrefix("two") == true)
    }

    @Test("a folder where a file shall be is not taken away")
    func folderInTheWay() throws {
        let node = try TestNode()
        node.write("precious", "etc/web.service.conf/data")
        #expect(node.apply(.cluster("one")) == 1)
        #expect(node.events.last?.contains("a folder is there") == true)
        #expect(node.read("etc/web.service.conf/data") == "precious")
    }

    @Test("two applies at once: the second is refused")
    func lock() throws {
        let node = try TestNode()
        node.apply(.cluster("one"))
        let descriptor = cl_open("\(node.root)/var/lib/pinode/apply.lock", O_RDWR, 0)
        #expect(cl_lock(descriptor) == 0)
        #expect(node.apply(.cluster("two")) == 1)
        #expect(node.events.last?.contains("another pinode apply") == true)
        close(descriptor)
        #expect(node.apply(.cluster("two")) == 0)
    }

    @Test("three releases are kept with the blobs that they need, no other")
    func pruning() throws {
        let node = try TestNode()
        for text in ["1", "2", "3", "4", "5"] { #expect(node.apply(.cluster(text)) == 0) }
        let releases = try FileManager.default.contentsOfDirectory(atPath: "\(node.root)/opt/pinode/releases")
        #expect(releases.count == 3)
        #expect(releases.contains(Desired.cluster("3").manifest.release))
        let blobs = try FileManager.default.contentsOfDirectory(atPath: "\(node.root)/var/lib/pinode/blobs")
        #expect(Set(blobs).count == 1 + 3 * 2)
    }
}
