/// One participant of a protocol as the simulator drives it: a core and the little that its driver does.
public protocol SimulatedNode {
    /// What travels between nodes.
    associatedtype Message
    /// What happens to one node besides messages and time: a cable, a process that it watches.
    associatedtype Disturbance

    /// When `wake` must be called.
    var deadline: Duration? { get }
    /// The node boots.
    mutating func start(at now: Duration) -> [Outgoing<Message>]
    /// A message arrived. Nodes are numbered from 0.
    mutating func receive(_ message: Message, from sender: Int, at now: Duration) -> [Outgoing<Message>]
    /// The deadline is reached, or passed.
    mutating func wake(at now: Duration) -> [Outgoing<Message>]
    /// Something happened to it.
    mutating func disturb(_ disturbance: Disturbance, at now: Duration) -> [Outgoing<Message>]
}

/// A message to one node or to all others.
public struct Outgoing<Message> {
    /// Nil: all others.
    public var receiver: Int?
    /// What is sent.
    public var message: Message

    /// To all others.
    public static func broadcast(_ message: Message) -> Outgoing { Outgoing(receiver: nil, message: message) }

    /// To one.
    public static func to(_ receiver: Int, _ message: Message) -> Outgoing {
        Outgoing(receiver: receiver, message: message)
    }
}

/// What the network does to messages.
public struct NetworkConditions: Sendable {
    /// Of a thousand messages so many are lost.
    public var lossPerMille: Int
    /// Of a thousand messages so many arrive twice.
    public var duplicatePerMille: Int
    /// Each copy takes a time of its own from this range, so later ones may overtake earlier ones.
    public var delay: ClosedRange<Duration>
    /// How late a node's timer fires.
    public var lateness: ClosedRange<Duration>

    /// Conditions of all links.
    public init(
        lossPerMille: Int = 0, duplicatePerMille: Int = 0, delay: ClosedRange<Duration>,
        lateness: ClosedRange<Duration> = .zero ... .zero
    ) {
        self.lossPerMille = lossPerMille
        self.duplicatePerMille = duplicatePerMille
        self.delay = delay
        self.lateness = lateness
    }
}

/// What is done to nodes and links.
public enum Fault<Disturbance> {
    /// The node is gone with all it knew.
    case crash(Int)
    /// A new life of a crashed node.
    case restart(Int)
    /// Its process stands still, its kernel goes on: messages wait for it.
    case freeze(Int)
    /// The whole node stands still: messages to it are lost.
    case suspend(Int)
    /// A frozen or suspended node goes on: first what waited, then its timer.
    case resume(Int)
    /// Messages from one to another are lost: one way.
    case cut(from: Int, to: Int)
    case mend(from: Int, to: Int)
    /// Nodes hear each other only within their side: side number by node.
    case partition([Int])
    /// All links work.
    case mendAll
    case conditions(NetworkConditions)
    case disturb(Int, Disturbance)
}
