#include "help.h"

const char help_summary[] = "queues of records in shared memory";

const char help_description[] =
    "A queue lives in shared memory under a name. Producers send records into it, each through a lane of its own, "
    "and "
    "one consumer receives them; a record is any bytes. It is there until it is removed or the machine restarts, "
    "whoever dies in between: what was sent is received, and what was not received stays.";

const struct topic help_topics[] = {
    {
        "Names",
        "A name is 1 to 64 of A-Z a-z 0-9 . _ - and is the user's own; Local\\NAME is the same. Global\\NAME is for "
        "all users of the machine, and a privileged user creates it. A name with a '/' in it is the path of a file.",
        NULL,
    },
    {
        "Sizes and times",
        "Sizes are bytes, or with K, M, G or T (also KiB, MiB ...) times 1024 each: 4096, 64K, 1M. Times are "
        "seconds, "
        "or with ns, us, ms, s, m, h or d: 2, 1.5s, 500ms, 1m.",
        NULL,
    },
    {
        "Exit codes",
        "",
        "0\tdone\n"
        "1\tan error, which standard error tells; also what is in use by others\n"
        "2\twrong usage\n"
        "3\tno such queue\n"
        "4\tfull or empty, and not to be waited for: no lane free, no room, no record; or records were dropped\n"
        "5\tdamaged, not a queue, or of a format that this version does not know\n"
        "6\tit stayed full because the consumer died\n"
        "124\tthe time given by --timeout has passed\n"
        "128+n\tended by signal n; what was done until then is complete\n",
    },
    {0},
};
