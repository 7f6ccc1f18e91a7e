#pragma once
#include "include/ctls.h"
#include <openssl/ssl.h>

// Bytes between us and OpenSSL: taken at `start`, added behind `count`.
typedef struct {
    unsigned char *bytes;
    size_t start, count, room;
} ctls_queue;

struct ctls_engine {
    SSL *ssl;
    ctls_queue input, output;
    int is_server, is_done, has_failed, says_farewell;
    char error[160];
};

int ctls_queue_add(ctls_queue *queue, const void *bytes, size_t count);
void ctls_queue_drop(ctls_queue *queue, size_t count);
// OpenSSL's end of both queues; NULL without memory.
BIO *ctls_bio_new(ctls_engine *engine);
