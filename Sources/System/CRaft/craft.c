#if !__has_include("upstream/include/raft.h")
#error The sources of C-Raft are not here yet. Run once: scripts/fetch-raft
#else
#include "include/craft.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "upstream/include/raft.h"
#include "upstream/src/configuration.h"
#include "upstream/src/message.h"
#include "upstream/src/progress.h"
#include "upstream/src/trail.h"

_Static_assert((int)CRAFT_APPEND == RAFT_APPEND_ENTRIES && (int)CRAFT_TIMEOUT_NOW == RAFT_TIMEOUT_NOW, "messages");
_Static_assert((int)CRAFT_FOLLOWER == RAFT_FOLLOWER && (int)CRAFT_LEADER == RAFT_LEADER, "states");
_Static_assert((int)CRAFT_COMMAND == RAFT_COMMAND && (int)CRAFT_MEMBERSHIP == RAFT_CHANGE, "entries");
_Static_assert((int)CRAFT_CATCH_UP_FINISHED == RAFT_CATCH_UP_FINISHED, "catching up");
_Static_assert((int)CRAFT_BAD_ID == RAFT_BADID && (int)CRAFT_NOT_LEADER == RAFT_NOTLEADER, "codes");
_Static_assert((int)CRAFT_CANNOT_CHANGE == RAFT_CANTCHANGE && (int)CRAFT_NOT_FOUND == RAFT_NOTFOUND, "codes");
_Static_assert((int)CRAFT_NO_SPACE == RAFT_NOSPACE, "codes");
_Static_assert(RAFT_VERSION_NUMBER == 2201, "this shim is written for C-Raft 0.22.1");

struct craft {
    struct raft raft;
    struct raft_update update;
    /// What the next step takes. All staged entries share one batch, as the core frees it by the first.
    struct raft_entry *entries;
    unsigned count, room;
    uint8_t *batch;
    size_t batch_size, batch_room;
    struct raft_configuration membership;
    /// The snapshot that is being installed.
    struct raft_snapshot_metadata installing;
    bool has_installing;
    /// Holds for what is submitted from outside only: C-Raft asserts that a new leader's own barrier is not refused.
    uint16_t capacity_threshold;
    /// Where a failed assertion leads to, and what it said. The core is of no more use then.
    jmp_buf escape;
    bool is_broken;
    char assertion[160];
};

static _Thread_local struct craft *stepping;

_Noreturn void craft_assertion_failed(const char *expression, const char *file, int line) {
    struct craft *c = stepping;
    if (c == NULL) {
        fprintf(stderr, "C-Raft asserts %s (%s:%d)\n", expression, file, line);
        abort();
    }
    stepping = NULL;
    c->is_broken = true;
    snprintf(c->assertion, sizeof c->assertion, "C-Raft asserts %s (%s:%d)", expression, file, line);
    longjmp(c->escape, 1);
}

struct craft *craft_new(uint64_t id, const char *address, uint32_t seed, uint32_t election_ms, uint32_t heartbeat_ms,
                        uint32_t snapshot_ms, uint32_t inflight, uint16_t capacity_threshold) {
    struct craft *c = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    if (raft_init(&c->raft, NULL, NULL, id, address) != 0) {
        free(c);
        return NULL;
    }
    c->raft.tracer = NULL;
    raft_seed(&c->raft, seed);
    raft_set_election_timeout(&c->raft, election_ms);
    raft_set_heartbeat_timeout(&c->raft, heartbeat_ms);
    raft_set_install_snapshot_timeout(&c->raft, snapshot_ms);
    raft_set_max_inflight_entries(&c->raft, inflight);
    c->capacity_threshold = capacity_threshold;
    raft_set_pre_vote(&c->raft, true);
    raft_configuration_init(&c->membership);
    return c;
}

static void forget_staged(struct craft *c) {
    c->count = 0;
    c->batch = NULL;
    c->batch_size = c->batch_room = 0;
}

static void drop_batch(struct craft *c) {
    raft_free(c->batch);
    forget_staged(c);
}

