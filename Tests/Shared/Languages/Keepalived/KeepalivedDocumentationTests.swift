import Foundation
import Testing

@testable import Languages

@Suite struct KeepalivedDocumentationTests {
    /// The words of the tables in docs/vrrp.md, by the heading above them.
    private static func words() throws -> [String: [String]] {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<5 { folder.deleteLastPathComponent() }
        let text = try String(contentsOf: folder.appendingPathComponent("docs/vrrp.md"), encoding: .utf8)
        var words: [String: [String]] = [:]
        var place = ""
        for line in text.split(separator: "\n") {
            if line.hasPrefix("#") { place = String(line.drop { $0 == "#" || $0 == " " }) }
            guard line.hasPrefix("| `") else { continue }
            words[place, default: []].append(String(line.split(separator: "`")[1]))
        }
        return words
    }

    @Test("docs/vrrp.md has every word that the parser knows, and no other")
    func complete() throws {
        let documented = try Self.words()
        #expect(documented["the file"]?.sorted() == KeepalivedWords.top.sorted())
        #expect(documented["global_defs"]?.sorted() == KeepalivedWords.global.sorted())
        #expect(documented["vrrp_instance"]?.sorted() == KeepalivedWords.instance.sorted())
        #expect(documented["vrrp_track_process"]?.sorted() == KeepalivedWords.trackProcess.sorted())
    }

    @Test("a word that the parser lists is one that it takes, and one that it only knows is not")
    func listed() {
        let lists = [
            ("global_defs", KeepalivedWords.global), ("vrrp_instance x", KeepalivedWords.instance),
            ("vrrp_track_process x", KeepalivedWords.trackProcess),
        ]
        for (block, words) in lists {
            for word in words {
                let (_, found) = KeepalivedConfiguration.parse("\(block) {\n\(word)\n}", file: "f")
                #expect(!found.contains { $0.problem.hasPrefix("\"\(word)\" is") }, "\(word)")
            }
        }
        for word in KeepalivedWords.otherInstance {
            let (_, found) = KeepalivedConfiguration.parse("vrrp_instance x {\n\(word)\n}", file: "f")
            #expect(found.contains { $0.problem.hasPrefix("\"\(word)\" is Keepalived's") }, "\(word)")
        }
    }
}
