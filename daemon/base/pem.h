// What a PEM file says of itself, over OpenSSL's X509.
#pragma once

#include "base/defs.h"
#include <stdbool.h>
#include <stddef.h>

/* The serial number of the first certificate in PEM text as AWS writes it: "0a:1b:2c", a byte each,
 * lower case (ACM DescribeCertificate, Serial). False when there is no certificate in it, or its
 * number does not fit. */
bool pem_serial(const char *text, size_t bytes, char *ret_serial, size_t serial_bytes) MUST_CHECK;
