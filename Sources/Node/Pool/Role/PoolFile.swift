import CLinux
import Diagnostics
import Languages
import Pool
import Reactor
import Service

/// The pool's file, with what it includes.
enum PoolFile {
    /// Bytes that a file may have.
    static let limit = 1 << 20

    /// A pool's file and those that it names.
    struct Whole {
        var configuration: PoolConfiguration
        var secrets: PoolSecrets
    }

    /// The file with those of users and rules that it names; nil when any of them cannot be used.
    static func readWhole(_ file: String, entropy: [UInt8]) -> (Whole?, [String]) {
        var (read, problems) = read(file)
        guard let configuration = read else { return (nil, problems) }
        let unserved = Unserved.problems(in: configuration, file: file)
        problems += unserved.sentences
        var isUsable = unserved.isUsable
        func load<Value>(
            _ path: String?, _ word: String, _ empty: Value,
            _ parse: (String, String) -> (Value, [Diagnostic])
        ) -> Value {
            guard let path else { return empty }
            guard let text = SmallFile.read(path, limit: limit) else {
                problems.append("\(file): \(word) = \(path): \(SystemError("cannot read it").sentence).")
                isUsable = false
                return empty
            }
            let (value, diagnostics) = parse(String(decoding: text, as: UTF8.self), path)
            problems += diagnostics.map { $0.sentence }
            if diagnostics.contains(where: { $0.severity == .error }) { isUsable = false }
            return value
        }
        let list = load(configuration.authFile, "auth_file", Userlist()) { Userlist.parse($0, file: $1) }
        let rules = load(configuration.authHbaFile, "auth_hba_file", HBARules()) { text, path in
            HBARules.parse(text, file: path, read: { SmallFile.read($0, limit: limit) })
        }
        let maps = load(configuration.authIdentFile, "auth_ident_file", IdentMaps()) {
            IdentMaps.parse($0, file: $1)
        }
        guard isUsable else { return (nil, problems) }
        let secrets = PoolSecrets(list, rules: rules, maps: maps, entropy: entropy)
        return (Whole(configuration: configuration, secrets: secrets), problems)
    }

    /// What it says, nil when it cannot be used, and a sentence for each thing that is wrong with it.
    static func read(_ file: String) -> (PoolConfiguration?, [String]) {
        guard let text = SmallFile.read(file, limit: limit) else {
            return (nil, ["\(file): \(SystemError("cannot read it").sentence)."])
        }
        let (configuration, diagnostics) = PoolConfiguration.parse(
            String(decoding: text, as: UTF8.self), file: file, read: { SmallFile.read($0, limit: limit) })
        let isUsable = !diagnostics.contains { $0.severity == .error }
        return (isUsable ? configuration : nil, diagnostics.map { $0.sentence })
    }
}
