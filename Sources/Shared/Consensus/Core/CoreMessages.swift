import CRaft

extension Message {
    /// For the core. Entries and memberships are staged beside it.
    var flat: craft_message {
        var flat = craft_message()
        flat.term = term
        switch self {
        case .append(let message):
            flat.type = Int32(CRAFT_APPEND)
            flat.previous_index = message.previousIndex
            flat.previous_term = message.previousTerm
            flat.commit = message.commit
            flat.count = UInt32(message.entries.count)
        case .appendResult(let message):
            flat.type = Int32(CRAFT_APPEND_RESULT)
            flat.rejected = message.rejected
            flat.last_index = message.lastIndex
            flat.features = message.features
            flat.capacity = message.capacity
        case .vote(let message):
            flat.type = Int32(CRAFT_VOTE)
            flat.last_index = message.lastIndex
            flat.last_term = message.lastTerm
            flat.disrupt = message.disruptsLeader
            flat.pre_vote = message.isPreVote
        case .voteResult(let message):
            flat.type = Int32(CRAFT_VOTE_RESULT)
            flat.granted = message.isGranted
            flat.pre_vote = message.isPreVote
            flat.features = message.features
            flat.capacity = message.capacity
        case .snapshot(_, let snapshot):
            flat.type = Int32(CRAFT_SNAPSHOT)
            flat.last_index = snapshot.index
            flat.last_term = snapshot.term
            flat.membership_index = snapshot.membershipIndex
        case .timeoutNow(let message):
            flat.type = Int32(CRAFT_TIMEOUT_NOW)
            flat.last_index = message.lastIndex
            flat.last_term = message.lastTerm
        }
        return flat
    }

    /// From the core: those that carry neither entries nor a snapshot.
    init?(_ flat: craft_message) {
        switch Int(flat.type) {
        case CRAFT_APPEND_RESULT:
            self = .appendResult(
                AppendResult(
                    term: flat.term, rejected: flat.rejected, lastIndex: flat.last_index,
                    features: flat.features, capacity: flat.capacity))
        case CRAFT_VOTE:
            self = .vote(
                Vote(
                    term: flat.term, lastIndex: flat.last_index, lastTerm: flat.last_term,
                    disruptsLeader: flat.disrupt, isPreVote: flat.pre_vote))
        case CRAFT_VOTE_RESULT:
            self = .voteResult(
                VoteResult(
                    term: flat.term, isGranted: flat.granted, isPreVote: flat.pre_vote,
                    features: flat.features, capacity: flat.capacity))
        case CRAFT_TIMEOUT_NOW:
            self = .timeoutNow(
                TimeoutNow(term: flat.term, lastIndex: flat.last_index, lastTerm: flat.last_term))
        default: return nil
        }
    }
}
