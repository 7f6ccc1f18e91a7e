#pragma once
// The low-level digest: EVP would pull all of libcrypto into the node's static binary.
#define OPENSSL_API_COMPAT 10100
#include <openssl/crypto.h>
#include <openssl/sha.h>