static void drop_membership(struct craft *c) {
    raft_configuration_close(&c->membership);
    raft_configuration_init(&c->membership);
}

void craft_free(struct craft *c) {
    // Nobody knows what a broken core still points at: its memory is left.
    if (c->is_broken) return;
    raft_close(&c->raft, NULL);
    drop_batch(c);
    drop_membership(c);
    if (c->has_installing) raft_configuration_close(&c->installing.configuration);
    free(c->entries);
    free(c);
}

int craft_stage(struct craft *c, uint64_t term, int kind, const uint8_t *data, size_t size) {
    if (kind != CRAFT_MEMBERSHIP) size = 0;
    if (c->count == c->room) {
        unsigned room = c->room == 0 ? 64 : c->room * 2;
        struct raft_entry *entries = realloc(c->entries, room * sizeof *entries);
        if (entries == NULL) return RAFT_NOMEM;
        c->entries = entries;
        c->room = room;
    }
    if (c->batch == NULL || c->batch_size + size > c->batch_room) {
        size_t room = (c->batch_room + size + 64) * 2;
        uint8_t *batch = raft_realloc(c->batch, room);
        if (batch == NULL) return RAFT_NOMEM;
        c->batch = batch;
        c->batch_room = room;
    }
    if (size > 0) memcpy(c->batch + c->batch_size, data, size);
    // An offset until all are staged: the batch may move.
    c->entries[c->count++] = (struct raft_entry){
        .term = term, .type = (enum raft_entry_type)kind, .buf = {.base = (void *)(uintptr_t)c->batch_size, .len = size}};
    c->batch_size += size;
    return 0;
}

int craft_stage_membership(struct craft *c, const uint8_t *data, size_t size) {
    drop_membership(c);
    struct raft_buffer buffer = {.base = (void *)(uintptr_t)data, .len = size};
    return raft_configuration_decode(&buffer, &c->membership);
}

/// The staged membership, which whoever takes it owns from here on.
static struct raft_configuration take_membership(struct craft *c) {
    struct raft_configuration membership = c->membership;
    raft_configuration_init(&c->membership);
    return membership;
}

static void place_entries(struct craft *c) {
    for (unsigned i = 0; i < c->count; i++) {
        c->entries[i].buf.base = c->batch + (uintptr_t)c->entries[i].buf.base;
        c->entries[i].batch = c->batch;
    }
}

static int step(struct craft *c, struct raft_event *event, uint64_t now, uint16_t capacity) {
    event->time = now;
    event->capacity = capacity;
    memset(&c->update, 0, sizeof c->update);
    if (c->is_broken || setjmp(c->escape) != 0) return CRAFT_BROKEN;
    stepping = c;
    int code = raft_step(&c->raft, event, &c->update);
    stepping = NULL;
    bool has_entries = code == 0 && (c->update.flags & (RAFT_UPDATE_ENTRIES)) != 0;
    // The barrier's eight zero bytes are of no use outside.
    if (has_entries && c->update.entries.batch == &c->raft.barrier) raft_free(c->raft.barrier.batch);
    return code;
}

int craft_start(struct craft *c, uint64_t now, uint16_t capacity, uint64_t term, uint64_t voted_for,
                uint64_t snapshot_index, uint64_t snapshot_term, uint64_t membership_index, uint64_t first_index) {
    struct raft_snapshot_metadata metadata = {
        .index = snapshot_index, .term = snapshot_term, .configuration_index = membership_index};
    struct raft_event event = {.type = RAFT_START};
    if (snapshot_index > 0) {
        metadata.configuration = take_membership(c);
        event.start.metadata = &metadata;
    }
    place_entries(c);
    event.start.term = term;
    event.start.voted_for = voted_for;
    event.start.start_index = first_index;
    event.start.entries = c->entries;
    event.start.n_entries = c->count;
    int code = step(c, &event, now, capacity);
    if (code == 0) drop_batch(c);
    forget_staged(c);
    return code;
}

