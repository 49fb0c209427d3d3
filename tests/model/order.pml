/*
 * Total order: producers that may die anywhere, one that may be paused anywhere, a consumer that must deliver by number
 *
 * Each producer takes a number for each record, between ordering = 1 and the publish. The consumer sees the lanes one
 * after the other, as the code does, and not at once. Checked: numbers are delivered in rising order, none that was
 * published is left out, and nobody waits for a dead one. -DNO_ORDERING (the word is not looked at) and -DONE_LOOK (the
 * second look is left out) are wrong variants that the check must find.
 */
#define PRODUCERS 2
#define RECORDS 2
#define NONE 255

byte next = 0;           /* the shared counter */
byte published[PRODUCERS]; /* records */
byte numbers[4];         /* of record r of producer p at p * RECORDS + r */
bool ordering[PRODUCERS];
bool dead[PRODUCERS];    /* the kernel knows it: the lock is free */
byte taken[PRODUCERS];   /* records delivered */
byte finished = 0;
short last = -1;         /* number delivered last */

proctype producer(byte p)
{
    byte sent = 0, number;

    do
    :: sent < RECORDS ->
        ordering[p] = true;
        if :: true :: goto died fi;
        d_step { number = next; next++ }
        if :: true :: goto died fi;
        numbers[p * RECORDS + sent] = number;
        if :: true :: goto died fi;
        d_step { published[p]++; sent++ }
        if :: true :: goto died fi;
        ordering[p] = false
    :: else -> break
    od;
    goto out;
died:
    dead[p] = true;
out:
    finished++
}

inline see(p)
{
    if
    :: front[p] == NONE && published[p] > taken[p] -> front[p] = numbers[p * RECORDS + taken[p]]
    :: else
    fi
}

inline look()
{
    see(0);
    see(1);
    d_step {
        best = NONE;
        if :: front[0] < front[1] -> best = 0 :: front[1] < front[0] -> best = 1 :: else fi
    }
}

proctype consumer()
{
    byte front[PRODUCERS], best;
    bool wait;

    front[0] = NONE;
    front[1] = NONE;
end:
    do
    :: look();
       wait = false;
       if
       :: best != NONE && front[best] != last + 1 ->
#ifndef NO_ORDERING
           if :: front[0] == NONE && ordering[0] -> if :: !dead[0] -> wait = true :: else fi :: else fi;
           if :: front[1] == NONE && ordering[1] -> if :: !dead[1] -> wait = true :: else fi :: else fi;
#endif
#ifndef ONE_LOOK
           if :: !wait -> look() :: else fi
#endif
       :: else
       fi;
       if
       :: best != NONE && !wait ->
           assert(front[best] > last);
           d_step { last = front[best]; taken[best]++; front[best] = NONE }
       :: best == NONE && finished == PRODUCERS && taken[0] == published[0] && taken[1] == published[1] -> break
       :: else
       fi
    od
}

init
{
    atomic { run producer(0); run producer(1); run consumer() }
}
