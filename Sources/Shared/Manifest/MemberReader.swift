import Digest
import JSON

/// Takes members of one JSON object by name and kind; what is missing or of another kind is a sentence.
struct MemberReader {
    let object: JSONValue
    let place: String

    init(_ object: JSONValue, place: String) {
        self.object = object
        self.place = place
    }

    func allow(_ names: [String]) throws(ManifestError) {
        guard let members = object.members else { throw ManifestError("\(place) is not a JSON object") }
        for member in members where !names.contains(member.name) {
            throw ManifestError("\(place) has a member \"\(member.name)\" that this pinode does not know")
        }
    }

    func value(_ name: String) throws(ManifestError) -> JSONValue {
        guard let value = object[name] else { throw ManifestError("\(place) lacks \"\(name)\"") }
        return value
    }

    func text(_ name: String) throws(ManifestError) -> String {
        guard let text = try value(name).text else { throw wrong(name, "text") }
        for byte in text.utf8 where byte == 0 { throw wrong(name, "text without zero bytes") }
        guard !text.utf8.isEmpty else { throw wrong(name, "text that is not empty") }
        return text
    }

    func integer(_ name: String) throws(ManifestError) -> Int64 {
        guard let number = try value(name).integer else { throw wrong(name, "a whole number") }
        return number
    }

    func boolean(_ name: String) throws(ManifestError) -> Bool {
        guard let answer = try value(name).boolean else { throw wrong(name, "true or false") }
        return answer
    }

    func array(_ name: String) throws(ManifestError) -> [JSONValue] {
        guard let elements = try value(name).elements else { throw wrong(name, "a list") }
        return elements
    }

    func texts(_ name: String) throws(ManifestError) -> [String] {
        var texts: [String] = []
        for element in try array(name) {
            guard let text = element.text else { throw wrong(name, "a list of texts") }
            texts.append(text)
        }
        return texts
    }

    func units(_ name: String) throws(ManifestError) -> [String] {
        let names = try texts(name)
        for unit in names where !Manifest.isName(unit) { throw wrong(name, "a list of unit names") }
        return names
    }

    func digest(_ name: String) throws(ManifestError) -> SHA256Digest {
        guard let digest = SHA256Digest(hexadecimal: try text(name)) else {
            throw wrong(name, "64 hexadecimal digits")
        }
        return digest
    }

    /// A count of bytes below 2 GiB: the node's `Int` may have 32 bits.
    func size(_ name: String) throws(ManifestError) -> Int {
        let number = try integer(name)
        guard number >= 0, number <= Int64(Int32.max) else { throw wrong(name, "a size below 2 GiB") }
        return Int(number)
    }

    func mode(_ name: String) throws(ManifestError) -> UInt32 {
        var mode: UInt32 = 0
        let digits = Array(try text(name).utf8)
        guard digits.count <= 4 else { throw wrong(name, "at most four octal digits") }
        for digit in digits {
            guard digit >= 48, digit < 56 else { throw wrong(name, "at most four octal digits") }
            mode = mode << 3 | UInt32(digit - 48)
        }
        return mode
    }

    /// A user's or group's number below 4294967295, which stands for none (chown(2)); nil where there is no such member.
    func accountNumber(_ name: String) throws(ManifestError) -> UInt32? {
        guard object[name] != nil else { return nil }
        let number = try integer(name)
        guard let id = UInt32(exactly: number), id != UInt32.max else {
            throw wrong(name, "an account's number")
        }
        return id
    }

    /// An absolute path; nil where there is no such member.
    func optionalPath(_ name: String) throws(ManifestError) -> String? {
        guard object[name] != nil else { return nil }
        let path = try text(name)
        for byte in path.utf8 where byte == UInt8(ascii: ":") { throw wrong(name, "a path without a colon") }
        guard ManagedFile.isUsable(path: path) else { throw wrong(name, "an absolute path") }
        return path
    }

    func accountNames(_ name: String) throws(ManifestError) -> [String] {
        let names = try texts(name)
        for text in names where !Manifest.isAccountName(text) { throw wrong(name, "a list of account names") }
        return names
    }

    func accountName(_ name: String) throws(ManifestError) -> String {
        let text = try text(name)
        guard Manifest.isAccountName(text) else { throw wrong(name, "an account's name") }
        return text
    }

    private func wrong(_ name: String, _ expected: String) -> ManifestError {
        ManifestError("\(place): \"\(name)\" is not \(expected)")
    }
}
