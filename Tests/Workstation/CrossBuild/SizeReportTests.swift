import JSON
import Testing

@testable import CrossBuild

@Suite struct SizeReportTests {
    private func file(text: Int, data: Int = 10) throws -> ELFFile {
        try ELFFile(
            ELFBuilder(sections: [
                (".text", 6, [UInt8](repeating: 0, count: text)),
                (".rodata", 2, [UInt8](repeating: 0, count: data)), (".comment", 0, [1, 2]),
            ]).bytes, path: "x")
    }

    private func report(total: Int, text: Int, totalBefore: Int? = nil, textBefore: Int? = nil) throws
        -> SizeReport
    {
        SizeReport(
            architecture: .armv7, total: total, file: try file(text: text), totalBefore: totalBefore,
            before: try textBefore.map { try file(text: $0) })
    }

    @Test("a first build has sizes and no differences")
    func first() throws {
        let report = try report(total: 2000, text: 1500)
        #expect(report.summary == "2,000 bytes of at most 4,000,000")
        #expect(
            report.table == ["\(".text")                 1,500", "others                   10"])
    }

    @Test("a later build says what grew and what shrank, largest section first")
    func difference() throws {
        let report = try report(total: 2100, text: 1600, totalBefore: 2000, textBefore: 1500)
        #expect(report.summary == "2,100 bytes (+100) of at most 4,000,000")
        #expect(report.rows.first == .init(section: ".text", bytes: 1600, before: 1500))
        let smaller = try self.report(total: 1000, text: 400, totalBefore: 2500, textBefore: 1600)
        #expect(smaller.summary == "1,000 bytes (-1,500) of at most 4,000,000")
    }

    @Test("only what is loaded counts as a section")
    func loaded() throws {
        #expect(try report(total: 2000, text: 5).rows.map(\.section) == [".rodata", ".text"])
    }

    @Test("the budget is kept at the byte and broken one above it")
    func budget() throws {
        try report(total: 4_000_000, text: 5).enforceBudget(SizeReport.budget(.armv7))
        #expect {
            try report(total: 4_000_001, text: 900, totalBefore: 9, textBefore: 5)
                .enforceBudget(SizeReport.budget(.armv7))
        } throws: { error in
            let sentence = (error as? BuildError)?.sentence ?? ""
            return sentence.contains("4,000,001 bytes, 1 more than its budget of 4,000,000")
                && sentence.contains("Since the last build grew: .text by 895.")
        }
    }

    @Test("only armv7 is held to a budget")
    func budgets() {
        #expect(SizeReport.budget(.armv7) == 4_000_000)
        #expect(SizeReport.budget(.arm64) == nil)
    }

    @Test("machines get every section with its size before")
    func json() throws {
        let json = try report(total: 2100, text: 1600, totalBefore: 2000, textBefore: 1500).json
        #expect(json.compact.hasPrefix(#"[{"name":".text","bytes":1600,"before":1500}"#))
    }

    @Test(
        "digits are grouped by three",
        arguments: [
            (0, "0"), (999, "999"), (1000, "1,000"), (123456, "123,456"), (2_000_000, "2,000,000"),
            (-1000, "-1,000"),
        ])
    func groups(_ number: Int, _ text: String) { #expect(grouped(number) == text) }
}
