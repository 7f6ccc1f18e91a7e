import JSON
import Testing

@testable import Control

@Suite struct LaneMessageTests {
    @Test("a message is read as it was written", arguments: [0, 1, 300, LaneMessage.bytesLimit])
    func coding(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let message = try #require(LaneMessage(lane: "database-2", bytes: bytes))
        #expect(LaneMessage(encoded: message.encoded) == message)
        let line = #"{"tell":2,"lane":"database-2","bytes":\#(JSONValue.bytes(bytes).compact)}"#
        let told = try JSONValue.parse(ClientAnswer.told(message, by: 3))
        #expect(told["told"]?.integer == 3 && told["bytes"]?.bytes == bytes)
        #expect(ClientRequest.parse(Array(line.utf8))?.request == .tell(2, message))
    }

    @Test(
        "names of something else are no lanes",
        arguments: ["", "a b", "A", "a/b", "ä", String(repeating: "a", count: 33)])
    func names(name: String) {
        #expect(LaneMessage(lane: name, bytes: []) == nil)
        #expect(LaneMessage(encoded: [UInt8(name.utf8.count)] + Array(name.utf8)) == nil)
        #expect(ClientRequest.parse(Array(#"{"id":1,"lane":"\#(name)"}"#.utf8)) == nil)
    }

    @Test("what is cut off, too long, or no bytes is not told")
    func broken() {
        #expect(LaneMessage(encoded: []) == nil)
        #expect(LaneMessage(encoded: [5, 97]) == nil)
        #expect(
            LaneMessage(lane: "a", bytes: [UInt8](repeating: 0, count: LaneMessage.bytesLimit + 1)) == nil)
        for bytes in ["0", "0g", "00 "] {
            #expect(ClientRequest.parse(Array(#"{"tell":1,"lane":"a","bytes":"\#(bytes)"}"#.utf8)) == nil)
        }
    }
}
