#include "private.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>

// A name with a zero in it is one trick of many (CVE-2009-2408).
static int copy(const ASN1_STRING *text, char *name, size_t room) {
    int count = ASN1_STRING_length(text);
    const unsigned char *bytes = ASN1_STRING_get0_data(text);
    if (count < 0 || (size_t)count > room || memchr(bytes, 0, (size_t)count)) return -2;
    memcpy(name, bytes, (size_t)count);
    return count;
}

static int common_name(X509 *certificate, char *name, size_t room) {
    X509_NAME *subject = X509_get_subject_name(certificate);
    int place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (place < 0) return -2;
    return copy(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place)), name, room);
}

static int alternative_name(X509 *certificate, int index, char *name, size_t room) {
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int result = -1;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *one = sk_GENERAL_NAME_value(names, i);
        if (one->type != GEN_DNS || index-- > 0) continue;
        result = copy(one->d.dNSName, name, room);
        break;
    }
    GENERAL_NAMES_free(names);
    return result;
}

int ctls_engine_peer_name(const ctls_engine *e, int index, char *name, size_t room) {
    X509 *certificate = SSL_get0_peer_certificate(e->ssl);
    if (!certificate) return -1;
    int result = index == 0 ? common_name(certificate, name, room) : alternative_name(certificate, index - 1, name, room);
    ERR_clear_error();
    return result;
}

int ctls_engine_has_peer_certificate(const ctls_engine *e) { return SSL_get0_peer_certificate(e->ssl) != NULL; }

int ctls_engine_end_point(const ctls_engine *e, unsigned char digest[64]) {
    X509 *certificate = e->is_server ? SSL_get_certificate(e->ssl) : SSL_get0_peer_certificate(e->ssl);
    int algorithm = NID_undef;
    unsigned int count = 0;
    if (certificate && X509_get_signature_info(certificate, &algorithm, NULL, NULL, NULL)) {
        const EVP_MD *md = NULL;
        switch (algorithm) {
        // Too weak for this: SHA-256 instead (RFC 5929, 4.1).
        case NID_md5:
        case NID_sha1:
        case NID_sha256: md = EVP_sha256(); break;
        case NID_sha384: md = EVP_sha384(); break;
        case NID_sha512: md = EVP_sha512(); break;
        default: break;
        }
        if (md && !X509_digest(certificate, md, digest, &count)) count = 0;
    }
    ERR_clear_error();
    return (int)count;
}

int ctls_engine_has_alpn(const ctls_engine *e) {
    const unsigned char *name = NULL;
    unsigned int count = 0;
    SSL_get0_alpn_selected(e->ssl, &name, &count);
    return count > 0;
}

const char *ctls_engine_version(const ctls_engine *e) { return SSL_get_version(e->ssl); }

const char *ctls_engine_cipher(const ctls_engine *e) { return SSL_get_cipher_name(e->ssl); }
