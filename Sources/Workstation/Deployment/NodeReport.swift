import Foundation
import JSON

/// What a node says about itself when `pidep status` asks: one shell command, one round trip.
public struct NodeReport: Sendable, Equatable {
    /// One line of a proxy's `show stat`.
    public struct ServerState: Sendable, Equatable {
        /// `backend_servers/nustler1`.
        public var name: String
        /// HAProxy's word: `UP`, `DOWN`, `UP 1/2`, `MAINT`, `no check`.
        public var status: String
        /// The last check's outcome: `L7OK`, and why, where the proxy says it.
        public var check: String
    }

    /// What `pinode --version` says; nil without a node runtime.
    public var version: String?
    /// Seconds since the node's boot.
    public var uptime: Int64?
    /// The load average over one minute, as text.
    public var load: String?
    /// Megabytes of memory: available, and in all.
    public var memoryAvailable: Int64?
    /// Megabytes of memory in all.
    public var memoryTotal: Int64?
    /// How full the root file system is, in per cent.
    public var diskUsed: Int64?
    /// Thousandths of a degree Celsius; nil where there is no sensor.
    public var temperature: Int64?
    /// The state of each of pidep's units that the node has: `pinode-proxy.service` → `active`.
    public var units: [(name: String, state: String)] = []
    /// The state of the virtual router (`active`, `backup`, …); nil where there is no VRRP.
    public var router: String?
    /// The address of the node that this one believes to hold the virtual address; nil where it knows none.
    public var activeAddress: String?
    /// Why the virtual router is in that state.
    public var cause: String?
    /// What control says of itself, `ok: …` when all is well; nil where there is none.
    public var control: String?
    /// What the node's proxy thinks of each server.
    public var servers: [ServerState] = []

    /// Two reports that say the same.
    public static func == (a: NodeReport, b: NodeReport) -> Bool { a.json == b.json }

    /// What is run on the node. Every section begins with a line `== name`; what is missing prints nothing.
    static let command = """
        sh -c 'runtime=/opt/pinode/current/pinode
        echo "== version"; [ -x $runtime ] && $runtime --version
        echo "== uptime"; cat /proc/uptime
        echo "== load"; cat /proc/loadavg
        echo "== memory"; grep -E "^Mem(Total|Available):" /proc/meminfo
        echo "== disk"; df -P / | tail -n 1
        echo "== temperature"; cat /sys/class/thermal/thermal_zone0/temp 2>/dev/null
        echo "== units"; for unit in apache2 pinode-proxy pinode-vrrp pinode-control pinode-database; do
        systemctl cat $unit >/dev/null 2>&1 && echo "$unit $(systemctl is-active $unit)"; done
        echo "== vrrp"; [ -S /run/pinode/vrrp.sock ] && $runtime ctl vrrp show vrrp json
        echo "== control"; [ -S /run/pinode/control.sock ] && $runtime ctl control show health
        echo "== proxy"; [ -S /run/pinode/proxy.sock ] && $runtime ctl proxy show stat
        true'
        """

    /// Reads what the command printed; what is missing or odd is nil.
    init(parsing text: String) {
        var sections: [String: [String]] = [:]
        var current = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init) {
            if line.hasPrefix("== ") {
                current = String(line.dropFirst(3))
            } else {
                sections[current, default: []].append(line)
            }
        }
        func words(_ section: String, line: Int = 0) -> [String] {
            guard let lines = sections[section], lines.indices.contains(line) else { return [] }
            return lines[line].split(separator: " ").map(String.init)
        }
        version = sections["version"]?.first.map { $0.replacingOccurrences(of: "pinode ", with: "") }
        uptime = words("uptime").first.flatMap { Int64($0.prefix { $0 != "." }) }
        load = words("load").first
        for line in sections["memory"] ?? [] {
            let parts = line.split(separator: " ")
            guard parts.count >= 2, let kilobytes = Int64(parts[1]) else { continue }
            if parts[0] == "MemTotal:" {
                memoryTotal = kilobytes / 1024
            } else {
                memoryAvailable = kilobytes / 1024
            }
        }
        let disk = words("disk")
        if disk.count >= 5 { diskUsed = Int64(disk[4].replacingOccurrences(of: "%", with: "")) }
        temperature = words("temperature").first.flatMap { Int64($0) }
        units = (sections["units"] ?? []).compactMap {
            let parts = $0.split(separator: " ").map(String.init)
            return parts.count == 2 ? (parts[0], parts[1]) : nil
        }
        if let text = sections["vrrp"]?.first, let document = try? JSONValue.parse(text),
            let instance = document["instances"]?.elements?.first
        {
            router = instance["state"]?.text
            activeAddress = instance["active_address"]?.text
            cause = instance["last_transition"]?["cause"]?.text
        }
        control = sections["control"]?.first
        servers = Self.servers(sections["proxy"] ?? [])
    }

    /// The server rows of HAProxy's CSV (management.txt 9.1): type 2.
    private static func servers(_ lines: [String]) -> [ServerState] {
        guard let header = lines.first?.drop(while: { $0 == "#" || $0 == " " }) else { return [] }
        let names = header.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        return lines.dropFirst().compactMap { line in
            let values = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            func value(_ name: String) -> String {
                guard let index = names.firstIndex(of: name), values.indices.contains(index) else {
                    return ""
                }
                return values[index]
            }
            guard value("type") == "2" else { return nil }
            return ServerState(
                name: "\(value("pxname"))/\(value("svname"))", status: value("status"),
                check: value("check_status"))
        }
    }

    /// The report as a JSON object.
    public var json: JSONValue {
        func number(_ value: Int64?) -> JSONValue { value.map { .integer($0) } ?? .null }
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        return .object([
            .init("version", text(version)), .init("uptime_seconds", number(uptime)),
            .init("load", text(load)),
            .init("memory_available_mb", number(memoryAvailable)),
            .init("memory_total_mb", number(memoryTotal)),
            .init("disk_used_percent", number(diskUsed)),
            .init("temperature_millicelsius", number(temperature)),
            .init("units", .object(units.map { .init($0.name, .string($0.state)) })),
            .init("vrrp", text(router)), .init("vrrp_cause", text(cause)),
            .init("vrrp_active_address", text(activeAddress)),
            .init("control", text(control)),
            .init(
                "servers",
                .array(
                    servers.map {
                        .object([
                            .init("name", .string($0.name)), .init("status", .string($0.status)),
                            .init("check", .string($0.check)),
                        ])
                    })),
        ])
    }
}
