import Database
import Testing

@Suite struct WALPositionTests {
    private let history = TimelineHistory(
        branches: [.init(timeline: 1, end: 100), .init(timeline: 4, end: 150)], timeline: 6)

    @Test("a later timeline is further, whatever the offset")
    func order() {
        #expect(WALPosition(timeline: 1, offset: 900) < WALPosition(timeline: 4, offset: 101))
        #expect(WALPosition(timeline: 4, offset: 101) < WALPosition(timeline: 4, offset: 102))
    }

    @Test(
        "a log is the beginning of another up to where its timeline was left",
        arguments: [
            (1, 100, true), (1, 101, false), (4, 150, true), (4, 151, false), (6, 900, true),
            (5, 10, false), (2, 10, false),
        ] as [(UInt32, UInt64, Bool)])
    func contains(timeline: UInt32, offset: UInt64, isBeginning: Bool) {
        #expect(history.contains(WALPosition(timeline: timeline, offset: offset)) == isBeginning)
    }
}
