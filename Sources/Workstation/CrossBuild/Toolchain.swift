import Commands
import Foundation
import Requirements

/// The Swift toolchain on PATH, by which the node runtime is compiled.
struct Toolchain: Sendable, Equatable {
    /// Why there is no usable one, without a full stop.
    struct Unusable: Error, Equatable {
        var reason: String
    }

    /// The release series whose Embedded Swift this code is written for.
    static let series = "6.3"
    /// How long `swiftc --version` may take.
    static let versionTimeout: TimeInterval = 30

    static let remedy =
        "install Swift \(series) (https://www.swift.org/install/linux/) and put its usr/bin on PATH: "
        + "export PATH=/path/to/swift/usr/bin:$PATH"

    /// The `usr` folder, with symbolic links resolved.
    let folder: String
    /// The first line of `swiftc --version`: enters every digest of what a build was made from.
    let version: String

    /// Finds it and makes sure of its version; the sentence says how to get one.
    static func find() throws(BuildError) -> Toolchain {
        do throws(Unusable) { return try locate() } catch {
            throw BuildError(Requirement.swiftToolchain.missing(because: error.reason).sentence)
        }
    }

    static func locate() throws(Unusable) -> Toolchain {
        guard let compiler = Command.path(of: "swiftc") else {
            throw Unusable(reason: "there is no Swift compiler on PATH")
        }
        let real = URL(fileURLWithPath: compiler).resolvingSymlinksInPath()
        let folder = real.deletingLastPathComponent().deletingLastPathComponent().path
        let output: Command.Output
        do throws(Command.Failure) {
            output = try Command([compiler, "--version"], timeout: versionTimeout).run()
        } catch { throw Unusable(reason: "the Swift compiler on PATH does not work (\(error.sentence))") }
        let line = output.standardOutput.split(separator: "\n").first.map(String.init) ?? ""
        return try Toolchain(folder: folder, versionLine: line)
    }

    init(folder: String, versionLine: String) throws(Unusable) {
        guard let number = Self.number(in: versionLine) else {
            throw Unusable(
                reason: "\(folder)/bin/swiftc does not say its version (it says \"\(versionLine)\")")
        }
        guard number == Self.series || number.hasPrefix("\(Self.series).") else {
            throw Unusable(reason: "Swift \(number) is on PATH, and pidep needs \(Self.series)")
        }
        self.folder = folder
        version = versionLine
    }

    /// `6.3.1` from `Swift version 6.3.1 (swift-6.3.1-RELEASE)`, with whatever stands before it.
    static func number(in line: String) -> String? {
        let words = line.split(separator: " ")
        guard let index = words.firstIndex(of: "version"), index + 1 < words.count else { return nil }
        let number = words[index + 1]
        return number.first?.isNumber == true ? String(number) : nil
    }

    /// Where the Embedded standard library's modules lie.
    var embeddedModules: String { "\(folder)/lib/swift/embedded" }
    /// The toolchain's own objcopy: no binutils for ARM are needed.
    var objcopy: String { "\(folder)/bin/llvm-objcopy" }
}