/// This member in its newest membership, or NULL.
static struct raft_server *own_server(struct craft *c) {
    for (unsigned place = 0; place < c->raft.configuration.n; place++)
        if (c->raft.configuration.servers[place].id == c->raft.id) return &c->raft.configuration.servers[place];
    return NULL;
}

int craft_receive(struct craft *c, uint64_t now, uint16_t capacity, const struct craft_message *m) {
    struct raft_message message = {.type = (enum raft_message_type)m->type, .server_id = m->peer, .server_address = ""};
    switch (m->type) {
        case CRAFT_APPEND:
            place_entries(c);
            message.append_entries = (struct raft_append_entries){
                .version = MESSAGE__APPEND_ENTRIES_VERSION, .term = m->term, .prev_log_index = m->previous_index,
                .prev_log_term = m->previous_term, .leader_commit = m->commit, .entries = c->entries,
                .n_entries = c->count};
            break;
        case CRAFT_APPEND_RESULT:
            message.append_entries_result = (struct raft_append_entries_result){
                .version = MESSAGE__APPEND_ENTRIES_RESULT_VERSION, .term = m->term, .rejected = m->rejected,
                .last_log_index = m->last_index, .features = m->features, .capacity = m->capacity};
            break;
        case CRAFT_VOTE:
            message.request_vote = (struct raft_request_vote){
                .version = MESSAGE__REQUEST_VOTE_VERSION, .term = m->term, .candidate_id = m->peer,
                .last_log_index = m->last_index, .last_log_term = m->last_term, .disrupt_leader = m->disrupt,
                .pre_vote = m->pre_vote};
            break;
        case CRAFT_VOTE_RESULT:
            message.request_vote_result = (struct raft_request_vote_result){
                .version = MESSAGE__REQUEST_VOTE_RESULT_VERSION, .term = m->term, .vote_granted = m->granted,
                .pre_vote = m->pre_vote, .features = m->features, .capacity = m->capacity};
            break;
        case CRAFT_SNAPSHOT:
            message.install_snapshot = (struct raft_install_snapshot){
                .version = MESSAGE__INSTALL_SNAPSHOT_VERSION, .term = m->term, .last_index = m->last_index,
                .last_term = m->last_term, .conf = take_membership(c), .conf_index = m->membership_index};
            break;
        case CRAFT_TIMEOUT_NOW:
            message.timeout_now = (struct raft_timeout_now){
                .version = MESSAGE__TIMEOUT_NOW_VERSION, .term = m->term, .last_log_index = m->last_index,
                .last_log_term = m->last_term};
            break;
        default: return RAFT_INVALID;
    }
    bool was_installing = c->raft.snapshot.installing;
    struct raft_event event = {.type = RAFT_RECEIVE, .receive = {.message = &message}};
    // Whoever asks may already count this member among its voters, by an entry that has not come here: a member that has a place
    // in the cluster answers whatever its own newest membership says (Raft dissertation, section 4.2.2). C-Raft says no, and
    // then a majority that needs this vote waits for ever.
    struct raft_server *self = m->type == CRAFT_VOTE ? own_server(c) : NULL;
    int role = self != NULL ? self->role : RAFT_VOTER;
    if (self != NULL) self->role = RAFT_VOTER;
    int code = step(c, &event, now, capacity);
    if (self != NULL && (self = own_server(c)) != NULL) self->role = role;
    if (m->type == CRAFT_APPEND) {
        // Entries that are to be written are the caller's; of all others the core has freed the batch.
        if (c->count == 0 || (code == 0 && (c->update.flags & (RAFT_UPDATE_ENTRIES)) != 0)) raft_free(c->batch);
        forget_staged(c);
    }
    if (m->type == CRAFT_SNAPSHOT && code == 0) {
        if (c->update.flags & (RAFT_UPDATE_SNAPSHOT)) {
            c->installing = c->update.snapshot.metadata;
            c->has_installing = true;
        } else if (was_installing && c->update.messages.n == 0) {
            // One that comes while another is installed is ignored, and not freed.
            raft_configuration_close(&message.install_snapshot.conf);
        }
    }
    return code;
}

