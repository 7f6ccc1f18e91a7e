import Apt
import Foundation

/// Why packages cannot be had for nodes.
public enum PackageFailure: Error, Sendable, Equatable {
    /// No source offers them; to each, the name that is most like it, if there is one.
    case unknown(node: String, names: [String], nearest: [String: String])
    /// Anything else, as a sentence.
    case other(String)

    /// From apt's words about the packages of a system.
    init(_ output: String, system: NodeSystem, folder: String) {
        let start = "packages for \(system.codename) on \(system.architecture)"
        let text: String
        switch AptFailure(output) {
        case .network(let words):
            text =
                "\(start): apt does not reach the nodes' package server from this machine (\(words)). Connect it to "
                + "the network, or set Acquire::http::Proxy in /etc/apt/apt.conf.d; nodes that have a way there "
                + "themselves can use it: packages = node in [all:vars]"
        case .signature(let words):
            text =
                "\(start): apt does not trust what the package server sent (\(words)). Is this machine's clock right? "
                + Self.keyAdvice(folder)
        case .diskFull(let words):
            text = "\(start): there is no room left on this machine (\(words)). Free some below \(folder)"
        case .midSync(let words):
            text =
                "\(start): the package server is in the middle of a sync (\(words)). Wait some minutes, then run the "
                + "same command again"
        case .unknownPackages(let names):
            text = "\(start): there is no \(names.joined(separator: ", "))"
        case .other(let words):
            let lines = output.split(separator: "\n").map(String.init)
            let unmet = lines.drop { !$0.contains("have unmet dependencies") }.dropFirst()
                .prefix { $0.hasPrefix(" ") }.map { $0.trimmingCharacters(in: .whitespaces) }
            text =
                "\(start): apt cannot install them (\(words)). "
                + (unmet.isEmpty ? "" : "It says:\n  \(unmet.prefix(8).joined(separator: "\n  "))\n")
                + "On the node, apt-get --fix-broken install may help; pidep deploy --refresh asks for newer indexes"
        }
        self = .other(text)
    }

    static func keyAdvice(_ folder: String) -> String {
        "Its keyring must be on this machine: install the package of the node's distribution (debian-archive-keyring, "
            + "raspberrypi-archive-keyring), or copy it from a node that you trust: "
            + "scp NODE:/usr/share/keyrings/NAME.gpg \(folder)/keyrings/"
    }
}
