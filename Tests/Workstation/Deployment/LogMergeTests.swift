import TestSupport
import Testing

@testable import Deployment

@Suite struct LogMergeTests {
    func entry(_ time: Int64, _ node: String = "n1", _ message: String = "") -> LogEntry {
        LogEntry(time: time, node: node, unit: "u", message: message)
    }

    @Test("lines are sorted by time; those of one moment stay as they came")
    func sorted() {
        let entries = [
            entry(3, "a"), entry(1, "a"), entry(2, "b", "first"), entry(2, "a", "second"), entry(1, "b"),
        ]
        #expect(
            LogMerge.sorted(entries).map { "\($0.time)\($0.node)\($0.message)" }
                == ["1a", "1b", "2bfirst", "2asecond", "3a"])
    }

    @Test("a line waits for the window, not longer")
    func window() {
        var merge = LogMerge(window: .milliseconds(250))
        merge.add(entry(1), at: .seconds(1))
        #expect(merge.take(at: .milliseconds(1249)) == [])
        #expect(merge.take(at: .milliseconds(1250)) == [entry(1)])
        #expect(merge.take(at: .seconds(9)) == [])
    }

    @Test("an older line that arrives within the window gets before the one that was sooner")
    func reorder() {
        var merge = LogMerge(window: .milliseconds(250))
        merge.add(entry(20, "fast"), at: .zero)
        merge.add(entry(10, "slow"), at: .milliseconds(200))
        merge.add(entry(30, "fast"), at: .milliseconds(210))
        #expect(merge.take(at: .milliseconds(250)).map(\.time) == [10, 20])
        #expect(merge.take(at: .milliseconds(460)).map(\.time) == [30])
    }

    @Test("an older line that arrives after the window is shown late, and holds nothing up")
    func late() {
        var merge = LogMerge(window: .milliseconds(250))
        merge.add(entry(20), at: .zero)
        #expect(merge.take(at: .milliseconds(250)).map(\.time) == [20])
        merge.add(entry(10), at: .milliseconds(300))
        merge.add(entry(21), at: .milliseconds(300))
        #expect(merge.take(at: .milliseconds(550)).map(\.time) == [10, 21])
    }

    @Test("the old lines of all nodes are waited for before the first is shown")
    func settling() {
        var merge = LogMerge(window: .milliseconds(250), settling: .seconds(1))
        merge.add(entry(20), at: .zero)
        #expect(merge.take(at: .milliseconds(999)) == [])
        merge.add(entry(10), at: .milliseconds(999))
        #expect(merge.take(at: .seconds(1)).map(\.time) == [10, 20])
    }

    @Test("at the end nothing is lost")
    func end() {
        var merge = LogMerge(window: .seconds(1))
        merge.add(entry(2), at: .zero)
        merge.add(entry(1), at: .zero)
        #expect(merge.takeAll().map(\.time) == [1, 2])
        #expect(merge.takeAll() == [])
    }

    @Test("whatever the order of arrival, every line is shown once", arguments: 0..<50)
    func complete(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var merge = LogMerge(window: .milliseconds(5))
        var shown: [Int64] = []
        for step in 0..<200 {
            merge.add(entry(Int64(random.next() % 100), "n", "\(step)"), at: .milliseconds(step))
            let batch = merge.take(at: .milliseconds(step))
            #expect(batch.map(\.time) == batch.map(\.time).sorted(), "seed \(seed)")
            shown += batch.compactMap { Int64($0.message) }
        }
        shown += merge.takeAll().compactMap { Int64($0.message) }
        #expect(shown.sorted() == Array(0..<200), "seed \(seed)")
    }
}
