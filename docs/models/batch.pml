/*
 * Without a lease (INVALIDATION 3): requests share a fill only if it starts after they arrived; the next one starts when the running one's
 * head is there, so at most two run.
 *
 * Mistake:   JOINS_THE_RUNNING_ONE
 */
byte origin, promised;
mtype = { none, waits, running };
mtype place[3] = none;          /* of each request: with the next fill, or with the one that runs */
byte answer[3];                 /* version + 1 */
bool active_fill, asked; byte version;

#define MOVE(i) if :: place[i] == waits -> place[i] = running :: else fi
#define GIVE(i) if :: place[i] == running -> place[i] = none; answer[i] = version + 1 :: else fi

active proctype Fills() {
end: do
     :: atomic { !active_fill && (place[0] == waits || place[1] == waits || place[2] == waits) ->
          active_fill = true; MOVE(0); MOVE(1); MOVE(2) }
     :: atomic { active_fill && !asked -> asked = true; version = origin }
     :: atomic { active_fill && asked -> active_fill = false; asked = false; GIVE(0); GIVE(1); GIVE(2); version = 0 }
     od
}

proctype Request(byte id) {
  byte least;
end: do
     :: atomic { place[id] == none && answer[id] == 0 -> least = promised;
#ifdef JOINS_THE_RUNNING_ONE
          place[id] = (active_fill -> running : waits)
#else
          place[id] = waits
#endif
        };
        atomic { answer[id] != 0 -> assert(answer[id] - 1 >= least); answer[id] = 0; least = 0 }
     od
}

proctype Change() {
  byte mine;
  atomic { origin++; mine = origin };
  atomic { promised = (promised < mine -> mine : promised) }
}

init { atomic { run Request(0); run Request(1); run Request(2); run Change(); run Change() } }
