import Diagnostics
import TestSupport
import Testing

@testable import Languages

@Suite struct KeepalivedParserTests {
    private func parse(_ text: String) -> (KeepalivedConfiguration, [String]) {
        let (configuration, diagnostics) = KeepalivedConfiguration.parse(text, file: "vrrp.conf")
        return (configuration, diagnostics.map { $0.sentence })
    }

    /// The small example with a line added to its instance or to the file.
    private func problems(inInstance line: String) -> [String] {
        parse(
            """
            global_defs {
            vrrp_version 3
            }
            vrrp_instance web {
            interface eth0
            virtual_router_id 51
            virtual_ipaddress {
            192.0.2.29/24
            }
            \(line)
            }
            """
        ).1
    }

    @Test("every word of a complete file arrives in the model")
    func complete() {
        let (configuration, problems) = parse(KeepalivedExamples.complete)
        #expect(problems == [])
        #expect(configuration.routerID == "nustler3")
        let instance = configuration.instances[0]
        #expect(instance.name == "web")
        #expect(instance.interface == "eth0")
        #expect(instance.virtualRouterID == 51)
        #expect(instance.priority == 254)
        #expect(instance.advertisementInterval == .milliseconds(100))
        #expect(instance.preempt)
        #expect(instance.preemptDelay == .milliseconds(2500))
        #expect(instance.addresses.map { $0.text } == ["192.0.2.29/24", "192.0.2.30/32"])
        #expect(instance.addresses.map { $0.interface } == ["eth0", "eth1"])
        #expect(instance.trackedProcesses.map { $0.weight } == [0, 10])
        let proxy = configuration.trackProcesses[0]
        #expect(proxy.role == "proxy")
        #expect(proxy.parameterMatch == .partial)
        #expect(proxy.riseDelay == .seconds(1))
        #expect(proxy.fallDelay == .milliseconds(250))
        let apache = configuration.trackProcesses[1]
        #expect(apache.role == nil)
        #expect(apache.quorum == 2)
        #expect(apache.riseDelay == .milliseconds(500))
        #expect(apache.fallDelay == .milliseconds(500))
    }

    @Test("braces may stand at the end of a line, on their own, or around a block on one line")
    func braces() {
        let (configuration, problems) = parse(KeepalivedExamples.braces)
        #expect(problems == [])
        #expect(configuration.instances.map { $0.addresses.count } == [2, 1])
        #expect(configuration.instances[0].preempt == false)
        #expect(configuration.instances[0].advertisementInterval == .milliseconds(40950))
        #expect(configuration.instances[1].advertisementInterval == .milliseconds(10))
    }

    @Test("what a file does not say has Keepalived's defaults")
    func defaults() {
        let instance = parse(KeepalivedExamples.small).0.instances[0]
        #expect(instance.priority == 100)
        #expect(instance.advertisementInterval == .seconds(1))
        #expect(instance.preempt)
        #expect(instance.preemptDelay == .zero)
        let track = parse("vrrp_track_process a {\nprocess b\n}").0.trackProcesses[0]
        #expect(track.weight == 1)
        #expect(track.quorum == 1)
        #expect(track.parameterMatch == nil)
    }

    @Test(
        "a line that cannot be used is a sentence with its number",
        arguments: [
            ("priority 255", "priority 255 is for a router whose own address"),
            ("priority 0", "priority 0 is not a number from 1 to 254"),
            ("priority many", "priority many is not a number"),
            ("advert_int 0.005", "advert_int 0.005 is not a time in seconds from 0.01 to 40.95"),
            ("advert_int 40.96", "advert_int 40.96 is not a time in seconds from 0.01 to 40.95"),
            ("advert_int 0.015", "advert_int 0.015 is not a multiple of 0.01"),
            ("advert_int 1e3", "advert_int 1e3 is not a time"),
            ("version 2", "VRRP version 2 is Keepalived's, not supported here"),
            ("state OWNER", "state OWNER is neither MASTER nor BACKUP"),
            ("state", "state lacks something. Write it as: state MASTER|BACKUP"),
            ("state MASTER now", "state has a word too many"),
            ("interface eth1", "interface stands twice in web"),
            ("use_vmac", "\"use_vmac\" is Keepalived's, not supported yet in vrrp_instance"),
            ("prioritiy 100", "Did you mean \"priority\"?"),
            ("nopreemt", "Did you mean \"nopreempt\"?"),
            ("xyzzy 1", "\"xyzzy\" is not a word that pinode knows in vrrp_instance"),
            ("higher_prio_send_advert off", "cannot be switched off"),
            ("preempt_delay 1001", "preempt_delay 1001 is not a time in seconds from 0 to 1000"),
            ("track_process {\nnothing\n}", "there is no vrrp_track_process nothing"),
            ("priority \"100", "a quoted text does not end on its line"),
            ("priority \"1\\60\"", "a backslash in a quoted text"),
        ])
    func badLine(line: String, sentence: String) {
        let found = problems(inInstance: line)
        #expect(found.contains { $0.hasPrefix("vrrp.conf:1") && $0.contains(sentence) }, "\(found)")
    }

