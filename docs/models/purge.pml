/*
 * The protocol (INVALIDATION 1 to 4): two replicas (ONE_REPLICA: one), one key, two purges (ONE_PURGE: one), with LOSS one loss of the log
 * (a new epoch), with FOLLOWERS a request that joins a fill. BEATS and FILLS bound how many heartbeats each replica sends, and how many
 * fills there are; without them there is no bound.
 *
 * Time is abstract: a lease may end at any moment, and "waited out" means that the replica holds no lease, and cannot get one, that was
 * granted before the append (lease.pml shows that the wait achieves just that). Messages may be late or lost: each step is optional.
 * Positions are one number, epoch * 8 + sequence.
 *
 * Mistakes:  STAMPED_LATE          the stamp is taken after the origin was asked
 *            JOINS_UNCHECKED       a running fill is joined whatever was purged since
 *            EPOCH_IGNORED         positions are compared by their sequence alone
 *            NO_CATCHING_UP        a lease is taken before the records up to the reply are applied
 *            NO_QUARANTINE         after a change of epoch the registry is trusted at once
 *            REGISTRY_FIRST        the registry is read in a step before the append
 *            ACKS_OF_ANY_EPOCH     acknowledgements count whatever their epoch
 */
#ifdef BEATS
byte beats[2], fills;
#define MAY_BEAT(r) (beats[r] < BEATS)
#define BEATEN(r)   beats[r]++
#define MAY_FILL    (fills < FILLS)
#define FILLED      fills++
#else
#define MAY_BEAT(r) true
#define BEATEN(r)   skip
#define MAY_FILL    true
#define FILLED      skip
#endif

#define EPOCH(p)    ((p) / 8)
#define SEQUENCE(p) ((p) % 8)

byte origin, promised;
byte appends;                   /* ever executed: what "before the append" is measured by */

/* Redis */
byte log;                       /* the position of the last record */
bool registered[2]; byte acknowledged[2];
bool shared; byte shared_stamp, shared_version;

/* Replicas */
byte applied[2], index[2];      /* index: the last purge of the key, or the base */
bool lease[2];   byte granted[2];
bool reply[2];   byte reply_at[2], reply_granted[2];   /* a heartbeat's reply that is under way */
bool stored;  byte stamp, version;
bool filling, filled; byte fill_stamp, fill_version;

#ifdef EPOCH_IGNORED
#define VALID(p, r) (SEQUENCE(p) >= SEQUENCE(index[r]))
#else
#define VALID(p, r) (EPOCH(p) == EPOCH(applied[r]) && (p) >= index[r])
#endif
#define FREE(r, at) ((!lease[r] || granted[r] >= (at)) && (!reply[r] || reply_granted[r] >= (at)))
#ifdef ACKS_OF_ANY_EPOCH
#define HAS(r, p) (SEQUENCE(acknowledged[r]) >= SEQUENCE(p))
#else
#define HAS(r, p) (EPOCH(acknowledged[r]) == EPOCH(p) && acknowledged[r] >= (p))
#endif

inline apply(r, to) { index[r] = to; applied[r] = to }

inline acknowledge(r) {
#ifdef ACKS_OF_ANY_EPOCH
  if :: registered[r] && SEQUENCE(applied[r]) > SEQUENCE(acknowledged[r]) -> acknowledged[r] = applied[r] :: else fi
#else
  if :: registered[r] && EPOCH(applied[r]) == EPOCH(log) && applied[r] > acknowledged[r] -> acknowledged[r] = applied[r] :: else fi
#endif
}

proctype Replica(byte r) {
end: do
     :: atomic { MAY_BEAT(r) && !reply[r] && (!registered[r] || !lease[r] || granted[r] != appends || EPOCH(applied[r]) != EPOCH(log)) -> BEATEN(r); registered[r] = true; reply[r] = true; reply_at[r] = log; reply_granted[r] = appends; acknowledge(r) }
     :: atomic { reply[r] ->
          if
          :: EPOCH(reply_at[r]) > EPOCH(applied[r]) -> applied[r] = EPOCH(reply_at[r]) * 8; index[r] = applied[r]
          :: else
          fi;
#ifndef NO_CATCHING_UP
          if :: reply_at[r] > applied[r] -> apply(r, reply_at[r]) :: else fi;
#endif
          lease[r] = true; granted[r] = reply_granted[r];
          reply[r] = false; reply_at[r] = 0; reply_granted[r] = 0 }
     :: atomic { reply[r] -> reply[r] = false; reply_at[r] = 0; reply_granted[r] = 0 }
     :: atomic { lease[r] -> lease[r] = false; granted[r] = 0 }
     :: atomic { EPOCH(log) == EPOCH(applied[r]) && applied[r] < log -> apply(r, applied[r] + 1) }      /* push */
     :: atomic { applied[r] > acknowledged[r] || EPOCH(applied[r]) != EPOCH(acknowledged[r]) -> acknowledge(r) }
     od
}