int craft_submit(struct craft *c, uint64_t now, uint16_t capacity) {
    place_entries(c);
    struct raft_event event = {.type = RAFT_SUBMIT, .submit = {.entries = c->entries, .n = c->count}};
    raft_set_capacity_threshold(&c->raft, c->capacity_threshold);
    int code = step(c, &event, now, capacity);
    raft_set_capacity_threshold(&c->raft, 0);
    drop_batch(c);
    return code;
}

int craft_timeout(struct craft *c, uint64_t now, uint16_t capacity) {
    struct raft_event event = {.type = RAFT_TIMEOUT};
    return step(c, &event, now, capacity);
}

int craft_persisted_entries(struct craft *c, uint64_t now, uint16_t capacity, uint64_t last_index) {
    struct raft_event event = {.type = RAFT_PERSISTED_ENTRIES, .persisted_entries = {.index = last_index}};
    return step(c, &event, now, capacity);
}

int craft_persisted_snapshot(struct craft *c, uint64_t now, uint16_t capacity) {
    if (!c->has_installing) return RAFT_INVALID;
    c->has_installing = false;
    struct raft_event event = {
        .type = RAFT_PERSISTED_SNAPSHOT, .persisted_snapshot = {.metadata = c->installing, .offset = 0, .last = true}};
    return step(c, &event, now, capacity);
}

int craft_configuration(struct craft *c, uint64_t now, uint16_t capacity, uint64_t index) {
    struct raft_event event = {
        .type = RAFT_CONFIGURATION, .configuration = {.index = index, .conf = take_membership(c)}};
    return step(c, &event, now, capacity);
}

int craft_snapshot(struct craft *c, uint64_t now, uint16_t capacity, uint64_t index, uint64_t term,
                   uint64_t membership_index, uint32_t trailing) {
    struct raft_event event = {
        .type = RAFT_SNAPSHOT,
        .snapshot = {
            .metadata = {.index = index, .term = term, .configuration = take_membership(c),
                         .configuration_index = membership_index},
            .trailing = trailing}};
    return step(c, &event, now, capacity);
}

int craft_catch_up(struct craft *c, uint64_t now, uint16_t capacity, uint64_t id) {
    struct raft_event event = {.type = RAFT_CATCH_UP, .catch_up = {.server_id = id}};
    return step(c, &event, now, capacity);
}

int craft_transfer(struct craft *c, uint64_t now, uint16_t capacity, uint64_t id) {
    struct raft_event event = {.type = RAFT_TRANSFER, .transfer = {.server_id = id}};
    return step(c, &event, now, capacity);
}

struct craft_update craft_update(const struct craft *c) {
    unsigned flags = c->update.flags;
    struct craft_update update = {
        .vote = (flags & ((RAFT_UPDATE_CURRENT_TERM) | (RAFT_UPDATE_VOTED_FOR))) != 0,
        .entries = (flags & (RAFT_UPDATE_ENTRIES)) != 0,
        .snapshot = (flags & (RAFT_UPDATE_SNAPSHOT)) != 0,
        .messages = c->update.messages.n};
    if (update.entries) {
        update.first = c->update.entries.index;
        update.count = c->update.entries.n;
        update.barrier = c->update.entries.batch == &c->raft.barrier;
    }
    return update;
}

