import Digest
import JSON

extension Manifest {
    /// The format that this half writes. It reads earlier ones too, since nodes keep manifests of earlier releases: 1 has no
    /// users, groups, modules and sysctls, 2 no early files. Another number is refused.
    public static let format: Int64 = 3

    /// The manifest as a JSON document, always the same text for the same manifest.
    public var json: JSONValue {
        .object([
            .init("format", .integer(Self.format)),
            .init("node", .string(node)),
            .init("architecture", .string(architecture)),
            .init(
                "runtime",
                .object([
                    .init("version", .string(runtime.version)),
                    .init("sha256", .string(runtime.digest.hexadecimal)),
                    .init("size", .integer(Int64(runtime.size))),
                ])),
            .init("packages", .strings(packages)),
            .init("files", .array(files.map { $0.json })),
            .init("units", .array(units.map { $0.json })),
            .init("groups", .array(groups.map { $0.json })),
            .init("users", .array(users.map { $0.json })),
            .init("modules", .strings(modules)),
            .init("sysctls", .array(sysctls.map { $0.json })),
        ])
    }

    /// The JSON text as bytes: what is sent, kept beside a release, and named by `release`.
    public var document: [UInt8] { Array(json.compact.utf8) }

    /// Names the release that this manifest makes: the first 16 digits of the SHA-256 of its JSON text.
    public var release: String {
        String(SHA256Digest(of: document).hexadecimal.prefix(16))
    }

    /// Every blob that the manifest needs, the runtime's first, each once.
    public var blobs: [(digest: SHA256Digest, size: Int)] {
        var blobs = [(digest: runtime.digest, size: runtime.size)]
        for file in files {
            guard case .blob(let digest, let size) = file.content else { continue }
            if !blobs.contains(where: { $0.digest == digest }) { blobs.append((digest, size)) }
        }
        return blobs
    }
}

extension ManagedFile {
    var json: JSONValue {
        var members: [JSONValue.Member] = [.init("path", .string(path))]
        switch content {
        case .blob(let digest, let size):
            members.append(.init("kind", .string("file")))
            members.append(.init("sha256", .string(digest.hexadecimal)))
            members.append(.init("size", .integer(Int64(size))))
        case .directory: members.append(.init("kind", .string("directory")))
        case .link(let target):
            members.append(.init("kind", .string("link")))
            members.append(.init("target", .string(target)))
        case .absent: members.append(.init("kind", .string("absent")))
        }
        members.append(.init("mode", .string(ManagedFile.octal(mode))))
        members.append(.init("owner", .string(owner)))
        members.append(.init("group", .string(group)))
        members.append(.init("restart", .strings(restart)))
        members.append(.init("reload", .strings(reload)))
        if isEarly { members.append(.init("early", .boolean(true))) }
        return .object(members)
    }

    /// Permission bits as four octal digits, as chmod(1) takes them.
    public static func octal(_ mode: UInt32) -> String {
        var text: [UInt8] = []
        for shift in [9, 6, 3, 0] as [UInt32] { text.append(48 + UInt8(mode >> shift & 7)) }
        return String(decoding: text, as: UTF8.self)
    }
}

extension ManagedUnit {
    var json: JSONValue {
        .object([
            .init("name", .string(name)),
            .init("enabled", .boolean(enabled)),
            .init("running", .boolean(running)),
            .init("onNewRuntime", .string(onNewRuntime.rawValue)),
        ])
    }
}

extension ManagedGroup {
    var json: JSONValue {
        var members: [JSONValue.Member] = [.init("name", .string(name))]
        if let id { members.append(.init("gid", .integer(Int64(id)))) }
        return .object(members)
    }
}

extension ManagedUser {
    var json: JSONValue {
        var members: [JSONValue.Member] = [.init("name", .string(name))]
        if let id { members.append(.init("uid", .integer(Int64(id)))) }
        members.append(.init("group", .string(group)))
        members.append(.init("groups", .strings(groups)))
        if let home { members.append(.init("home", .string(home))) }
        if let shell { members.append(.init("shell", .string(shell))) }
        return .object(members)
    }
}

extension ManagedSysctl {
    var json: JSONValue { .object([.init("key", .string(key)), .init("value", .string(value))]) }
}
