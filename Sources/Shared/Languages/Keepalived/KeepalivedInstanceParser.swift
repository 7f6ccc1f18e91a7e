/// `vrrp_instance`.
extension KeepalivedParser {
    /// Linux's IFNAMSIZ without the closing zero.
    private static let maximumInterfaceName = 15

    mutating func parseInstance(_ block: KeepalivedStatement) {
        guard expectWords(block, 2, "vrrp_instance NAME {") else { return }
        let statements = body(of: block)
        var instance = KeepalivedConfiguration.Instance(
            name: block.words[1].text, line: block.line, interface: "", virtualRouterID: 0)
        var seen: [String] = []
        var isMaster = false
        // Addresses name their interface only after the whole block is read.
        var addressStatements: [KeepalivedStatement] = []
        for statement in statements {
            if seen.contains(statement.keyword) {
                report(statement.line, "\(statement.keyword) stands twice in \(instance.name)", "Remove one")
                continue
            }
            seen.append(statement.keyword)
            switch statement.keyword {
            case "state":
                if let word = argument(statement, "state MASTER|BACKUP") {
                    isMaster = word.text == "MASTER"
                    if !isMaster, word.text != "BACKUP" {
                        report(word.line, "state \(word.text) is neither MASTER nor BACKUP")
                    }
                }
            case "interface":
                if let word = argument(statement, "interface NAME") { instance.interface = interface(word) }
            case "virtual_router_id":
                if let id = number(statement, 1...255, "virtual_router_id 51") {
                    instance.virtualRouterID = UInt8(id)
                }
            case "priority": parsePriority(statement, &instance)
            case "advert_int": parseInterval(statement, &instance)
            case "version":
                instancesWithVersion.append(instance.name)
                if number(statement, 2...3, "version 3") == 2 { reportVersion2(statement.line) }
            case "preempt": flag(statement)
            case "nopreempt":
                flag(statement)
                instance.preempt = false
            case "preempt_delay":
                if let delay = time(statement, upTo: .seconds(1000), "preempt_delay 30") {
                    instance.preemptDelay = delay
                }
            case "higher_prio_send_advert": requireTrue(statement)
            case "virtual_ipaddress":
                expectWords(statement, 1, "virtual_ipaddress {")
                addressStatements = body(of: statement)
            case "track_process": parseTracked(statement, &instance)
            default:
                reportUnknown(
                    statement, known: KeepalivedWords.instance, others: KeepalivedWords.otherInstance,
                    in: "vrrp_instance")
            }
        }
        for word in ["interface", "virtual_router_id", "virtual_ipaddress"] where !seen.contains(word) {
            report(block.line, "vrrp_instance \(instance.name) lacks \"\(word)\"", "Add it to the block")
        }
        checkPreemption(instance, isMaster: isMaster, says: seen)
        for statement in addressStatements { parseAddress(statement, &instance) }
        checkAddresses(instance, isGiven: seen.contains("virtual_ipaddress"))
        configuration.instances.append(instance)
    }

    private mutating func parsePriority(
        _ statement: KeepalivedStatement, _ instance: inout KeepalivedConfiguration.Instance
    ) {
        guard let word = argument(statement, "priority 1-254") else { return }
        if word.text == "255" {
            return report(
                word.line, "priority 255 is for a router whose own address the virtual one is",
                "The address moves, so nobody owns it: give the preferred router 254")
        }
        if let value = number(word, 1...254, of: "priority") { instance.priority = UInt8(value) }
    }

    private mutating func parseInterval(
        _ statement: KeepalivedStatement, _ instance: inout KeepalivedConfiguration.Instance
    ) {
        guard let word = argument(statement, "advert_int 0.01-40.95") else { return }
        let unit = KeepalivedConfiguration.intervalUnit
        guard let interval = Self.seconds(word.text), interval >= unit, interval <= unit * 4095 else {
            return report(
                word.line, "advert_int \(word.text) is not a time in seconds from 0.01 to 40.95")
        }
        guard interval.components.attoseconds % unit.components.attoseconds == 0 else {
            return report(
                word.line, "advert_int \(word.text) is not a multiple of 0.01 seconds",
                "VRRP version 3 counts hundredths")
        }
        instance.advertisementInterval = interval
    }

