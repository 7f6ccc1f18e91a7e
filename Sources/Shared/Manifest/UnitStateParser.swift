extension UnitState {
    /// Reads `systemctl show --property=Id,LoadState,ActiveState,UnitFileState -- NAMES`: a block of
    /// `Key=value` lines a unit, empty lines between, in the order of `names` (an alias has another Id).
    public static func parse(_ bytes: [UInt8], names: [String]) -> [UnitState] {
        var states: [UnitState] = []
        var current = UnitState(name: "", load: "", active: "", file: "")
        var any = false
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            guard let sign = line.firstIndex(of: UInt8(ascii: "=")) else {
                if any, states.count < names.count {
                    current.name = names[states.count]
                    states.append(current)
                }
                current = UnitState(name: "", load: "", active: "", file: "")
                any = false
                continue
            }
            any = true
            let value = String(decoding: line[(sign + 1)...], as: UTF8.self)
            let key = line[..<sign]
            if key.elementsEqual("LoadState".utf8) { current.load = value }
            if key.elementsEqual("ActiveState".utf8) { current.active = value }
            if key.elementsEqual("UnitFileState".utf8) { current.file = value }
        }
        if any, states.count < names.count {
            current.name = names[states.count]
            states.append(current)
        }
        return states
    }
}
