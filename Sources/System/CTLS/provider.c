// OpenSSL's provider for the node's static binary (docs/decisions/0006). libcrypto.a names its providers in one table; this file has a
// table of the same name, so that the linker takes ours, and with it only the algorithms that TLS 1.2 and 1.3 need here.
//
// The names after `ossl_` are those of OpenSSL 3.0's algorithms (providers/implementations/include/prov/implementations.h). They are
// not an interface: another version may have others, and then this does not link.
#ifdef CTLS_TRIMMED
#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

typedef struct {
    char *name, *path;
    OSSL_provider_init_fn *init;
    void *parameters;
    unsigned int is_fallback : 1;
} provider_info;

typedef struct prov_ctx_st PROV_CTX;
PROV_CTX *ossl_prov_ctx_new(void);
void ossl_prov_ctx_free(PROV_CTX *);
void ossl_prov_ctx_set0_libctx(PROV_CTX *, OSSL_LIB_CTX *);
void ossl_prov_ctx_set0_handle(PROV_CTX *, const OSSL_CORE_HANDLE *);
void ossl_prov_ctx_set0_core_bio_method(PROV_CTX *, BIO_METHOD *);
BIO_METHOD *ossl_prov_ctx_get0_core_bio_method(PROV_CTX *);
BIO_METHOD *ossl_bio_prov_init_bio_method(void);
int ossl_prov_bio_from_dispatch(const OSSL_DISPATCH *);
int ossl_prov_seeding_from_dispatch(const OSSL_DISPATCH *);
OSSL_FUNC_provider_get_capabilities_fn ossl_prov_get_capabilities;

