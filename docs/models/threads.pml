/*
 * Inside one replica (INVALIDATION 3): the thread that applies records, and requests that are answered meanwhile.
 *
 * The entry in memory remembers the generation under which it was last found valid. The applier works a purge into the index, then
 * publishes the snapshot (here its generation, which is also the position), then acknowledges.
 *
 * Mistakes:  SNAPSHOT_FIRST    the snapshot is published before the index has the purge
 *            REMEMBERS_LATER   a check remembers the generation that is current after it, not the one that it was made under
 *            STAMPED_LATE      the stamp is taken after the origin was asked
 */
#define PURGES 2

byte origin, promised;
byte appended;                  /* records in the log */
byte snapshot;                  /* applied and published */
byte index;                     /* the last purge of the key */
bool stored; byte stamp, remembered, version, object;

proctype Purger() {
  byte mine, at;
  atomic { origin++; mine = origin };
  atomic { appended++; at = appended };
  atomic { snapshot >= at -> promised = (promised < mine -> mine : promised) }
}

active proctype Applier() {
end: do
     :: snapshot < appended ->
#ifdef SNAPSHOT_FIRST
        snapshot++;
        index = snapshot
#else
        index = snapshot + 1;
        snapshot++
#endif
     od
}

proctype Request() {
  byte least, s, v, mark, which, g;
end: do
     :: least = promised;
        s = snapshot;
        if
        :: atomic { stored -> v = version; mark = remembered; g = stamp; which = object };
           if
           :: mark == s -> assert(v >= least)
           :: mark != s && index <= g ->
#ifdef REMEMBERS_LATER
              s = snapshot;
#endif
              atomic { if :: which == object -> remembered = s :: else fi };
              assert(v >= least)
           :: else -> goto fill
           fi
        :: else ->
fill:
#ifdef STAMPED_LATE
           v = origin;
           g = snapshot;
#else
           g = snapshot;
           v = origin;
#endif
           atomic { stored = true; version = v; stamp = g; remembered = g; object = (object + 1) % 4 }
        fi;
        atomic { least = 0; s = 0; v = 0; mark = 0; which = 0; g = 0 }
     od
}

init {
  byte i;
  atomic {
    run Request(); run Request();
    for (i : 1 .. PURGES) { run Purger() }
  }
}
