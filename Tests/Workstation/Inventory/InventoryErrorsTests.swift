import Diagnostics
import Testing

@testable import Inventory

/// What somebody who writes an inventory is told.
@Suite struct InventoryErrorsTests {
    private func sentences(_ text: String, known: Set<String>? = ["http_port", "stats_port"]) -> [String] {
        let (inventory, syntax) = Inventory.parse(Array(text.utf8), file: "a.ini")
        let (_, more) = Cluster.resolve(inventory, knownVariables: known)
        return (syntax + more).sortedByLine.map(\.sentence)
    }

    @Test(
        "a line that cannot be used is named with what to do",
        arguments: [
            ("[web\n[a]\nn1", 1, "the section header \"[web\" is not closed. Add \"]\"."),
            (
                "[web:childen]\nn1\n[a]\nn1", 1,
                "a section cannot be of the kind \"childen\". Did you mean \"children\"?"
            ),
            (
                "[web:x]\nn1\n[a]\nn1", 1,
                "a section cannot be of the kind \"x\". Write [group], [group:children] or [group:vars]."
            ),
            (
                "[my web]\nn1\n[a]\nn1", 1,
                "\"[my web]\" is not a section header. Write [group], [group:children] or [group:vars], without"
                    + " blanks."
            ),
            (
                "n1 'a=b\nn2", 1, "a quotation mark ' is not closed. Quote a value as in key=\"two words\"."
            ),
            (
                "n1 http_port", 1,
                "\"http_port\" behind a host's name is not key=value. Write key=value without blanks around"
                    + " \"=\", and quote a value with blanks."
            ),
            (
                "http_port=1 n1\nn1", 1,
                "\"http_port=1\" stands where a host's name is expected. Variables stand behind a host's name, or in"
                    + " a section [group:vars]."
            ),
            (
                "n1\nn2:99999", 2,
                "\"99999\" is not a port. Behind the colon stands a port, a whole number from 1 to 65535."
            ),
            (
                "n1\nn2:", 2,
                "\"\" is not a port. Behind the colon stands a port, a whole number from 1 to 65535."
            ),
            (
                "n1\nn[3:1]", 2,
                "in the range [3:1] the begin comes after the end. A range is written [begin:end] or"
                    + " [begin:end:step], as in [1:4], [01:50:2] or [a:f]."
            ),
            (
                "n1\nn[01:3]", 2,
                "in the range [01:3] begin and end have different lengths. A range is written [begin:end] or"
                    + " [begin:end:step], as in [1:4], [01:50:2] or [a:f]."
            ),
            (
                "n1\nn[1:9:0]", 2,
                "in the range [1:9:0] the step is not a number above 0. A range is written [begin:end] or"
                    + " [begin:end:step], as in [1:4], [01:50:2] or [a:f]."
            ),
            (
                "n1\nn[1:99999]", 2,
                "in the range [1:99999] are more than 4096 hosts. A range is written [begin:end] or"
                    + " [begin:end:step], as in [1:4], [01:50:2] or [a:f]."
            ),
            (
                "n1\nn[1:99][1:99]", 2,
                "\"n[1:99][1:99]\" stands for more than 4096 hosts. Make the range smaller."
            ),
            ("n1\n---", 2, "this looks like YAML. Inventories are written in Ansible's INI format."),
            (
                "n1\n-x", 2,
                "\"-x\" is not a host's name or address. Use letters, digits, dots, \"-\" and \"_\", or an IP address."
            ),
            (
                "n1\n[web:vars]\nx y\n[web]", 3,
                "\"x y\" is not key = value. In a section [group:vars] stands one key = value a line."
            ),
            ("n1\n[web:vars]\n= y\n[web]", 3, "a variable has no name. Write key = value."),
            (
                "n1\n[web:children]\na b\n", 3,
                "\"a b\" is not the name of a group. In a section [group:children] stands one group's name a line."
            ),
            (
                "n1\n[web:children]\ndatabas\n[database]\n", 3,
                "there is no group \"databas\" to be a child of web. Did you mean \"database\"?"
            ),
            (
                "n1\n[wbe:vars]\nhttp_port=80\n[web]\nn1", 2,
                "variables are set for a group \"wbe\" that is not declared. Did you mean \"web\"?"
            ),
            (
                "n1\n[web]\n[web:vars]\nansible_group_priority=high", 4,
                "ansible_group_priority is \"high\", which cannot be used. Write a whole number."
            ),
            ("n1\n[n1]\n", 2, "\"n1\" is both a host (line 1) and a group (line 2). Rename one of them."),
            ("n1\nn2 v\u{1}", 2, "the line contains a control character. Delete it."),
            ("n1\n[a:children]\na\n", 3, "the group a is its own child. Delete this line."),
            (
                "n1\n[a:children]\nall\n", 3,
                "the group all contains every group and is nobody's child. Delete this line."
            ),
            ("", 0, "the inventory names no node. Add a line such as nustler1 to a section."),
        ])
    func lines(text: String, line: Int, sentence: String) {
        #expect(sentences(text) == [(line > 0 ? "a.ini:\(line): " : "a.ini: ") + sentence])
    }

