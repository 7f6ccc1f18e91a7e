import Foundation
import TestSupport
import Testing

@testable import CrossBuild

@Suite struct ELFTests {
    private func reason(_ builder: ELFBuilder, _ architecture: Architecture) throws -> String? {
        ELFCheck.reason(against: try ELFFile(builder.bytes, path: "pinode"), for: architecture)
    }

    @Test("a static hard-float executable passes, on each architecture its own")
    func good() throws {
        #expect(try reason(ELFBuilder(), .armv7) == nil)
        #expect(try reason(.arm64, .arm64) == nil)
        #expect(try reason(.amd64, .amd64) == nil)
    }

    @Test(
        "what a Pi could not run is refused with the reason",
        arguments: [
            (ELFBuilder.amd64, Architecture.armv7, "it is made for 64-bit x86, not for 32-bit ARM"),
            (ELFBuilder(), .arm64, "it is made for 32-bit ARM, not for 64-bit ARM"),
            (ELFBuilder(machine: 183), .arm64, "it is 32-bit code for a 64-bit system"),
            (ELFBuilder(machine: 243), .armv7, "it is made for RISC-V"),
            (ELFBuilder(type: 1), .armv7, "it is no executable (ELF type 1)"),
            (ELFBuilder(entry: 0), .armv7, "it is no executable"),
            (ELFBuilder(flags: 0x0500_0200), .armv7, "soft float"),
            (ELFBuilder(flags: 0x0400_0400), .armv7, "EABI version 5"),
            (
                ELFBuilder(interpreter: "/lib/ld-linux-armhf.so.3"), .armv7,
                "it asks for the dynamic linker /lib/ld-linux-armhf.so.3"
            ),
            (ELFBuilder(needed: 1), .armv7, "it needs 1 shared library, and"),
            (ELFBuilder(needed: 2), .armv7, "it needs 2 shared libraries, and"),
            (ELFBuilder(stackFlags: 7), .armv7, "its stack would be executable"),
            (ELFBuilder(stackFlags: nil), .armv7, "its stack would be executable"),
        ])
    func refused(_ builder: ELFBuilder, _ architecture: Architecture, _ words: String) throws {
        let reason = try #require(try reason(builder, architecture))
        #expect(reason.contains(words), "\(reason)")
    }

    @Test("a position-independent static executable passes, too")
    func staticPIE() throws {
        var builder = ELFBuilder.arm64
        builder.type = 3
        #expect(try reason(builder, .arm64) == nil)
    }

    @Test("the refusal is one sentence that names the file")
    func sentence() throws {
        let file = try ELFFile(ELFBuilder(needed: 1).bytes, path: "out/pinode")
        #expect {
            try ELFCheck.verify(file, for: .armv7, path: "out/pinode")
        } throws: { error in
            (error as? BuildError)?.sentence.hasPrefix("out/pinode would not run on armv7: it needs") == true
        }
    }

    @Test("the build id is read in both classes", arguments: [ELFBuilder(), .arm64])
    func buildID(_ builder: ELFBuilder) throws {
        #expect(try ELFFile(builder.bytes, path: "x").buildID == "deadbeef")
    }

    @Test("the digests of folder names change neither a settled binary nor its build id")
    func identity() throws {
        func settle(_ digest: UInt8, text: UInt8) throws -> BinaryIdentity {
            var builder = ELFBuilder.arm64
            builder.buildID = [digest, 2, 3, 4]
            builder.sections = [(".text", 6, [text]), (".swift_modhash", 2, [digest, digest])]
            return try BinaryIdentity(of: builder.bytes, path: "x")
        }
        let one = try settle(1, text: 7)
        #expect(try settle(9, text: 7).bytes == one.bytes)
        #expect(try settle(9, text: 8).buildID != one.buildID)
        #expect(try ELFFile(one.bytes, path: "x").buildID == one.buildID)
        let linked = try one.stamp(ELFBuilder.arm64.bytes, path: "x")
        #expect(try ELFFile(linked, path: "x").buildID == one.buildID)
    }

    @Test("a binary without a build id is refused")
    func noIdentity() {
        var builder = ELFBuilder.arm64
        builder.buildID = nil
        #expect {
            try BinaryIdentity(of: builder.bytes, path: "x")
        } throws: { ($0 as? BuildError)?.sentence.hasPrefix("x has no build id") == true }
    }

    @Test("sections have their names and sizes")
    func sections() throws {
        let builder = ELFBuilder(sections: [(".text", 6, [1, 2, 3]), (".comment", 0, [9])])
        let sections = try ELFFile(builder.bytes, path: "x").sections.filter { !$0.name.isEmpty }
        #expect(sections.map(\.name) == [".text", ".comment", ".shstrtab"])
        #expect(sections.map(\.size).prefix(2) == [3, 1])
        #expect(sections.map(\.isLoaded) == [true, false, false])
    }

    @Test("a binary with code for a later ARM is refused for armv7")
    func laterARM() throws {
        // "A", length, "aeabi", tag 1 (file), length, then Tag_CPU_name as text and Tag_CPU_arch 14 (v8-A).
        let attributes: [UInt8] =
            [0x41, 26, 0, 0, 0] + Array("aeabi\0".utf8) + [1, 16, 0, 0, 0] + [5] + Array("cortex\0".utf8) + [
                6, 14,
            ]
        let builder = ELFBuilder(sections: [(".ARM.attributes", 0, attributes)])
        #expect(try ELFFile(builder.bytes, path: "x").armArchitecture == 14)
        #expect(try reason(builder, .armv7)?.contains("later than ARMv7") == true)
    }

    @Test("what is no ELF, or big-endian, is said to be so")
    func notELF() throws {
        #expect(throws: BuildError("x is not an ELF file")) {
            try ELFFile(Array("#!/bin/sh\n".utf8), path: "x")
        }
        #expect(throws: BuildError("x is not an ELF file")) { try ELFFile([], path: "x") }
        var bytes = ELFBuilder().bytes
        bytes[5] = 2
        #expect(throws: BuildError("x is big-endian, and every Raspberry Pi is little-endian")) {
            try ELFFile(bytes, path: "x")
        }
    }

    @Test("no cut of a file crashes the reader")
    func truncated() {
        for builder in [ELFBuilder(interpreter: "/lib/ld.so", needed: 2), .arm64] {
            let bytes = builder.bytes
            for length in 0..<bytes.count { _ = try? ELFFile(Array(bytes[0..<length]), path: "x") }
        }
    }

    @Test("no damage to a file crashes the reader")
    func damaged() {
        let seed = UInt64.random(in: 1...UInt64.max)
        var generator = SplitMix64(seed: seed)
        for round in 0..<4000 {
            var builder: ELFBuilder = round % 2 == 0 ? ELFBuilder(needed: 1) : .amd64
            builder.sections.append((".ARM.attributes", 0, [0x41, 1, 0, 0, 0, 0x61, 0]))
            var bytes = builder.bytes
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bytes[Int.random(in: 4..<bytes.count, using: &generator)] =
                    [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &generator) ?? 0
            }
            if let file = try? ELFFile(bytes, path: "seed \(seed)") {
                _ = ELFCheck.reason(against: file, for: .armv7)
            }
        }
    }

    @Test("this machine's own shell is dynamic, and therefore refused")
    func realFile() throws {
        guard let host = Architecture.host else { return }
        let file = try ELFFile(Files.read("/bin/sh"), path: "/bin/sh")
        #expect(file.machine == host.elfMachine)
        #expect(file.buildID?.count == 40)
        #expect(ELFCheck.reason(against: file, for: host)?.contains("dynamic linker /lib") == true)
    }
}
