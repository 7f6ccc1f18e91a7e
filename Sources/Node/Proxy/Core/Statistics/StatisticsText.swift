/// HAProxy's way to write an age: the two largest units of days, hours, minutes and seconds.
func ageText(_ age: Duration) -> String {
    let seconds = max(0, age.components.seconds)
    if seconds < 60 { return "\(seconds)s" }
    if seconds < 3600 { return "\(seconds / 60)m\(seconds % 60)s" }
    if seconds < 86400 { return "\(seconds / 3600)h\(seconds % 3600 / 60)m" }
    return "\(seconds / 86400)d\(seconds % 86400 / 3600)h"
}

/// A time under a minute with its milliseconds, any other as an age.
func shortText(_ time: Duration) -> String {
    let milliseconds = max(0, time.inMilliseconds)
    if milliseconds < 1000 { return "\(milliseconds)ms" }
    guard milliseconds < 10_000 else { return ageText(time) }
    return "\(milliseconds / 1000).\(milliseconds % 1000 / 100)s"
}

/// `0d 2h05m09s`.
func uptimeText(_ time: Duration) -> String {
    let seconds = max(0, time.components.seconds)
    return
        "\(seconds / 86400)d \(seconds % 86400 / 3600)h\(padded(seconds % 3600 / 60, 2))m\(padded(seconds % 60, 2))s"
}

/// A size with the largest binary unit that leaves at least one whole.
func sizeText(_ bytes: UInt64) -> String {
    if bytes < 1024 { return "\(bytes) B" }
    var tenths = bytes / 1024 * 10 + bytes % 1024 * 10 / 1024
    for unit in ["KiB", "MiB", "GiB", "TiB"] {
        if tenths < 10240 { return "\(tenths / 10).\(tenths % 10) \(unit)" }
        tenths /= 1024
    }
    return "\(tenths / 10) PiB"
}

/// The digits of a number of at least zero, with zeros in front up to a width.
func padded(_ value: Int64, _ width: Int) -> String {
    var text = String(value)
    while text.utf8.count < width { text = "0" + text }
    return text
}

/// A moment in UTC, by the proleptic Gregorian calendar.
struct CalendarTime: Equatable {
    var year: Int64
    /// 1 to 12.
    var month: Int64
    /// 1 to 31.
    var day: Int64
    /// Seconds since midnight.
    var seconds: Int64

    /// Seconds since 1970; before that is 1970.
    init(unixTime: Int64) {
        let time = max(0, unixTime)
        seconds = time % 86400
        // Days counted from 1 March of the year 0, so that leap days come last in their year and an era of 400
        // years always has 146097 days.
        let days = time / 86400 + 719_468
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// `12:01:07`.
    var timeOfDay: String {
        "\(padded(seconds / 3600, 2)):\(padded(seconds % 3600 / 60, 2)):\(padded(seconds % 60, 2))"
    }

    /// `24/Nov/2026:12:01:07`, as in HAProxy's logs.
    var logText: String {
        let names = Array("JanFebMarAprMayJunJulAugSepOctNovDec".utf8)
        let start = Int(month - 1) * 3
        let name = String(decoding: names[start..<(start + 3)], as: UTF8.self)
        return "\(padded(day, 2))/\(name)/\(year):\(timeOfDay)"
    }
}
