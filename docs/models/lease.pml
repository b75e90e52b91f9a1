/*
 * The lease and the wait (INVALIDATION 2 and 4), on a clock with ticks.
 *
 * One replica beats, one purger appends and then waits without ever hearing of the replica. The replica's clock may be slow, the purger's
 * may be fast, and every message may take any time. When the purger has waited, the replica must hold no lease from before the append, and
 * must not be able to take one.
 *
 * Mistakes:  FROM_REPLY   the lease counts from the heartbeat's reply
 *            NO_DRIFT     the wait is as long as the lease
 *            FROM_CALL    the wait counts from the call, not from the append's reply
 */
#define LEASE 4
#define SLOW  1                 /* ticks by which the replica's clock falls behind over the run */
#define FAST  1                 /* ticks by which the purger's runs ahead */
#define END   (4 * LEASE)
#ifdef NO_DRIFT
#define WAIT LEASE
#else
#define WAIT (LEASE + SLOW + FAST)
#endif

byte now, behind, ahead;
#define REPLICAS_CLOCK (now - behind)
#define PURGERS_CLOCK  (now + ahead)

bool appended, waited;
mtype = { idle, sent, answered };
mtype beat = idle;
byte begun;                     /* when the heartbeat under way began, on the replica's clock */
bool before;                    /* it was executed before the append */
byte until;                     /* the lease's end, on the replica's clock */
bool old;                       /* the lease is from before the append */

active proctype Time() {
end: do
     :: atomic { now < END -> now++ }
     :: atomic { now < END && behind < SLOW -> now++; behind++ }
     :: atomic { ahead < FAST -> ahead++ }
     od
}

active proctype Replica() {
end: do
     :: atomic { beat == idle -> beat = sent; begun = REPLICAS_CLOCK }
     :: atomic { beat == sent -> beat = answered; before = !appended }
     :: atomic { beat == answered ->
#ifdef FROM_REPLY
          begun = REPLICAS_CLOCK;
#endif
          if
          :: begun + LEASE > until -> until = begun + LEASE; old = before
          :: else
          fi;
          beat = idle; begun = 0; before = false }
     :: atomic { beat != idle -> beat = idle; begun = 0; before = false }    /* lost */
     od
}

active proctype Purger() {
  byte from;
  from = PURGERS_CLOCK;
  appended = true;
#ifndef FROM_CALL
  from = PURGERS_CLOCK;         /* the reply has come */
#endif
end: atomic { PURGERS_CLOCK >= from + WAIT -> waited = true }
}

active proctype Promise() {
end: do
     :: atomic { waited && old && REPLICAS_CLOCK < until -> assert(false) }
     od
}