    @Test("a circle of groups names the lines that close it")
    func circle() {
        #expect(
            sentences("n1\n[a:children]\nb\n[b:children]\nc\n[c:children]\na\n") == [
                "a.ini:7: the groups c > a > b > c form a circle, together with line 5. Delete one of the two lines."
            ])
    }

    @Test("a variable set twice to different values on a host's own lines names both lines")
    func twice() {
        #expect(
            sentences("n1 http_port=80\n[web]\nn1 http_port=81\n") == [
                "a.ini:3: http_port of n1 is \"81\" here and \"80\" in line 1. Set it once: a host may be named in"
                    + " several groups, but its variables belong on one line."
            ])
        #expect(sentences("n1:22\n[web]\nn1:2222\n").count == 1)
    }

    @Test("a host in several groups, a repeated section and the same value again are fine")
    func repeated() {
        #expect(sentences("[web]\nn1 http_port=80\n[edge]\nn1 http_port=80\n[web]\nn2\n") == [])
    }

    @Test("a group's variable that is set again is a warning, as the later line wins")
    func groupTwice() {
        #expect(
            sentences("n1\n[all:vars]\nhttp_port=80\nhttp_port=81\n") == [
                "a.ini:4: warning: http_port of the group all was \"80\" in line 3; this line wins. Delete one of the"
                    + " two."
            ])
    }

    @Test("a comment behind a group's value belongs to the value, and that is worth a warning")
    func trailingComment() {
        let found = sentences("n1\n[all:vars]\nansible_user = pi # on the Pis\n")
        #expect(found.map { $0.prefix(18) } == ["a.ini:3: warning: "])
        #expect(sentences("n1\n[all:vars]\nhttp_port = 80 # said so\n") == [])
    }

    @Test("unknown keys are errors with the nearest word, keys of Ansible that pidep ignores are warnings")
    func unknownKeys() {
        #expect(
            sentences("n1 http_prot=80 ansible_connection=local ansible_hots=192.0.2.1\n") == [
                "a.ini:1: warning: ansible_connection is not supported and is ignored by pidep.",
                "a.ini:1: warning: ansible_hots is not supported and is ignored by pidep. Did you mean"
                    + " \"ansible_host\"?",
                "a.ini:1: \"http_prot\" is not a variable that pidep or a recipe knows. Did you mean \"http_port\"?",
            ])
        #expect(sentences("n1 anything=1\n", known: nil) == [])
    }

    @Test(
        "a value of our own keys that cannot be read names key, value and accepted forms",
        arguments: [
            (
                "n1 arch=armv8",
                "arch is \"armv8\", which cannot be used. Write one of armv7, arm64, amd64; did you mean \"armv7\"?"
            ),
            (
                "n1 ansible_port=0",
                "ansible_port is \"0\", which cannot be used. Write a port, a whole number from 1 to 65535."
            ),
            (
                "n1 ansible_become=perhaps",
                "ansible_become is \"perhaps\", which cannot be used. Write true or false (yes, no, on, off, 1 and 0"
                    + " are the same)."
            ),
            (
                "n1 lab_disk=big",
                "lab_disk is \"big\", which cannot be used. Write a size with its unit, as in 512K, 100M or 1G."
            ),
            ("n1 vip=192.0.2.1", "vip concerns the whole cluster. Move it into the section [all:vars]."),
        ])
    func values(text: String, sentence: String) {
        #expect(sentences(text) == ["a.ini:1: " + sentence])
    }

    @Test("everything comes at once, sorted by line")
    func sorted() {
        let found = sentences("n1 'open\n[web]\nn2 x=1\nn3 http_port\n[bad header\n[gone:vars]\nx = 1\n")
        #expect(
            found.map { String($0.prefix(8)) } == [
                "a.ini:1:", "a.ini:3:", "a.ini:4:", "a.ini:5:", "a.ini:6:", "a.ini:7:",
            ])
    }

    @Test("a file that is not there is a sentence, and so is a folder")
    func files() {
        #expect(throws: InventoryFailure.self) { try Cluster.load("/nonexistent.ini") }
        let (_, diagnostics) = Inventory.load("/tmp")
        #expect(diagnostics.map(\.problem) == ["the file cannot be read"])
    }

    @Test("no input crashes the reader, and what it returns can always be shown")
    func fuzz() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for round in 0..<4000 {
            let bytes = Mutation.bytes(using: &random)
            let (inventory, diagnostics) = Inventory.parse(bytes, file: "f")
            let (_, more) = Cluster.resolve(inventory, knownVariables: ["http_port"])
            let lines = bytes.count { $0 == 10 } + 1
            #expect(
                (diagnostics + more).allSatisfy { (0...lines).contains($0.line) && !$0.problem.isEmpty },
                "seed \(seed), round \(round)")
            #expect(!inventory.json.compact.isEmpty, "seed \(seed), round \(round)")
            #expect(!inventory.text(colour: true).isEmpty, "seed \(seed), round \(round)")
        }
    }
}

