#pragma once
// The low-level primitives: EVP, and libssl above it, would pull all of libcrypto into the node's static binary (2.4 MB on
// armv7, measured 2026-11).
#define OPENSSL_API_COMPAT 10100
#include <openssl/aes.h>
#include <openssl/crypto.h>
#include <openssl/modes.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <string.h>

/// AES-256 in Galois/counter mode (NIST SP 800-38D) with a key that stays; NULL without memory. `CRYPTO_gcm128_release` ends it.
static inline GCM128_CONTEXT *co_gcm_new(AES_KEY *room, const unsigned char key[32]) {
    AES_set_encrypt_key(key, 256, room);
    return CRYPTO_gcm128_new(room, (block128_f)AES_encrypt);
}

static inline void co_gcm_begin(GCM128_CONTEXT *gcm, unsigned long long number, const unsigned char *aad, size_t aad_size) {
    unsigned char nonce[12] = {0};
    for (int i = 0; i < 8; i++) nonce[11 - i] = (unsigned char)(number >> (8 * i));
    CRYPTO_gcm128_setiv(gcm, nonce, sizeof nonce);
    CRYPTO_gcm128_aad(gcm, aad, aad_size);
}

/// Encrypts in place and writes the tag behind. A number must never be used twice with one key.
static inline int co_gcm_seal(GCM128_CONTEXT *gcm, unsigned long long number, const unsigned char *aad, size_t aad_size,
                              unsigned char *bytes, size_t size, unsigned char tag[16]) {
    co_gcm_begin(gcm, number, aad, aad_size);
    if (CRYPTO_gcm128_encrypt(gcm, bytes, bytes, size) != 0) return 0;
    CRYPTO_gcm128_tag(gcm, tag, 16);
    return 1;
}

/// Decrypts in place; 1 when the tag is right. What is in `bytes` otherwise must not be looked at.
static inline int co_gcm_open(GCM128_CONTEXT *gcm, unsigned long long number, const unsigned char *aad, size_t aad_size,
                              unsigned char *bytes, size_t size, const unsigned char tag[16]) {
    co_gcm_begin(gcm, number, aad, aad_size);
    return CRYPTO_gcm128_decrypt(gcm, bytes, bytes, size) == 0 && CRYPTO_gcm128_finish(gcm, tag, 16) == 0;
}
