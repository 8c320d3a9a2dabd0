// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// A source of the name service: it knows the user 4001, and of those from 4100 on it does not say within a minute whether it does.

#define _GNU_SOURCE
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

static enum nss_status give(struct passwd *entry, char *text, size_t size, int *error)
{
	static const char name[] = "ebee-remote";

	if (size < sizeof(name) + 1) {
		*error = ERANGE;
		return NSS_STATUS_TRYAGAIN;
	}
	strcpy(text, name);
	text[sizeof(name)] = 0;
	*entry = (struct passwd){ text, text + sizeof(name), 4001, 4001, text + sizeof(name), text + sizeof(name), text + sizeof(name) };
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_ebeetest_getpwuid_r(uid_t id, struct passwd *entry, char *text, size_t size, int *error)
{
	if (id == 4001)
		return give(entry, text, size, error);
	if (id >= 4100 && id < 5000)
		sleep(60);
	*error = ENOENT;
	return NSS_STATUS_NOTFOUND;
}

enum nss_status _nss_ebeetest_getpwnam_r(const char *name, struct passwd *entry, char *text, size_t size, int *error)
{
	if (!strcmp(name, "ebee-remote"))
		return give(entry, text, size, error);
	if (!strcmp(name, "ebee-hangs"))
		sleep(60);
	*error = ENOENT;
	return NSS_STATUS_NOTFOUND;
}
