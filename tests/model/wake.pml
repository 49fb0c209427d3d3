/*
 * Sleep and wake, on processors that keep stores back (TSO), with producers that may die anywhere
 *
 * Each producer publishes twice and looks at the bell after each publish, without a fence. The consumer sleeps when it
 * finds nothing. Checked: whenever all stand still, every record of a living producer has been seen, and no end of a slice
 * was needed for that: in the model a slice ends only to learn of a death. -DNO_BARRIER, -DWAKE_FIRST and -DRING_ONCE are wrong
 * variants that the check must find.
 */
#define PRODUCERS 2
#define RECORDS 2
#define AWAKE 0
#define ASLEEP 1
#define RUNG 2
#define LIVING_SEEN ((dead[0] || seen[0] == head[0]) && (dead[1] || seen[1] == head[1]))

#ifdef RING_ONCE
#define MUST_RING(value) (value == ASLEEP)
#else
#define MUST_RING(value) (value != AWAKE)
#endif

byte head[PRODUCERS];   /* in memory */
byte buffer[PRODUCERS]; /* what the processor has not stored yet; 0: nothing */
byte seen[PRODUCERS];
bool dead[PRODUCERS];
byte bell = AWAKE;
byte sleeps = 0;        /* the count in the bell */
bool sleeping = false;  /* in the kernel */
bool asked = false;     /* a slice has ended, and a death is known */

inline flush(p)
{
    d_step { if :: buffer[p] != 0 -> head[p] = buffer[p]; buffer[p] = 0 :: else fi }
}

inline die(p)
{
    atomic { flush(p); dead[p] = true }
}

proctype processor(byte p)
{
end:
    do
    :: atomic { buffer[p] != 0 -> flush(p) }
    od
}

proctype producer(byte p)
{
    byte sent = 0, value, count, rung = 255;

    do
    :: sent < RECORDS ->
        sent++;
        atomic { buffer[p] == 0 -> buffer[p] = sent } /* publish; a full buffer waits */
        if :: true :: die(p); goto end fi;
        d_step { value = bell; count = sleeps }
        if
        :: MUST_RING(value) && rung != count ->
            if :: true :: die(p); goto end fi;
#ifdef WAKE_FIRST
            atomic { sleeping = false }
            if :: true :: die(p); goto end fi;
            atomic { flush(p); bell = AWAKE }
#else
            atomic {
                flush(p); /* a locked instruction */
                if :: bell == value && sleeps == count && value == ASLEEP -> bell = RUNG :: else fi
            }
            if :: true :: die(p); goto end fi;
            atomic { sleeping = false }
#endif
            rung = count
        :: else
        fi
    :: else -> break
    od;
end:
    skip
}

inline look()
{
    d_step {
        found = false;
        p = 0;
        do
        :: p < PRODUCERS -> if :: head[p] != seen[p] -> seen[p] = head[p]; found = true :: else fi; p++
        :: else -> break
        od;
        p = 0
    }
}

active proctype consumer()
{
    bool found;
    byte p, mine;

end:
    do
    :: look();
       if
       :: found -> skip
       :: else ->
           d_step { sleeps++; mine = sleeps; bell = ASLEEP }
#ifndef NO_BARRIER
           d_step { flush(0); flush(1) } /* membarrier */
#endif
           look();
           if
           :: found -> bell = AWAKE
           :: else ->
               /* the kernel compares and puts to sleep in one step */
               atomic { if :: bell == ASLEEP && sleeps == mine -> sleeping = true :: else fi }
endsleep:
               if
               :: !sleeping -> bell = AWAKE
               :: sleeping && !asked && (dead[0] || dead[1]) && LIVING_SEEN -> asked = true; sleeping = false; bell = AWAKE
               fi
           fi
       fi
    od
}



init
{
    atomic { run processor(0); run processor(1); run producer(0); run producer(1) }
endmonitor:
    timeout -> assert((dead[0] || seen[0] == RECORDS) && (dead[1] || seen[1] == RECORDS))
}
