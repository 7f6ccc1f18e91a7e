import Foundation

/// A program of this package as this build made it: beside the test bundle.
public func builtProgram(_ name: String) -> String {
    let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? ".build/debug/x"
    let folders = bundle.components(separatedBy: ".xctest")[0].components(separatedBy: "/").dropLast()
    return folders.joined(separator: "/") + "/\(name)"
}
