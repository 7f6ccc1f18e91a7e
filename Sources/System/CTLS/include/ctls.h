// TLS by OpenSSL as bytes in, bytes out. OpenSSL's own headers stay out of Swift's sight.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct ctls_context ctls_context;
typedef struct ctls_engine ctls_engine;

// Whose certificate is asked for, and what happens without a good one.
enum { CTLS_VERIFY_NONE = 0, CTLS_VERIFY_IF_GIVEN = 1, CTLS_VERIFY_REQUIRED = 2 };

typedef struct {
    int is_server;
    int verify;
    // 0x0303 is TLS 1.2, 0x0304 is TLS 1.3.
    int oldest, newest;
    // Files in PEM; NULL: none.
    const char *certificate, *key, *authorities;
    // OpenSSL's lists; NULL: the defaults below.
    const char *ciphers, *suites, *groups;
} ctls_settings;

// NULL when it cannot be: `error` then has a phrase of at most `room` bytes, with a zero behind.
ctls_context *ctls_context_new(const ctls_settings *settings, char *error, size_t room);
void ctls_context_free(ctls_context *context);

// `host`: for clients the name (or address) of the server, else NULL; `checks_host`: whether its certificate must have it.
// Holds on to the context. NULL without memory, or when the name cannot be one.
ctls_engine *ctls_engine_new(ctls_context *context, const char *host, int checks_host);
void ctls_engine_free(ctls_engine *engine);

// Ciphertext that came. 0 without memory.
int ctls_engine_feed(ctls_engine *engine, const void *bytes, size_t count);
size_t ctls_engine_unread(const ctls_engine *engine);
// Ciphertext that must be sent; `dropped` bytes of it have been.
const void *ctls_engine_output(const ctls_engine *engine, size_t *count);
void ctls_engine_drop(ctls_engine *engine, size_t count);

// What these three return below zero, or 1 for a handshake that is done, else the number of bytes.
enum { CTLS_WANTS_INPUT = -1, CTLS_CLOSED = -2, CTLS_FAILED = -3 };
int ctls_engine_handshake(ctls_engine *engine);
int ctls_engine_read(ctls_engine *engine, void *bytes, size_t room);
int ctls_engine_write(ctls_engine *engine, const void *bytes, size_t count);
// Says close_notify, once.
void ctls_engine_shutdown(ctls_engine *engine);

// The phrase about a failure; never NULL.
const char *ctls_engine_error(const ctls_engine *engine);
// The peer's names: 0 is the certificate's common name, then come DNS names. The length, or -1 when there is no such one, -2 when
// there is one that is too long or has a zero in it.
int ctls_engine_peer_name(const ctls_engine *engine, int index, char *name, size_t room);
int ctls_engine_has_peer_certificate(const ctls_engine *engine);
// The digest of the server's certificate (RFC 5929, 4), whichever side we are; its length, or 0 when there is none for it.
int ctls_engine_end_point(const ctls_engine *engine, unsigned char digest[64]);
int ctls_engine_has_alpn(const ctls_engine *engine);
const char *ctls_engine_version(const ctls_engine *engine);
const char *ctls_engine_cipher(const ctls_engine *engine);
