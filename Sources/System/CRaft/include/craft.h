#pragma once
// C-Raft's step core as a few flat functions: no unions, no ownership, no callbacks. Payloads of commands never enter
// it (it does not look at them); encoded memberships do. Times are milliseconds since boot.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct craft;

// raft_message_type, raft_state, raft_entry_type and error codes of raft.h; craft.c makes sure that they agree.
enum {
    CRAFT_APPEND = 1,
    CRAFT_APPEND_RESULT,
    CRAFT_VOTE,
    CRAFT_VOTE_RESULT,
    CRAFT_SNAPSHOT,
    CRAFT_TIMEOUT_NOW,
};
enum { CRAFT_FOLLOWER = 1, CRAFT_CANDIDATE, CRAFT_LEADER };
enum { CRAFT_COMMAND = 1, CRAFT_BARRIER, CRAFT_MEMBERSHIP };
enum { CRAFT_CATCH_UP_NONE, CRAFT_CATCH_UP_RUNNING, CRAFT_CATCH_UP_ABORTED, CRAFT_CATCH_UP_FINISHED };
enum { CRAFT_OK = 0, CRAFT_BAD_ID = 2, CRAFT_NOT_LEADER = 7, CRAFT_CANNOT_CHANGE = 11, CRAFT_NOT_FOUND = 19, CRAFT_NO_SPACE = 22, CRAFT_BROKEN = -1 };

/// One message, either way; a type uses some of the fields.
struct craft_message {
    int type;
    /// Who it is for, or from.
    uint64_t peer;
    uint64_t term;
    /// CRAFT_APPEND: the entry before the new ones.
    uint64_t previous_index, previous_term, commit;
    uint32_t count;
    /// CRAFT_APPEND_RESULT: 0, or the index that did not fit.
    uint64_t rejected;
    /// The end of the sender's log, or of the snapshot.
    uint64_t last_index, last_term;
    /// CRAFT_SNAPSHOT: where the snapshot's membership stood in the log.
    uint64_t membership_index;
    uint16_t features, capacity;
    bool granted, pre_vote, disrupt;
};

/// What the last step wants done, besides messages.
struct craft_update {
    bool vote, entries, snapshot;
    /// First index and number of the entries to be written; whether they are the core's own barrier.
    uint64_t first;
    uint32_t count;
    bool barrier;
    uint32_t messages;
};

/// A core that has not started. NULL when there is no memory.
struct craft *craft_new(uint64_t id, const char *address, uint32_t seed, uint32_t election_ms, uint32_t heartbeat_ms,
                        uint32_t snapshot_ms, uint32_t inflight, uint16_t capacity_threshold);
void craft_free(struct craft *c);

/// Adds an entry to those that the next start, submit or receive takes; `data` is looked at for memberships only.
int craft_stage(struct craft *c, uint64_t term, int kind, const uint8_t *data, size_t size);
/// Sets the encoded membership that the next start, receive, configuration or snapshot takes.
int craft_stage_membership(struct craft *c, const uint8_t *data, size_t size);

/// Every step returns CRAFT_OK or one of C-Raft's codes (`craft_reason`). `capacity`: free space in KiB.
int craft_start(struct craft *c, uint64_t now, uint16_t capacity, uint64_t term, uint64_t voted_for,
                uint64_t snapshot_index, uint64_t snapshot_term, uint64_t membership_index, uint64_t first_index);
int craft_receive(struct craft *c, uint64_t now, uint16_t capacity, const struct craft_message *message);
int craft_submit(struct craft *c, uint64_t now, uint16_t capacity);
int craft_timeout(struct craft *c, uint64_t now, uint16_t capacity);
int craft_persisted_entries(struct craft *c, uint64_t now, uint16_t capacity, uint64_t last_index);
/// The snapshot that a message brought has been written; its membership is kept here in between.
int craft_persisted_snapshot(struct craft *c, uint64_t now, uint16_t capacity);
/// The staged membership is committed.
int craft_configuration(struct craft *c, uint64_t now, uint16_t capacity, uint64_t index);
/// A snapshot of this node's own was written, with the staged membership.
int craft_snapshot(struct craft *c, uint64_t now, uint16_t capacity, uint64_t index, uint64_t term,
                   uint64_t membership_index, uint32_t trailing);
int craft_catch_up(struct craft *c, uint64_t now, uint16_t capacity, uint64_t id);
int craft_transfer(struct craft *c, uint64_t now, uint16_t capacity, uint64_t id);

/// Valid until the next step.
struct craft_update craft_update(const struct craft *c);
struct craft_message craft_outgoing(const struct craft *c, uint32_t number);

/// Begins a term of its own where this is the only voter; C-Raft would lead on in the term that it had, and two
/// entries could get one index and term. True when it did: term and vote must then be written.
bool craft_begin_term_alone(struct craft *c, uint64_t now);

uint64_t craft_term(const struct craft *c);
uint64_t craft_voted_for(const struct craft *c);
int craft_state(const struct craft *c);
uint64_t craft_leader(const struct craft *c);
uint64_t craft_commit(const struct craft *c);
uint64_t craft_last_index(const struct craft *c);
uint64_t craft_last_stored(const struct craft *c);
uint64_t craft_term_of(const struct craft *c, uint64_t index);
uint64_t craft_deadline(const struct craft *c);
uint64_t craft_match(const struct craft *c, uint64_t id);
uint64_t craft_transferee(const struct craft *c);
int craft_catch_up_status(const struct craft *c, uint64_t id);
bool craft_is_pre_voting(const struct craft *c);
bool craft_is_installing(const struct craft *c);
/// Whether a membership change is under way.
bool craft_is_changing(const struct craft *c);
/// What a code means, or which assertion has failed. Valid until the next step.
const char *craft_reason(const struct craft *c, int code);
