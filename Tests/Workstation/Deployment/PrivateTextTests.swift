import Digest
import Foundation
import Inventory
import Manifest
@testable import Recipes
import Testing

@testable import Deployment

@Suite struct PrivateTextTests {
    let text = PrivateText(
        real: "user=web\npassword=new one\nurl=db:new one@h/x\n",
        shown: "user=web\npassword=<secret db>\nurl=db:<secret db>@h/x\n")

    @Test("an old secret is as hidden as a new one, and the change is told")
    func changed() {
        let old = "user=web\npassword=old\nurl=db:old@h/x\n"
        #expect(text.mask(old) == "user=web\npassword=<secret db>\nurl=db:<secret db>@h/x\n")
        #expect(
            text.new(after: old) == "user=web\npassword=<secret db changed>\nurl=db:<secret db changed>@h/x\n"
        )
    }

    @Test("a secret that did not change is not told as changed")
    func same() {
        let old = "user=other\npassword=new one\nurl=db:new one@h/x\n"
        #expect(text.new(after: old) == "user=web\npassword=<secret db>\nurl=db:<secret db>@h/x\n")
        #expect(text.mask(old).hasPrefix("\(PrivateText.hidden)\npassword=<secret db>\n"))
    }

    @Test("a new file's secrets are new, not changed")
    func created() { #expect(text.new(after: nil).contains("password=<secret db>\n")) }

    @Test("a plan of a file with a secret has neither the old nor the new one, in no rendering")
    func plan() throws {
        let real = Array("user=web\npassword=tr0ub4dor\n".utf8)
        let old = Array("user=web\npassword=0ldpassw0rd\nkey=0ldkey\n".utf8)
        let manifest = Manifest(
            node: "n1", architecture: "amd64",
            runtime: .init(version: "2", digest: SHA256Digest(of: [2]), size: 1), packages: [],
            files: [
                ManagedFile(
                    path: "/etc/a", content: .blob(SHA256Digest(of: real), size: real.count), mode: 0o600)
            ],
            units: [])
        var node = CompiledNode(
            node: ClusterNode(name: "n1", address: "192.0.2.1"), manifest: manifest,
            blobs: [SHA256Digest(of: real).hexadecimal: real], checks: [], origins: [:], warnings: [])
        node.redacted[SHA256Digest(of: real).hexadecimal] = "user=web\npassword=<secret db>\n"
        let answer = """
            facts
            path\tf\t600\troot\troot\t\(old.count)\t/etc/a\t
            sum\t\(SHA256Digest(of: old).hexadecimal)\t/etc/a
            content\t/etc/a\t\(Data(old).base64EncodedString())
            deployed\t/etc/a\t\(Data("password=3vend older".utf8).base64EncodedString())
            end
            """
        var facts = try Facts(answer, request: FactsRequest(manifest: manifest, virtualAddress: nil))
        var before = manifest
        before.files[0].content = .blob(SHA256Digest(of: [1]), size: 1)
        facts.manifest = before
        let plan = NodePlan(node, facts)
        let all = plan.text(colour: false) + plan.json.map { $0.value.compact }.joined()
        for secret in ["tr0ub4dor", "0ldpassw0rd", "0ldkey", "3vend"] {
            #expect(!all.contains(secret), "\(secret)")
        }
        #expect(all.contains("+password=<secret db changed>"))
        #expect(all.contains("-password=<secret db>"))
        #expect(all.contains(PrivateText.hidden))
    }

    @Test("lines of a private file without secrets are hidden unless the new file has them, too")
    func privateFile() {
        let text = PrivateText(real: "a\nb\n", shown: "a\nb\n")
        #expect(text.mask("a\nc\n") == "a\n\(PrivateText.hidden)\n")
        #expect(text.new(after: "a\nc\n") == "a\nb\n")
    }
}