/// Bytes that look more or less like an inventory.
enum Mutation {
    private static let pieces = [
        "[", "]", ":", "=", "#", ";", "'", "\"", "\\", "\n", "\n", " ", "\t", "\r\n", "web", "all",
        "ungrouped",
        "children", "vars", "n[1:3]", "n1", "[a:f]", "01:10:3", "ansible_host", "192.0.2.1",
        "ansible_port=22",
        "lab=true", "vip = 192.0.2.9", "http_port=80", "ansible_group_priority=2", "2001:db8::1",
        "lab_network=",
        "192.0.2.0/24", "recipes=a b", "é", "\u{FEFF}", "---", "\u{0}", "99999999999999999999",
    ]

    static func bytes(using random: inout SeededGenerator) -> [UInt8] {
        switch Int.random(in: 0...3, using: &random) {
        case 0:
            return (0..<Int.random(in: 0...200, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
        case 1:
            var text: [UInt8] = []
            for _ in 0..<Int.random(in: 0...60, using: &random) {
                text += (pieces.randomElement(using: &random) ?? "").utf8
            }
            return text
        default:
            var text = Array((AnsibleFixtures.all.randomElement(using: &random)?.text ?? "").utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) where !text.isEmpty {
                let place = Int.random(in: 0..<text.count, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: text[place] = UInt8.random(in: 0...255, using: &random)
                case 1: text.remove(at: place)
                case 2: text.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").utf8, at: place)
                default: text = Array(text[place...] + text[..<place])
                }
            }
            return text
        }
    }
}