    private mutating func checkPreemption(
        _ instance: KeepalivedConfiguration.Instance, isMaster: Bool, says seen: [String]
    ) {
        for word in ["nopreempt", "preempt_delay"] where isMaster && seen.contains(word) {
            report(
                instance.line, "\(word) and state MASTER contradict each other in \(instance.name)",
                "Write state BACKUP")
        }
        if instance.preempt { return }
        for word in ["preempt", "preempt_delay"] where seen.contains(word) {
            report(
                instance.line, "nopreempt and \(word) contradict each other in \(instance.name)", "Remove one"
            )
        }
    }

    private mutating func interface(_ word: KeepalivedWord) -> String {
        let bytes = word.text.utf8
        if bytes.count > Self.maximumInterfaceName || bytes.contains(UInt8(ascii: "/"))
            || bytes.contains(UInt8(ascii: " "))
        {
            report(word.line, "\"\(word.text)\" cannot be the name of a network interface", "Example: eth0")
        } else if word.text == "lo" {
            report(word.line, "VRRP cannot run on the loopback interface", "Example: eth0")
        }
        return word.text
    }

    // MARK: virtual_ipaddress

    private mutating func parseAddress(
        _ statement: KeepalivedStatement, _ instance: inout KeepalivedConfiguration.Instance
    ) {
        refuseBlock(statement)
        let words = statement.words
        var interface = instance.interface
        var index = 1
        while index < words.count {
            guard words[index].text == "dev" else {
                var rest = statement
                rest.words = Array(words[index...])
                return reportUnknown(
                    rest, known: ["dev"], others: KeepalivedWords.otherAddress, in: "virtual_ipaddress")
            }
            guard index + 1 < words.count else {
                return report(statement.line, "dev lacks something", "Write it as: 192.0.2.29/24 dev eth0")
            }
            interface = self.interface(words[index + 1])
            index += 2
        }
        guard let (address, prefix) = addressAndPrefix(words[0]) else { return }
        if instance.addresses.contains(where: { $0.address == address }) {
            return report(statement.line, "\(address.text) stands twice in \(instance.name)", "Remove one")
        }
        instance.addresses.append(
            KeepalivedConfiguration.VirtualAddress(
                address: address, prefixLength: prefix, interface: interface))
    }

    private mutating func addressAndPrefix(_ word: KeepalivedWord) -> (IPv4Address, UInt8)? {
        if word.text.utf8.contains(UInt8(ascii: ":")) {
            report(word.line, "\(word.text): IPv6 is Keepalived's, not supported yet in virtual_ipaddress")
            return nil
        }
        let parts = word.text.utf8.split(
            separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false
        ).map { String(decoding: $0, as: UTF8.self) }
        guard let address = IPv4Address(parts[0]), address.isUnicast, !word.isQuoted else {
            report(
                word.line, "\"\(word.text)\" is not an IPv4 address that a host can have",
                "Example: 192.0.2.29/24")
            return nil
        }
        guard parts.count == 2 else { return (address, 32) }
        guard let prefix = Self.integer(parts[1]), prefix >= 1, prefix <= 32 else {
            report(word.line, "\(word.text) has no prefix length from 1 to 32", "Example: 192.0.2.29/24")
            return nil
        }
        return (address, UInt8(prefix))
    }

    private mutating func checkAddresses(_ instance: KeepalivedConfiguration.Instance, isGiven: Bool) {
        let limit = KeepalivedConfiguration.maximumAddresses
        if instance.addresses.count > limit {
            report(
                instance.line, "vrrp_instance \(instance.name) has \(instance.addresses.count) addresses",
                "At most \(limit) fit; make a second instance")
        }
        if isGiven, instance.addresses.isEmpty, diagnostics.isEmpty {
            report(
                instance.line, "virtual_ipaddress is empty in \(instance.name)", "Name at least one address")
        }
    }
}
