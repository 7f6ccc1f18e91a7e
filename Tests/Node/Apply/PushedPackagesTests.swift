import Digest
import Foundation
import Testing

@testable import Apply

/// Packages that a deploy brings, with small scripts in the places of dpkg and apt.
@Suite struct PushedPackagesTests {
    private static let folder = "var/lib/pinode/incoming/packages"

    /// A node that has no way to a package server and gets these files.
    private func node(_ files: [String], automatic: String = "") throws -> TestNode {
        let node = try TestNode()
        node.write("", "offline")
        node.write(automatic, "\(Self.folder)/automatic")
        for file in files {
            node.write(file, "\(Self.folder)/\(SHA256Digest(of: Array(file.utf8)).hexadecimal).deb")
        }
        return node
    }

    @Test("what was brought is installed without a package server, by name and by file")
    func installs() throws {
        let node = try node(["apache2's file", "libapr1's file"])
        #expect(node.apply(.cluster("one")) == 0, "\(node.events)")
        let asked = try #require(node.read("apt"))
        #expect(asked.contains("-- apache2 \(node.root)/\(Self.folder)/"))
        for file in ["apache2's file", "libapr1's file"] {
            #expect(asked.contains("\(SHA256Digest(of: Array(file.utf8)).hexadecimal).deb"))
        }
    }

    @Test("no index of the node is read and its list of sources is left out")
    func asksNobody() throws {
        let node = try node(["a file"])
        #expect(node.apply(.cluster("one")) == 0)
        let asked = try #require(node.read("apt"))
        #expect(asked.contains("-oDir::Etc::SourceList=/dev/null -oDir::Etc::SourceParts=/dev/null"))
        #expect(!node.log.contains("apt-get update"))
    }

    @Test("files are gone once they are installed, and dependencies are known as such")
    func removes() throws {
        let node = try node(["a file"], automatic: "libapr1\nphp-common\n")
        #expect(node.apply(.cluster("one")) == 0, "\(node.events)")
        #expect(node.log.contains("apt-mark auto libapr1 php-common"))
        #expect(!FileManager.default.fileExists(atPath: "\(node.root)/\(Self.folder)"))
    }

    @Test("files that are of no use, since the node has everything, are gone as well")
    func removesUseless() throws {
        let node = try node(["a file"])
        node.write("", "packages/apache2")
        #expect(node.apply(.cluster("one")) == 0, "\(node.events)")
        #expect(node.read("apt") == nil)
        #expect(!FileManager.default.fileExists(atPath: "\(node.root)/\(Self.folder)"))
    }

    @Test("a file that is not what its name says stops everything before anything is installed")
    func damaged() throws {
        let node = try node(["a file"])
        let name = "\(SHA256Digest(of: Array("a file".utf8)).hexadecimal).deb"
        node.write("another", "\(Self.folder)/\(name)")
        #expect(node.apply(.cluster("one")) == 1)
        #expect(node.events.last?.contains("\(name) is not what its name says") == true)
        #expect(node.read("apt") == nil)
        #expect(node.read("etc/web.service.conf") == nil)
    }

    @Test(
        "when the node lacks more than was brought, the sentence says to deploy again and nobody else is asked"
    )
    func incomplete() throws {
        let node = try node([])
        var desired = Desired.cluster("one")
        desired.manifest.packages = ["nowhere"]
        #expect(node.apply(desired) == 1)
        #expect(
            node.events.last?.contains("this node's packages changed since the plan. Deploy again") == true)
        #expect(node.log == ["apt-get install"])
    }

    @Test("an installation that was interrupted is ended first")
    func interrupted() throws {
        let node = try node(["a file"])
        node.write("", "interrupted")
        #expect(node.apply(.cluster("one")) == 0, "\(node.events)")
        #expect(node.log.prefix(3) == ["apt-get install", "dpkg --configure -a", "apt-get install"])
    }

    @Test("killed at any point, the next run ends in the same state")
    func killed() throws {
        let whole = try node(["a file"])
        #expect(whole.apply(.cluster("one")) == 0)
        for points in 0..<6 {
            let node = try node(["a file"])
            _ = node.apply(.cluster("one"), killedAfter: points)
            #expect(node.applyAgain() == 0, "killed after \(points): \(node.events)")
            #expect(node.read("packages/apache2") != nil)
            #expect(!FileManager.default.fileExists(atPath: "\(node.root)/\(Self.folder)"))
        }
    }

    @Test("without files that were brought the node's own apt is asked, as packages = node wants it")
    func ownApt() throws {
        let node = try TestNode()
        #expect(node.apply(.cluster("one")) == 0)
        let asked = try #require(node.read("apt"))
        #expect(!asked.contains("Dir::"))
        #expect(asked.contains("-- apache2"))
    }
}
