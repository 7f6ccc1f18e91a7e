import ArgumentParser
import CrossBuild
import Events
import Foundation

struct BuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Cross-builds the node runtime.",
        discussion: """
            Downloads what it needs from Debian once, into .pidep below the package, then works without a network.

              pidep build --arch armv7                 Pi 2 and later with a 32-bit system
              pidep build --arch arm64 --arch amd64    Pi 3 and later with a 64-bit system; the lab
              pidep build --all --output /tmp/bundles  also copies the bundles there
              pidep build --arch armv7 --json          one event a line
            """)

    @Option(help: ArgumentHelp("armv7, arm64 or amd64; can be repeated.", valueName: "arch"))
    var arch: [Architecture] = []

    @Flag(help: "Builds for every architecture.")
    var all = false

    @Option(help: ArgumentHelp("Copies each bundle to DIR/<arch>, too.", valueName: "dir"))
    var output: String?

    @Flag(help: "Asks Debian for newer packages, although those of the last build are there.")
    var refresh = false

    @Flag(help: "Prints events as JSON, one a line.")
    var json = false

    func validate() throws {
        guard all || !arch.isEmpty else {
            throw ValidationError(
                "Say what to build for: --arch armv7, arm64 or amd64 (can be repeated), or --all.")
        }
    }

    func run() throws {
        let renderer = Renderer(.automatic(json: json))
        let root: PackageRoot
        do throws(BuildError) { root = try .find() } catch {
            renderer.report(Event(.failed, command: "build", message: error.sentence))
            throw ExitCode.failure
        }
        let folder = output.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
        do throws(BuildError) {
            try CrossBuilder(root: root, output: folder, refresh: refresh)
                .build(all ? Architecture.allCases : arch, sink: renderer)
        } catch { throw ExitCode.failure }
    }
}

extension Architecture: ExpressibleByArgument {}
