// What a static binary links of OpenSSL, and nothing here ever reaches (docs/decisions/0006). Each function takes the place of one of
// libcrypto.a, libssl.a or libc.a, fails if it is called all the same, and spares what hangs on the other one: 170 KB on armv7.
// The linker complains when one of them is there twice.
#ifdef CTLS_TRIMMED
#pragma clang diagnostic ignored "-Wunused-parameter"
#include <netdb.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/http.h>
#include <openssl/ssl.h>
#include <openssl/ui.h>
#include <stdint.h>

// Names are never looked up by libc, which cannot when it is static, and no connection is opened by OpenSSL.
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **result) { return EAI_FAIL; }
void freeaddrinfo(struct addrinfo *list) {}
int getnameinfo(const struct sockaddr *address, socklen_t size, char *host, socklen_t host_size, char *service, socklen_t service_size,
                int flags) {
    return EAI_FAIL;
}
struct hostent *gethostbyname(const char *name) { return NULL; }
BIO *OSSL_HTTP_get(const char *url, const char *proxy, const char *no_proxy, BIO *bio, BIO *rbio, OSSL_HTTP_bio_cb_t update,
                   void *argument, int size, const STACK_OF(CONF_VALUE) *headers, const char *type, int asn1, size_t most, int timeout) {
    return NULL;
}

// No module is loaded: a method without functions.
void *DSO_METHOD_openssl(void) {
    static void *none[32];
    return none;
}

// Nobody sits there who could be asked for a passphrase.
UI_METHOD *UI_OpenSSL(void) { return NULL; }
const UI_METHOD *UI_get_default_method(void) { return NULL; }

// There is no openssl.cnf: what TLS is like, pool.ini says.
int ossl_config_int(const void *settings) { return 1; }
int ossl_no_config_int(void) { return 1; }
void ssl_ctx_system_config(SSL_CTX *context) {}

// Curves that our provider does not have.
const EC_METHOD *EC_GF2m_simple_method(void) { return NULL; }
int ossl_x448(uint8_t *secret, const uint8_t *own, const uint8_t *peer) { return 0; }
void ossl_x448_public_from_private(uint8_t *public, const uint8_t *own) {}
int ossl_ed448_public_from_private(OSSL_LIB_CTX *library, uint8_t *public, const uint8_t *own, const char *properties) { return 0; }
int ossl_ed448_sign(OSSL_LIB_CTX *library, uint8_t *signature, const uint8_t *message, size_t size, const uint8_t *public,
                    const uint8_t *own, const uint8_t *context, size_t context_size, const char *properties) {
    return 0;
}
int ossl_ed448_verify(OSSL_LIB_CTX *library, const uint8_t *message, size_t size, const uint8_t *signature, const uint8_t *public,
                      const uint8_t *context, size_t context_size, const char *properties) {
    return 0;
}
#endif
