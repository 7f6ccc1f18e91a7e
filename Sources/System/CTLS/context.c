#include "private.h"
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

static const unsigned char alpn[] = "\x0apostgresql";

// PostgreSQL 17: a client that names protocols must name ours.
static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *count, const unsigned char *in, unsigned int size,
                       void *unused) {
    (void)ssl, (void)unused;
    unsigned char *chosen = NULL;
    if (SSL_select_next_proto(&chosen, count, alpn, sizeof alpn - 1, in, size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

// What a passphrase would be asked for is refused: nobody sits there.
static int no_passphrase(char *room, int size, int writes, void *unused) {
    (void)room, (void)size, (void)writes, (void)unused;
    return 0;
}

static int fail(char *error, size_t room, const char *what) {
    // The first one is the cause.
    unsigned long code = ERR_peek_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    if (ERR_GET_LIB(code) == ERR_LIB_SYS) reason = strerror(ERR_GET_REASON(code));
    if (reason)
        snprintf(error, room, "%s: %s", what, reason);
    else if (code)
        snprintf(error, room, "%s: OpenSSL's error %lx", what, code);
    else
        snprintf(error, room, "%s", what);
    ERR_clear_error();
    return 0;
}

static int set_up(SSL_CTX *context, const ctls_settings *s, char *error, size_t room) {
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    // libpq resumes no sessions.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    if (!SSL_CTX_set_min_proto_version(context, s->oldest) || !SSL_CTX_set_max_proto_version(context, s->newest))
        return fail(error, room, "the versions of TLS cannot be used");
    if (!SSL_CTX_set_cipher_list(context, s->ciphers ? s->ciphers : "ECDHE+AESGCM:ECDHE+CHACHA20"))
        return fail(error, room, "no cipher of the list is known");
    if (s->suites && !SSL_CTX_set_ciphersuites(context, s->suites)) return fail(error, room, "a cipher suite is unknown");
    if (s->groups && !SSL_CTX_set1_groups_list(context, s->groups)) return fail(error, room, "a curve is unknown");
    if (s->certificate && SSL_CTX_use_certificate_chain_file(context, s->certificate) != 1)
        return fail(error, room, "the certificate cannot be used");
    if (s->key && SSL_CTX_use_PrivateKey_file(context, s->key, SSL_FILETYPE_PEM) != 1)
        return fail(error, room, "the key cannot be used");
    if ((s->certificate || s->key) && SSL_CTX_check_private_key(context) != 1)
        return fail(error, room, "key and certificate do not belong together");
    if (s->authorities) {
        if (SSL_CTX_load_verify_file(context, s->authorities) != 1)
            return fail(error, room, "the file of certificate authorities cannot be used");
        if (s->is_server) {
            STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(s->authorities);
            if (!names) return fail(error, room, "the file of certificate authorities cannot be used");
            SSL_CTX_set_client_CA_list(context, names);
        }
    }
    int mode = s->verify == CTLS_VERIFY_NONE ? SSL_VERIFY_NONE : SSL_VERIFY_PEER;
    if (s->verify == CTLS_VERIFY_REQUIRED) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(context, mode, NULL);
    if (s->is_server)
        SSL_CTX_set_alpn_select_cb(context, select_alpn, NULL);
    else if (SSL_CTX_set_alpn_protos(context, alpn, sizeof alpn - 1) != 0)
        return fail(error, room, "no memory");
    return 1;
}

ctls_context *ctls_context_new(const ctls_settings *settings, char *error, size_t room) {
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(settings->is_server ? TLS_server_method() : TLS_client_method());
    if (!context) {
        fail(error, room, "OpenSSL cannot be used");
        return NULL;
    }
    if (set_up(context, settings, error, room)) return (ctls_context *)context;
    SSL_CTX_free(context);
    return NULL;
}

void ctls_context_free(ctls_context *context) { SSL_CTX_free((SSL_CTX *)context); }
