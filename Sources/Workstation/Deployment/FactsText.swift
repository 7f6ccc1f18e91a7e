import Foundation
import JSON
import Manifest

extension Facts {
    /// For people: a word and what there is to say about it.
    func rows(_ request: FactsRequest) -> [(word: String, text: String)] {
        var rows = [
            ("host name", hostname), ("system", "\(system), kernel \(kernel), \(architecture)"),
            ("up", "\(ClusterStatus.span(Int64(uptime))), load \(load)"),
            ("memory", "\(Self.size(memoryFree)) free of \(Self.size(memory))"),
        ]
        rows += disks.map { ("disk \($0.mount)", "\(Self.size($0.free)) free of \(Self.size($0.size))") }
        if let temperature {
            rows.append(("temperature", "\(temperature / 1000).\(abs(temperature) % 1000 / 100) °C"))
        }
        rows.append(("release", releaseText))
        if !pending.isEmpty {
            let owed = pending.text.split(separator: "\n").joined(separator: ", ")
            rows.append(("owed", "\(owed) (an apply was cut off; pidep deploy makes up for it)"))
        }
        if let address = request.virtualAddress {
            rows.append(
                (
                    "virtual IP",
                    virtualAddressInterface.map { "holds \(address) on \($0)" } ?? "does not hold \(address)"
                ))
        }
        rows += request.packages.map { ("package", "\($0) \(packages[$0] ?? "is not installed")") }
        rows += units.map { ("unit", "\($0.name) \($0.stateText)") }
        rows += request.paths.map { ("path", "\($0.path) \(pathText($0.path, wanted: $0.wanted))") }
        return rows
    }

    private var releaseText: String {
        guard let release else { return "none; pidep deploy puts one there" }
        return manifest.map { "\(release), pinode \($0.runtime.version)" } ?? release
    }

    private func pathText(_ path: String, wanted: String) -> String {
        guard let found = paths[path] else { return "is not there" }
        let mode = String(found.mode, radix: 8)
        switch found.kind {
        case "l": return "link to \(found.target)"
        case "d": return "directory, \(mode) \(found.owner):\(found.group)"
        case "f":
            let whole = "\(found.size) bytes, \(mode) \(found.owner):\(found.group)"
            guard !wanted.isEmpty, let digest = found.digest else { return whole }
            return digest == wanted ? whole : whole + ", not as the recipe makes it"
        default: return "neither file, link nor directory"
        }
    }

    /// For machines: everything but the contents of files.
    func members(_ request: FactsRequest) -> [JSONValue.Member] {
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        return [
            .init("hostname", .string(hostname)), .init("architecture", .string(architecture)),
            .init("system", .string(system)), .init("kernel", .string(kernel)),
            .init("uptime_seconds", .integer(Int64(uptime))),
            .init("load", .decimal(Int64((load * 100).rounded()), places: 2)),
            .init("memory_bytes", .integer(memory)), .init("memory_free_bytes", .integer(memoryFree)),
            .init(
                "disks",
                .array(
                    disks.map {
                        .object([
                            .init("mount", .string($0.mount)), .init("size_bytes", .integer($0.size)),
                            .init("free_bytes", .integer($0.free)),
                        ])
                    })),
            .init("temperature_millicelsius", temperature.map { .integer(Int64($0)) } ?? .null),
            .init("release", text(release)), .init("version", text(manifest?.runtime.version)),
            .init("pending", .strings(pending.text.split(separator: "\n").map(String.init))),
            .init("virtual_address_interface", text(virtualAddressInterface)),
            .init("packages", .object(request.packages.map { .init($0, text(packages[$0])) })),
            .init(
                "units",
                .object(
                    units.map {
                        .init(
                            $0.name,
                            .object([
                                .init("load", .string($0.load)), .init("active", .string($0.active)),
                                .init("file", .string($0.file)),
                            ]))
                    })),
            .init("paths", .object(request.paths.map { .init($0.path, pathJSON($0.path)) })),
            .init("blobs", .strings(blobs.sorted())),
        ]
    }

    private func pathJSON(_ path: String) -> JSONValue {
        guard let found = paths[path] else { return .null }
        let kinds = ["f": "file", "d": "directory", "l": "link"]
        var members: [JSONValue.Member] = [
            .init("kind", .string(kinds[found.kind] ?? "other")),
            .init("mode", .string(String(found.mode, radix: 8))), .init("owner", .string(found.owner)),
            .init("group", .string(found.group)), .init("size_bytes", .integer(Int64(found.size))),
        ]
        if found.kind == "l" { members.append(.init("target", .string(found.target))) }
        if let digest = found.digest { members.append(.init("sha256", .string(digest))) }
        return .object(members)
    }

    /// `948.3 MB`: powers of 1000, as disks are sold.
    static func size(_ bytes: Int64) -> String {
        var value = Double(bytes)
        var unit = 0
        let units = ["bytes", "kB", "MB", "GB", "TB"]
        while value >= 999.95, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return unit == 0 ? "\(bytes) bytes" : String(format: "%.1f %@", value, units[unit])
    }
}

extension UnitState {
    fileprivate var stateText: String {
        guard load == "loaded" else { return load }
        return file.isEmpty ? active : "\(active), \(file)"
    }
}
