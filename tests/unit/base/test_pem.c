// The serial number of a certificate, as ACM writes it.
#include "base/pem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

// openssl req -x509 -newkey ec -subj /CN=a -set_serial 0x0a1bff
static const char certificate[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBXzCCAQSgAwIBAgIDChv/MAoGCCqGSM49BAMCMAwxCjAIBgNVBAMMAWEwIBcN\n"
	"MjYxMTI0MTgxODE5WhgPMjEyNjEwMzExODE4MTlaMAwxCjAIBgNVBAMMAWEwWTAT\n"
	"BgcqhkjOPQIBBggqhkjOPQMBBwNCAATFJgC1iWMdtJLZaj7jBOE7s+SuyGaXWskO\n"
	"g+rm5nK8am/uQGhEi8/wskAkZPySjXC2B3Lfp8TYIByVF++fh3Uto1MwUTAdBgNV\n"
	"HQ4EFgQUo4yYuIUhQ0YNU/07cpnp9PjPoqgwHwYDVR0jBBgwFoAUo4yYuIUhQ0YN\n"
	"U/07cpnp9PjPoqgwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEA\n"
	"1+jiKxueVjE/8DJYqSotX3b7R2vCWIEyj40QNOi3yRkCIQC+Q6Cc7nIbpUGO542M\n"
	"C2+//u9Jr/YloRv53X4z0vOufQ==\n"
	"-----END CERTIFICATE-----\n";

static void the_first_certificate_tells_its_number(void **state)
{
	(void)state;
	char serial[64];
	assert_true(pem_serial(certificate, strlen(certificate), serial, sizeof(serial)));
	assert_string_equal(serial, "0a:1b:ff");
}

static void what_is_no_certificate_has_none(void **state)
{
	(void)state;
	char serial[64];
	assert_false(pem_serial("", 0, serial, sizeof(serial)));
	assert_false(pem_serial("no pem", 6, serial, sizeof(serial)));
	assert_false(pem_serial(certificate, 100, serial, sizeof(serial)));
	assert_false(pem_serial(certificate, strlen(certificate), serial, 8)); // it does not fit
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_certificate_tells_its_number),
		cmocka_unit_test(what_is_no_certificate_has_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
