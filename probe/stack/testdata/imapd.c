#include "hang.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct session { char *user; struct mailbox box; long long bytes; const struct session *parent; };

static struct session outer;

__attribute__((noinline))
static int cmd_copy(char *tag, char *sequence, char *name, bool usinguid, char sep)
{
	struct mailbox mailbox = { .name = name, .uidvalidity = 0xfeedfaceUL,
		.lock_fd = 7, .recent = { 1, 4000000000u, -5, true } };
	char *copyuid = NULL;
	int r = index_copy(&mailbox, sequence, usinguid, name, &copyuid,
			   1UL << 30, (short)-3, 0.25f);

	after += r + sep + (tag != NULL);
	return r;
}

__attribute__((noinline))
static void cmdloop(struct session *s, double timeout, const void *unused)
{
	char sequence[300];
	size_t i;

	(void)unused;
	for (i = 0; i + 1 < sizeof sequence; i++)
		sequence[i] = "1:*,23,"[i % 7];
	sequence[i] = 0;
	after += cmd_copy(NULL, sequence, s->user, timeout > 1.0, '\303');
}

__attribute__((noinline))
int service_main(int argc, char **argv, char **envp, unsigned char pri)
{
	struct session s = { "user.jw\303\244de \"quoted\"\\\001\n\t\033", { 0 }, -1LL, &outer };

	(void)envp;
	s.bytes = argc + pri;
	cmdloop(&s, 1.5, argv);
	after++;
	return (int)s.bytes;
}

int main(int argc, char **argv, char **envp)
{
	static const char *const names[] = { "flock", "setlkw", "ofd", "nanosleep",
		"signal", "altstack", "threads", "nullcall" };
	unsigned i;

	if (argc < 3)
		return 2;
	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(argv[1], names[i]) == 0)
			wait_kind = (enum wait_kind)i;
	lock_dir = argv[2];
	i = service_main(argc, argv, envp, 200);
	after++;
	return i != 0;
}
