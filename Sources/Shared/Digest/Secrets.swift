/// Whether two secrets are the same, in a time that tells nothing of where they differ. Their lengths are no secret.
public func isSameSecret(_ first: some Collection<UInt8>, _ second: some Collection<UInt8>) -> Bool {
    guard first.count == second.count else { return false }
    var difference: UInt8 = 0
    for (a, b) in zip(first, second) { difference |= a ^ b }
    return difference == 0
}