#define PROPERTIES "provider=default"
#define IS(names, algorithm) {names, PROPERTIES, ossl_##algorithm##_functions, NULL}
#define READS(names, structure, algorithm) \
    {names, PROPERTIES ",input=der,structure=" #structure, ossl_##structure##_der_to_##algorithm##_decoder_functions, NULL}
#define END {NULL, NULL, NULL, NULL}
#define RSA "RSA:rsaEncryption:1.2.840.113549.1.1.1"
#define EC "EC:id-ecPublicKey:1.2.840.10045.2.1"
#define ED25519 "ED25519:1.3.101.112"
#define X25519 "X25519:1.3.101.110"

extern const OSSL_DISPATCH ossl_sha1_functions[], ossl_sha256_functions[], ossl_sha384_functions[], ossl_sha512_functions[];
extern const OSSL_DISPATCH ossl_hmac_functions[], ossl_kdf_hkdf_functions[], ossl_kdf_tls1_3_kdf_functions[], ossl_kdf_tls1_prf_functions[];
extern const OSSL_DISPATCH ossl_ecdh_keyexch_functions[], ossl_x25519_keyexch_functions[];
extern const OSSL_DISPATCH ossl_drbg_ctr_functions[], ossl_seed_src_functions[];
extern const OSSL_DISPATCH ossl_rsa_signature_functions[], ossl_ecdsa_signature_functions[], ossl_ed25519_signature_functions[];
extern const OSSL_DISPATCH ossl_rsa_keymgmt_functions[], ossl_rsapss_keymgmt_functions[], ossl_ec_keymgmt_functions[];
extern const OSSL_DISPATCH ossl_x25519_keymgmt_functions[], ossl_ed25519_keymgmt_functions[];
extern const OSSL_DISPATCH ossl_aes256gcm_functions[], ossl_aes128gcm_functions[], ossl_chacha20_ossl_poly1305_functions[];
extern const OSSL_DISPATCH ossl_aes256ctr_functions[], ossl_aes256ecb_functions[];
extern const OSSL_DISPATCH ossl_SubjectPublicKeyInfo_der_to_rsa_decoder_functions[];
extern const OSSL_DISPATCH ossl_SubjectPublicKeyInfo_der_to_ec_decoder_functions[];
extern const OSSL_DISPATCH ossl_SubjectPublicKeyInfo_der_to_ed25519_decoder_functions[];
extern const OSSL_DISPATCH ossl_PrivateKeyInfo_der_to_rsa_decoder_functions[];
extern const OSSL_DISPATCH ossl_PrivateKeyInfo_der_to_ec_decoder_functions[];
extern const OSSL_DISPATCH ossl_PrivateKeyInfo_der_to_ed25519_decoder_functions[];

// SHA-1 is for names of keys in certificates, not for signatures.
static const OSSL_ALGORITHM digests[] = {IS("SHA1:SHA-1:SSL3-SHA1:1.3.14.3.2.26", sha1),
                                         IS("SHA2-256:SHA-256:SHA256:2.16.840.1.101.3.4.2.1", sha256),
                                         IS("SHA2-384:SHA-384:SHA384:2.16.840.1.101.3.4.2.2", sha384),
                                         IS("SHA2-512:SHA-512:SHA512:2.16.840.1.101.3.4.2.3", sha512), END};
static const OSSL_ALGORITHM codes[] = {IS("HMAC", hmac), END};
static const OSSL_ALGORITHM derivations[] = {IS("HKDF", kdf_hkdf), IS("TLS13-KDF", kdf_tls1_3_kdf), IS("TLS1-PRF", kdf_tls1_prf), END};
static const OSSL_ALGORITHM exchanges[] = {IS("ECDH", ecdh_keyexch), IS(X25519, x25519_keyexch), END};
static const OSSL_ALGORITHM generators[] = {IS("CTR-DRBG", drbg_ctr), IS("SEED-SRC", seed_src), END};
static const OSSL_ALGORITHM signatures[] = {IS(RSA, rsa_signature), IS("ECDSA", ecdsa_signature), IS(ED25519, ed25519_signature), END};
static const OSSL_ALGORITHM keys[] = {IS(RSA, rsa_keymgmt), IS("RSA-PSS:RSASSA-PSS:1.2.840.113549.1.1.10", rsapss_keymgmt),
                                      IS(EC, ec_keymgmt), IS(X25519, x25519_keymgmt), IS(ED25519, ed25519_keymgmt), END};
// Counter and codebook mode are for the random numbers.
static const OSSL_ALGORITHM ciphers[] = {IS("AES-256-GCM:id-aes256-GCM:2.16.840.1.101.3.4.1.46", aes256gcm),
                                         IS("AES-128-GCM:id-aes128-GCM:2.16.840.1.101.3.4.1.6", aes128gcm),
                                         IS("ChaCha20-Poly1305", chacha20_ossl_poly1305), IS("AES-256-CTR", aes256ctr),
                                         IS("AES-256-ECB:2.16.840.1.101.3.4.1.41", aes256ecb), END};
static const OSSL_ALGORITHM decoders[] = {
    READS(RSA, SubjectPublicKeyInfo, rsa), READS(EC, SubjectPublicKeyInfo, ec), READS(ED25519, SubjectPublicKeyInfo, ed25519),
    READS(RSA, PrivateKeyInfo, rsa),       READS(EC, PrivateKeyInfo, ec),       READS(ED25519, PrivateKeyInfo, ed25519), END};

static const OSSL_ALGORITHM *query(void *context, int operation, int *no_cache) {
    (void)context;
    *no_cache = 0;
    switch (operation) {
    case OSSL_OP_DIGEST: return digests;
    case OSSL_OP_MAC: return codes;
    case OSSL_OP_KDF: return derivations;
    case OSSL_OP_KEYEXCH: return exchanges;
    case OSSL_OP_RAND: return generators;
    case OSSL_OP_SIGNATURE: return signatures;
    case OSSL_OP_KEYMGMT: return keys;
    case OSSL_OP_CIPHER: return ciphers;
    case OSSL_OP_DECODER: return decoders;
    default: return NULL;
    }
}

static void tear_down(void *context) {
    BIO_meth_free(ossl_prov_ctx_get0_core_bio_method(context));
    ossl_prov_ctx_free(context);
}

static const OSSL_DISPATCH functions[] = {{OSSL_FUNC_PROVIDER_TEARDOWN, (void (*)(void))tear_down},
                                          {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
                                          {OSSL_FUNC_PROVIDER_GET_CAPABILITIES, (void (*)(void))ossl_prov_get_capabilities},
                                          {0, NULL}};

static int begin(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **provider) {
    OSSL_FUNC_core_get_libctx_fn *get_library = NULL;
    if (!ossl_prov_bio_from_dispatch(in) || !ossl_prov_seeding_from_dispatch(in)) return 0;
    for (; in->function_id != 0; in++)
        if (in->function_id == OSSL_FUNC_CORE_GET_LIBCTX) get_library = OSSL_FUNC_core_get_libctx(in);
    if (!get_library) return 0;
    PROV_CTX *context = ossl_prov_ctx_new();
    BIO_METHOD *method = ossl_bio_prov_init_bio_method();
    if (!context || !method) {
        ossl_prov_ctx_free(context);
        BIO_meth_free(method);
        return 0;
    }
    ossl_prov_ctx_set0_libctx(context, (OSSL_LIB_CTX *)get_library(handle));
    ossl_prov_ctx_set0_handle(context, handle);
    ossl_prov_ctx_set0_core_bio_method(context, method);
    *out = functions;
    *provider = context;
    return 1;
}

const provider_info ossl_predefined_providers[] = {{"default", NULL, begin, NULL, 1}, {NULL, NULL, NULL, NULL, 0}};

// Digests that signatures are looked up by; ciphers only by the provider.
void openssl_add_all_ciphers_int(void) {}
void openssl_add_all_digests_int(void) {
    EVP_add_digest(EVP_sha1());
    EVP_add_digest(EVP_sha256());
    EVP_add_digest(EVP_sha384());
    EVP_add_digest(EVP_sha512());
}
#endif
