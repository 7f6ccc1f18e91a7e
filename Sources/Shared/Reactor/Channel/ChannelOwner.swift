/// What a channel tells its owner: always from `Reactor.turn`, never from inside a call of the owner's.
public protocol ChannelOwner: AnyObject {
    /// A channel that was made with `connectingTo` has reached its peer.
    func channelConnected(_ channel: Channel)
    /// Bytes of the peer, in order. They are valid during the call only.
    func channel(_ channel: Channel, received bytes: UnsafeRawBufferPointer)
    /// All that was queued has been taken by the kernel, or has become undeliverable, after `queued` had been
    /// above `Channel.highWater`.
    func channelDrained(_ channel: Channel)
    /// Once and last of what is received: the peer sends no more (nil), or the connection failed. The channel
    /// stays until the owner calls `close`; after nil it can still send.
    func channelEnded(_ channel: Channel, _ error: SystemError?)
}

extension ChannelOwner {
    /// For owners that only have channels of sockets that are connected already.
    public func channelConnected(_ channel: Channel) {}
}
