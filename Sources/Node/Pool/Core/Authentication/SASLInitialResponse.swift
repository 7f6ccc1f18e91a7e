/// The first message of a SASL exchange (PostgreSQL 18 manual, 54.7): a mechanism, a length, so many bytes.
struct SASLInitialResponse: Equatable, Sendable {
    /// What the client chose.
    var mechanism: [UInt8]
    /// Its first message.
    var data: [UInt8]

    /// From the body of a message of type `p`; nil when the parts do not fill it, or when there is no first message, which SCRAM
    /// cannot do without.
    init?(_ body: [UInt8]) {
        guard let zero = body.firstIndex(of: 0), body.count - zero - 1 >= 4 else { return nil }
        let start = zero + 5
        var length: UInt32 = 0
        for byte in body[(zero + 1)..<start] { length = length << 8 | UInt32(byte) }
        // Compared as it is: a length from a network is never added to anything.
        guard Int64(length) == Int64(body.count - start) else { return nil }
        mechanism = Array(body[..<zero])
        data = Array(body[start...])
    }

    func isMechanism(_ name: StaticString) -> Bool {
        name.withUTF8Buffer { $0.elementsEqual(mechanism) }
    }
}
