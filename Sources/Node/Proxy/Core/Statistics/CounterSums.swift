/// Each worker counts for itself; a snapshot is the sum of what all have counted.
extension Gauge {
    /// Adds another worker's. The maxima need not have been at the same time: the sum is their upper bound.
    public mutating func merge(_ other: Gauge) {
        current += other.current
        maximum += other.maximum
    }
}

extension RateCounter {
    /// Adds another worker's.
    public mutating func merge(_ other: RateCounter) {
        var other = other
        let latest = max(second, other.second)
        advance(to: latest)
        other.advance(to: latest)
        running += other.running
        previous += other.previous
        total += other.total
        maximum = max(maximum + other.maximum, running)
    }
}

extension TimeAverage {
    /// Adds another worker's values, each as heavy as it has been counted.
    public mutating func merge(_ other: TimeAverage) {
        samples += other.samples
        sumInMicroseconds += other.sumInMicroseconds
        maximumInMicroseconds = max(maximumInMicroseconds, other.maximumInMicroseconds)
    }
}

extension ResponseCounters {
    /// Adds another worker's.
    public mutating func merge(_ other: ResponseCounters) {
        informational += other.informational
        success += other.success
        redirection += other.redirection
        clientError += other.clientError
        serverError += other.serverError
        self.other += other.other
    }
}

extension FrontendCounters {
    /// Adds another worker's.
    public mutating func merge(_ other: FrontendCounters) {
        sessions.merge(other.sessions)
        connections.merge(other.connections)
        requests.merge(other.requests)
        bytesIn &+= other.bytesIn
        bytesOut &+= other.bytesOut
        deniedRequests &+= other.deniedRequests
        requestErrors &+= other.requestErrors
        intercepted &+= other.intercepted
        internalErrors &+= other.internalErrors
        responses.merge(other.responses)
    }

    /// `clear counters` (the maxima only), or `clear counters all`: everything but what is now.
    public mutating func clear(all: Bool) {
        guard all else { return clearMaxima() }
        let sessions = sessions
        self = FrontendCounters()
        self.sessions = sessions
        clearMaxima()
    }
}

extension ServingCounters {
    /// Adds another worker's.
    public mutating func merge(_ other: ServingCounters) {
        queue.merge(other.queue)
        sessions.merge(other.sessions)
        sessionRate.merge(other.sessionRate)
        selections &+= other.selections
        bytesIn &+= other.bytesIn
        bytesOut &+= other.bytesOut
        deniedRequests &+= other.deniedRequests
        deniedResponses &+= other.deniedResponses
        connectionErrors &+= other.connectionErrors
        responseErrors &+= other.responseErrors
        retries &+= other.retries
        redispatches &+= other.redispatches
        clientAborts &+= other.clientAborts
        serverAborts &+= other.serverAborts
        internalErrors &+= other.internalErrors
        requests &+= other.requests
        responses.merge(other.responses)
        connects &+= other.connects
        reuses &+= other.reuses
        idleConnections += other.idleConnections
        usedConnections += other.usedConnections
        queueTime.merge(other.queueTime)
        connectTime.merge(other.connectTime)
        responseTime.merge(other.responseTime)
        totalTime.merge(other.totalTime)
    }

    /// `clear counters` (the maxima only), or `clear counters all`: everything but what is now.
    public mutating func clear(all: Bool) {
        guard all else { return clearMaxima() }
        let kept = self
        self = ServingCounters()
        queue = kept.queue
        sessions = kept.sessions
        idleConnections = kept.idleConnections
        usedConnections = kept.usedConnections
        clearMaxima()
    }
}
