import Foundation
import Testing

@testable import DatabaseRole

@Suite struct FolderJobsTests {
    @Test("the system identifier is found in what pg_controldata prints")
    func controlData() throws {
        let path = NSTemporaryDirectory() + "control-" + UUID().uuidString.prefix(8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(ControlData.systemIdentifier(path) == nil)
        try """
        pg_control version number:            1300
        Database system identifier:           7456789012345678901
        Database cluster state:               shut down

        """.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(ControlData.systemIdentifier(path) == 7_456_789_012_345_678_901)
    }

    @Test(
        "parts of texts are found wherever they stand",
        arguments: [
            ("abc", "", true), ("abc", "abc", true), ("abc", "bc", true), ("abc", "abcd", false),
            ("", "a", false), ("aab", "ab", true),
        ])
    func contains(text: String, part: String, isThere: Bool) {
        #expect(Text.contains(text, part) == isThere)
    }

    @Test("the folder of a path", arguments: [("/a/b", "/a"), ("/a", "/"), ("a", "/"), ("/a/b/c", "/a/b")])
    func parent(path: String, folder: String) { #expect(Folders.parent(path) == folder) }
}
