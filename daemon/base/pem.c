#include "base/pem.h"
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

static bool write_serial(const ASN1_INTEGER *number, char *out, size_t bytes)
{
	const unsigned char *data = ASN1_STRING_get0_data(number);
	int count = ASN1_STRING_length(number);
	if (count <= 0 || (size_t)count * 3 > bytes)
		return false;
	for (int i = 0; i < count; i++)
		snprintf(out + 3 * i, 4, "%02x:", data[i]);
	out[3 * count - 1] = '\0';
	return true;
}

bool pem_serial(const char *text, size_t bytes, char *ret_serial, size_t serial_bytes)
{
	BIO *bio = bytes > 0 && bytes < INT_MAX ? BIO_new_mem_buf(text, (int)bytes) : NULL;
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	bool ok = certificate &&
		  write_serial(X509_get0_serialNumber(certificate), ret_serial, serial_bytes);
	X509_free(certificate);
	BIO_free(bio);
	ERR_clear_error(); // what is no certificate is an answer here, not OpenSSL's error
	return ok;
}
