import Testing

@testable import LoadTest

@Suite struct OutageTests {
    /// A probe every 10 ms: `+` answered by a, `*` answered by b, both after 1 ms; `-` refused after 1 ms; `t` timed
    /// out after 250 ms.
    private func probes(_ picture: String) -> [Probe] {
        picture.enumerated().map { index, mark in
            let start: Duration = .milliseconds(10 * index)
            switch mark {
            case "+":
                return Probe(
                    intended: start, started: start, ended: start + .milliseconds(1),
                    outcome: .answered(node: "a"))
            case "*":
                return Probe(
                    intended: start, started: start, ended: start + .milliseconds(1),
                    outcome: .answered(node: "b"))
            case "t":
                return Probe(
                    intended: start, started: start, ended: start + .milliseconds(250),
                    outcome: .failed(.timeout))
            default:
                return Probe(
                    intended: start, started: start, ended: start + .milliseconds(1),
                    outcome: .failed(.refused))
            }
        }
    }

    @Test("no failure, no outage")
    func none() { #expect(Outage.all(in: probes("++++++++++")).isEmpty) }

    @Test(
        "an outage lasts from the first failing probe's start to the completion of the first lasting success")
    func simple() throws {
        let outages = Outage.all(in: probes("++++--t-******"))
        try #require(outages.count == 1)
        let outage = outages[0]
        #expect(outage.began == .milliseconds(40))
        #expect(outage.ended == .milliseconds(81))
        #expect(outage.length == .milliseconds(41))
        #expect(outage.failed == 4)
        #expect(outage.failures == [.refused: 3, .timeout: 1])
        #expect(outage.nodeBefore == "a")
        #expect(outage.nodeAfter == "b")
    }

    @Test("its true length lies between first to last failure and last success before to first success after")
    func bounds() throws {
        let outage = try #require(Outage.all(in: probes("++++----******")).first)
        #expect(outage.atLeast == .milliseconds(30))
        #expect(outage.atMost == .milliseconds(51))
    }

    @Test("a success that is not followed by enough others does not end an outage")
    func flapping() throws {
        let outages = Outage.all(in: probes("++--+++++-******"))
        try #require(outages.count == 1)
        #expect(outages[0].ended == .milliseconds(101))
        #expect(outages[0].succeededBetween == 5)
    }

    @Test("six successes in a row end it: the first, and five that confirm it")
    func confirmed() {
        #expect(Outage.all(in: probes("+-++++++-******")).count == 2)
        #expect(Outage.all(in: probes("+-+++++-******")).count == 1)
    }

    @Test("an outage that the probes did not see end has no end and no upper bound")
    func open() throws {
        let outage = try #require(Outage.all(in: probes("+++----+++++")).first)
        #expect(outage.ended == nil)
        #expect(outage.atMost == nil)
        #expect(outage.atLeast == .milliseconds(30))
    }

    @Test("an outage from the first probe on has no upper bound")
    func fromTheBeginning() throws {
        let outage = try #require(Outage.all(in: probes("---++++++")).first)
        #expect(outage.ended == .milliseconds(31))
        #expect(outage.atMost == nil)
        #expect(outage.nodeBefore == nil)
    }

    @Test("a single failing probe is an outage that may have had no length")
    func single() throws {
        let outage = try #require(Outage.all(in: probes("++-++++++")).first)
        #expect(outage.atLeast == .zero)
        #expect(outage.length == .milliseconds(11))
        #expect(outage.atMost == .milliseconds(21))
    }

    @Test("a probe that started late moves the lower bound, not the outage's beginning")
    func lateProbe() throws {
        var series = probes("++----++++++")
        series[2].started += .milliseconds(7)
        let outage = try #require(Outage.all(in: series).first)
        #expect(outage.began == .milliseconds(20))
        #expect(outage.atLeast == .milliseconds(23))
    }

    @Test("bounds enclose the length, and outages do not overlap, for any series", arguments: 0..<50)
    func anySeries(seed: Int) {
        var random = SplitMix(state: UInt64(seed))
        let picture = String((0..<300).map { _ in random.next() % 8 == 0 ? "-" : "+" } as [Character])
        let outages = Outage.all(in: probes(picture))
        var last: Duration = .zero - .milliseconds(1)
        for outage in outages {
            #expect(outage.began > last, "seed \(seed)")
            #expect(outage.atLeast <= outage.length, "seed \(seed)")
            if let most = outage.atMost { #expect(outage.length <= most, "seed \(seed)") }
            last = outage.ended ?? .seconds(100)
        }
        #expect(outages.reduce(0) { $0 + $1.failed } == picture.filter { $0 == "-" }.count, "seed \(seed)")
    }
}
