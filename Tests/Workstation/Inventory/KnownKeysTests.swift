import Foundation
import Testing

@testable import Inventory

@Suite struct KnownKeysTests {
    @Test("docs/inventory.md explains every key that pidep reads", arguments: KnownKeys.all)
    func documented(key: String) throws {
        let text = try String(contentsOfFile: Repository.path("docs/inventory.md"), encoding: .utf8)
        #expect(text.contains("| `\(key)` |"))
    }
}
