#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct peer peer_start(peer_work *work, const char *text)
{
    return peer_start_with(work, text, text != NULL ? strlen(text) + 1 : 0);
}

void peer_pause(struct peer *self)
{
    char word;

    if (!peer_tell(self, "p", 1) || !peer_hear(self, &word, 1))
        _Exit(3);
}

bool peer_await(struct peer *peer)
{
    char word;

    return peer_hear(peer, &word, 1);
}

bool peer_let_go(struct peer *peer)
{
    return peer_tell(peer, "g", 1);
}
