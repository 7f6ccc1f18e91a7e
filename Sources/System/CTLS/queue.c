#include "private.h"
#include <stdlib.h>
#include <string.h>

int ctls_queue_add(ctls_queue *q, const void *bytes, size_t count) {
    if (count == 0) return 1;
    if (q->start > 0 && q->count + count > q->room) {
        memmove(q->bytes, q->bytes + q->start, q->count - q->start);
        q->count -= q->start;
        q->start = 0;
    }
    if (count > SIZE_MAX / 2 - q->count) return 0;
    if (q->count + count > q->room) {
        size_t room = q->count + count;
        if (room < 2 * q->room) room = 2 * q->room;
        unsigned char *grown = realloc(q->bytes, room);
        if (!grown) return 0;
        q->bytes = grown;
        q->room = room;
    }
    memcpy(q->bytes + q->count, bytes, count);
    q->count += count;
    return 1;
}

// An idle connection keeps no buffer.
void ctls_queue_drop(ctls_queue *q, size_t count) {
    size_t there = q->count - q->start;
    q->start += count < there ? count : there;
    if (q->start < q->count) return;
    free(q->bytes);
    *q = (ctls_queue){0};
}

static int bio_read(BIO *bio, char *bytes, int room) {
    ctls_queue *q = &((ctls_engine *)BIO_get_data(bio))->input;
    BIO_clear_retry_flags(bio);
    size_t count = q->count - q->start;
    if (count == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    if (room < 0) return -1;
    if (count > (size_t)room) count = (size_t)room;
    memcpy(bytes, q->bytes + q->start, count);
    ctls_queue_drop(q, count);
    return (int)count;
}

static int bio_write(BIO *bio, const char *bytes, int count) {
    BIO_clear_retry_flags(bio);
    if (count < 0) return -1;
    return ctls_queue_add(&((ctls_engine *)BIO_get_data(bio))->output, bytes, (size_t)count) ? count : -1;
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
}

static BIO_METHOD *make_method(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 127, "queues");
    if (!method) return NULL;
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
    return method;
}

BIO *ctls_bio_new(ctls_engine *engine) {
    static BIO_METHOD *shared;
    BIO_METHOD *method = __atomic_load_n(&shared, __ATOMIC_ACQUIRE);
    if (!method) {
        method = make_method();
        if (!method) return NULL;
        BIO_METHOD *none = NULL;
        // Another worker was faster: theirs stays.
        if (!__atomic_compare_exchange_n(&shared, &none, method, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            BIO_meth_free(method);
            method = none;
        }
    }
    BIO *bio = BIO_new(method);
    if (!bio) return NULL;
    BIO_set_data(bio, engine);
    BIO_set_init(bio, 1);
    return bio;
}