struct craft_message craft_outgoing(const struct craft *c, uint32_t number) {
    const struct raft_message *m = &c->update.messages.batch[number];
    struct craft_message out = {.type = m->type, .peer = m->server_id};
    switch (m->type) {
        case RAFT_APPEND_ENTRIES:
            out.term = m->append_entries.term;
            out.previous_index = m->append_entries.prev_log_index;
            out.previous_term = m->append_entries.prev_log_term;
            out.commit = m->append_entries.leader_commit;
            out.count = m->append_entries.n_entries;
            break;
        case RAFT_APPEND_ENTRIES_RESULT:
            out.term = m->append_entries_result.term;
            out.rejected = m->append_entries_result.rejected;
            out.last_index = m->append_entries_result.last_log_index;
            out.features = m->append_entries_result.features;
            out.capacity = m->append_entries_result.capacity;
            break;
        case RAFT_REQUEST_VOTE:
            out.term = m->request_vote.term;
            out.last_index = m->request_vote.last_log_index;
            out.last_term = m->request_vote.last_log_term;
            out.disrupt = m->request_vote.disrupt_leader;
            out.pre_vote = m->request_vote.pre_vote;
            break;
        case RAFT_REQUEST_VOTE_RESULT:
            out.term = m->request_vote_result.term;
            out.granted = m->request_vote_result.vote_granted;
            out.pre_vote = m->request_vote_result.pre_vote;
            out.features = m->request_vote_result.features;
            out.capacity = m->request_vote_result.capacity;
            break;
        case RAFT_INSTALL_SNAPSHOT:
            out.term = m->install_snapshot.term;
            out.last_index = m->install_snapshot.last_index;
            out.last_term = m->install_snapshot.last_term;
            out.membership_index = m->install_snapshot.conf_index;
            break;
        case RAFT_TIMEOUT_NOW:
            out.term = m->timeout_now.term;
            out.last_index = m->timeout_now.last_log_index;
            out.last_term = m->timeout_now.last_log_term;
            break;
    }
    return out;
}

bool craft_begin_term_alone(struct craft *c, uint64_t now) {
    struct raft *r = &c->raft;
    if (r->state != RAFT_FOLLOWER || now < raft_timeout(r) || r->snapshot.installing) return false;
    if (r->last_stored < TrailLastIndex(&r->trail)) return false;
    const struct raft_server *self = configurationGet(&r->configuration, r->id);
    if (self == NULL || self->role != RAFT_VOTER || configurationVoterCount(&r->configuration) != 1) return false;
    r->current_term += 1;
    r->voted_for = r->id;
    return true;
}

uint64_t craft_term(const struct craft *c) { return c->raft.current_term; }
uint64_t craft_voted_for(const struct craft *c) { return c->raft.voted_for; }
int craft_state(const struct craft *c) { return c->raft.state; }
uint64_t craft_leader(const struct craft *c) {
    if (c->raft.state == RAFT_LEADER) return c->raft.id;
    return c->raft.state == RAFT_FOLLOWER ? c->raft.follower_state.current_leader.id : 0;
}
uint64_t craft_commit(const struct craft *c) { return c->raft.commit_index; }
uint64_t craft_last_index(const struct craft *c) { return c->is_broken ? 0 : TrailLastIndex(&c->raft.trail); }
uint64_t craft_last_stored(const struct craft *c) { return c->raft.last_stored; }
uint64_t craft_term_of(const struct craft *c, uint64_t index) {
    return index == 0 || c->is_broken ? 0 : TrailTermOf(&c->raft.trail, index);
}
uint64_t craft_deadline(const struct craft *c) { return c->is_broken ? UINT64_MAX : raft_timeout(&c->raft); }
uint64_t craft_match(const struct craft *c, uint64_t id) {
    raft_index index = 0;
    return id != 0 && !c->is_broken && raft_match_index(&c->raft, id, &index) == 0 ? index : 0;
}
uint64_t craft_transferee(const struct craft *c) { return raft_transferee(&c->raft); }
int craft_catch_up_status(const struct craft *c, uint64_t id) {
    int status = RAFT_CATCH_UP_NONE;
    return !c->is_broken && raft_catch_up(&c->raft, id, &status) == 0 ? status : RAFT_CATCH_UP_NONE;
}
bool craft_is_pre_voting(const struct craft *c) {
    return c->raft.state == RAFT_CANDIDATE && c->raft.candidate_state.in_pre_vote;
}
bool craft_is_installing(const struct craft *c) { return c->raft.snapshot.installing; }
bool craft_is_changing(const struct craft *c) {
    return c->raft.configuration_uncommitted_index != 0
        || (c->raft.state == RAFT_LEADER && c->raft.leader_state.promotee_id != 0);
}
const char *craft_reason(const struct craft *c, int code) {
    return code == CRAFT_BROKEN ? c->assertion : raft_strerror(code);
}
#endif