    @Test(
        "an address must be one that a host can have",
        arguments: [
            "192.0.2.300/24", "192.0.2/24", "192.0.2.29/33", "192.0.2.29/", "192.0.2.29/0", "192.0.2.029",
            "\"192.0.2.29/24\"",
            "224.0.0.1/32", "127.0.0.1", "0.0.0.0/8", "2001:db8::1/64", "192.0.2.29 brd 192.0.2.255",
            "192.0.2.29 dev", "192.0.2.29 dev lo", "192.0.2.29 dev a-name-that-is-too-long",
        ])
    func badAddress(address: String) {
        let text = KeepalivedExamples.small
        let changed = text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.contains("192.0.2.29") ? address : String($0) }.joined(separator: "\n")
        let (_, found) = parse(changed)
        #expect(found.count == 1 && found[0].hasPrefix("vrrp.conf:8: "), "\(found)")
    }

    @Test("without version 3 Keepalived would speak version 2, so the file must say it")
    func version() {
        let text = KeepalivedExamples.small.split(separator: "\n").filter { !$0.contains("vrrp_version") }
        let (_, found) = parse(text.joined(separator: "\n"))
        #expect(found.count == 1)
        #expect(found[0].contains("would speak VRRP version 2"))
    }

    @Test("all that is wrong is said in one run, in the order of the lines")
    func everything() {
        let (_, found) = parse(
            """
            global_defs {
              vrrp_strict
              router_idd x
            }
            virtual_server 192.0.2.1 80 {
            }
            vrrp_instance web {
              priority 300
              interface eth0
              virtual_ipaddress {
                192.0.2.29/24
                192.0.2.29/24
              }
            }
            """)
        let lines = found.map { $0.split(separator: ":")[1] }
        #expect(lines == ["2", "3", "5", "7", "7", "8", "12"], "\(found)")
    }

    @Test("two instances share neither name, number on one interface, nor address")
    func twice() {
        let instance = """
            vrrp_instance web {
              version 3
              interface eth0
              virtual_router_id 51
              virtual_ipaddress {
                192.0.2.29/24
              }
            }

            """
        #expect(parse(instance + instance).1.contains { $0.contains("stands on line 1 already") })
        let other = instance.replacing("web", with: "other")
        let found = parse(instance + other).1
        #expect(found.contains { $0.contains("has the virtual_router_id 51 of web (line 1)") })
        #expect(found.contains { $0.contains("192.0.2.29 is a virtual address of web (line 1) already") })
    }

    @Test("nopreempt contradicts state MASTER and preempt_delay")
    func contradictions() {
        #expect(problems(inInstance: "nopreempt\nstate MASTER").count == 1)
        #expect(problems(inInstance: "preempt_delay 1\nstate MASTER").count == 1)
        #expect(problems(inInstance: "nopreempt\npreempt_delay 3").count == 1)
    }

    @Test(
        "braces that do not match are found where they stand",
        arguments: [
            ("vrrp_instance web {\ninterface eth0", "vrrp.conf:1: the block that"),
            ("}\n", "vrrp.conf:1: \"}\" closes nothing"),
            ("{\n}\n", "vrrp.conf:1: \"{\" opens a block that has no name"),
        ])
    func unbalanced(text: String, sentence: String) {
        #expect(parse(text).1.contains { $0.hasPrefix(sentence) })
    }

    @Test("blocks cannot lie in each other without end")
    func depth() {
        let found = parse(String(repeating: "a { ", count: 5000)).1
        #expect(found.contains { $0.hasPrefix("vrrp.conf:1: blocks lie too deep in each other") })
    }

    @Test(
        "our own roles are named by one word",
        arguments: [
            "process pinode", "process pinode proxy -f x", "process pinode Proxy", "process pinode ../x",
            "process pinode proxy\nquorum 2", "process pinode proxy\nfull_command",
        ])
    func roles(lines: String) {
        #expect(parse("vrrp_track_process a {\n\(lines)\n}\n" + KeepalivedExamples.small).1.count == 1)
    }

    @Test("no bytes crash the parser, and what is no file in this language is never accepted")
    func fuzz() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SplitMix64(seed: seed)
        let corpus = KeepalivedExamples.all.map { Array($0.utf8) }
        for _ in 0..<400 {
            var bytes = corpus[Int(generator.next() % UInt64(corpus.count))]
            for _ in 0..<(1 + generator.next() % 6) {
                let place = Int(generator.next() % UInt64(bytes.count))
                switch generator.next() % 4 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
                case 1: bytes.remove(at: place)
                case 2: bytes.insert([123, 125, 34, 10, 33][Int(generator.next() % 5)], at: place)
                default: bytes.removeSubrange(place..<min(bytes.count, place + 40))
                }
                if bytes.isEmpty { bytes = [10] }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let (configuration, diagnostics) = KeepalivedConfiguration.parse(text, file: "f")
            if diagnostics.isEmpty {
                #expect(
                    configuration.instances.allSatisfy {
                        $0.virtualRouterID > 0 && !$0.interface.isEmpty && !$0.addresses.isEmpty
                    }, "seed \(seed): \(text)")
            }
        }
    }
}