/* The log is lost: flushed, evicted, restarted. What was stored may survive. */
#ifdef LOSS
active proctype Loss() {
end: atomic { EPOCH(log) == 0 -> log = 8; registered[0] = false; registered[1] = false;
#ifndef ACKS_OF_ANY_EPOCH
       acknowledged[0] = 0; acknowledged[1] = 0
#endif
     }
}
#endif

proctype Purger() {
  byte mine, at, granted_at; bool in0, in1, settled;
  atomic { origin++; mine = origin };
#ifdef REGISTRY_FIRST
  atomic { in0 = registered[0]; in1 = registered[1] };
#endif
  atomic {
    log++; at = log; appends++; granted_at = appends;
#ifndef REGISTRY_FIRST
    in0 = registered[0]; in1 = registered[1];
#endif
#ifdef NO_QUARANTINE
    settled = true
#else
    /* The epoch is older than any lease of the one before it. */
    settled = ((EPOCH(log) == 0) ||
#ifdef ONE_REPLICA
      (registered[0] && lease[0] && EPOCH(applied[0]) == EPOCH(log)))
#else
      (registered[0] && registered[1] && lease[0] && lease[1] && EPOCH(applied[0]) == EPOCH(log) && EPOCH(applied[1]) == EPOCH(log)))
#endif
#endif
  };
end:
  if
  :: settled -> 
     (!in0 || HAS(0, at) || FREE(0, granted_at));
     (!in1 || HAS(1, at) || FREE(1, granted_at))
  :: !settled ->
     (FREE(0, granted_at));
     (FREE(1, granted_at))
  fi;
  atomic { promised = (promised < mine -> mine : promised); mine = 0; at = 0; granted_at = 0; in0 = false; in1 = false; settled = false }
}

/* Replica 0 fills and has a memory; replica 1 has what it finds in the shared tier. Either may be the one that the purge is late at. */
proctype Reader0() {
  byte least;
end: do
     :: atomic { lease[0] && stored && VALID(stamp, 0) -> least = promised; assert(version >= least); least = 0 }
     /* A fill of somebody's, slow as it likes to be; stored with or without a lease. */
     :: atomic { MAY_FILL && !filling -> FILLED; filling = true;
#ifndef STAMPED_LATE
          fill_stamp = applied[0]
#endif
        }
     :: atomic { filling && !filled -> fill_version = origin; filled = true }
     :: atomic { filling && filled ->
#ifdef STAMPED_LATE
          fill_stamp = applied[0];
#endif
          stored = true; stamp = fill_stamp; version = fill_version;
          filling = false; filled = false; fill_stamp = 0; fill_version = 0 }
#ifndef ONE_REPLICA
     :: atomic { stored && (!shared || shared_stamp != stamp || shared_version != version) -> shared = true; shared_stamp = stamp; shared_version = version }
#endif
     od
}

proctype Reader1() {
end: do
     :: atomic { lease[1] && shared && VALID(shared_stamp, 1) && shared_version < promised -> assert(false) }
     od
}

/* Joins a fill that is under way. */
proctype Follower() {
  byte least;
  atomic { filling && lease[0] &&
#ifdef JOINS_UNCHECKED
       true
#else
       VALID(fill_stamp, 0)
#endif
       -> least = promised };
end: atomic { filling && filled -> assert(fill_version >= least) }
}

init {
  atomic {
    run Replica(0); run Reader0();
#ifndef ONE_REPLICA
    run Replica(1); run Reader1();
#endif
#ifdef FOLLOWERS
    run Follower();
#endif
    run Purger();
#ifndef ONE_PURGE
    run Purger()
#endif
  }
}
