import Commands
import Foundation
import Testing

@testable import Deployment

@Suite struct PackageStateTests {
    private func gzipped(_ text: String) throws -> String {
        try Command(["sh", "-c", "gzip -c | base64 -w0"], input: Data(text.utf8)).run().standardOutput
    }

    @Test("a node's answer has its system, its packages and all its sources")
    func whole() throws {
        let line = "deb http://deb.example.org/debian bookworm main\n"
        let stanza =
            "Types: deb\nURIs: http://archive.example.org/debian\nSuites: bookworm\nComponents: main\n"
        let answer = """
            packages
            system\traspbian\tbookworm
            architecture\tarmhf
            status\t\(try gzipped("Package: a\n\n"))
            sources\t/etc/apt/sources.list\t\(Data(line.utf8).base64EncodedString())
            sources\t/etc/apt/sources.list.d/raspi.sources\t\(Data(stanza.utf8).base64EncodedString())
            end

            """
        let state = try PackageState(answer)
        #expect(state.distribution == "raspbian")
        #expect(state.codename == "bookworm")
        #expect(state.architecture == "armhf")
        #expect(state.status == "Package: a\n\n")
        #expect(
            state.sources.map(\.uri) == [
                "http://deb.example.org/debian", "http://archive.example.org/debian",
            ])
    }

    @Test(
        "an answer that was cut, or whose packages are damaged, is a sentence",
        arguments: [
            "packages\nsystem\tdebian\tbookworm\n", "packages\nstatus\tAAAA\nend\n", "packages\nend\n", "",
        ])
    func broken(_ answer: String) {
        #expect(throws: Facts.Failure.self) { try PackageState(answer) }
    }

    @Test("the script's own answer on this machine can be read")
    func script() throws {
        let output = try Command(["sh", "-s"], input: Data(PackageState.script.utf8)).run().standardOutput
        let state = try PackageState(output)
        #expect(!state.architecture.isEmpty)
        #expect(state.status.contains("\nPackage: "))
    }
}
