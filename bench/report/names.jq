# What the transports are called, and of what kind they are.

def kinds: {
  "ours": 14034728,   # red
  "kernel": 8031139,  # grey
  "library": 11038528, # brown
  "ring": 2254511,    # blue
  "limit": 1118481
};

def transports: {
  "shmq": ["shmq", "ours"], "shmq_batch": ["shmq, batches", "ours"],
  "shmq_many": ["shmq, arrays", "ours"], "shmq_in_place": ["shmq, in place", "ours"],
  "shmq_spin": ["shmq, polling", "ours"], "shmq_order": ["shmq, total order", "ours"], "shmq_wait": ["shmq, spinning first", "ours"],
  "pipe": ["pipe", "kernel"], "pipe_1m": ["pipe of 1 MiB", "kernel"], "pipe_spin": ["pipe, polling", "kernel"],
  "pipe_batch": ["pipe", "kernel"], "pipe_batch_1m": ["pipe of 1 MiB", "kernel"],
  "pipe_vmsplice_batch": ["vmsplice", "kernel"],
  "unix_stream": ["Unix stream", "kernel"], "unix_stream_batch": ["Unix stream", "kernel"],
  "unix_seqpacket": ["Unix seqpacket", "kernel"], "posix_mq": ["POSIX mq", "kernel"],
  "libqb": ["libqb", "library"], "libqb_in_place": ["libqb, in place", "library"],
  "iceoryx_in_place": ["iceoryx, in place", "library"], "libqb_spin": ["libqb, polling", "library"],
  "libqb_semaphore": ["libqb + semaphore", "library"], "libqb_semaphore_spin": ["libqb + sem., polling", "library"],
  "boost_message_queue": ["Boost message_queue", "library"],
  "boost_message_queue_spin": ["Boost mq, polling", "library"],
  "zeromq": ["ZeroMQ", "library"], "nng": ["nng", "library"],
  "iceoryx": ["iceoryx", "library"], "iceoryx_spin": ["iceoryx, polling", "library"],
  "boost_spsc": ["Boost spsc_queue", "ring"], "boost_spsc_batch": ["Boost spsc_queue", "ring"],
  "boost_spsc_spin": ["Boost spsc_queue", "ring"],
  "moodycamel": ["moodycamel", "ring"], "moodycamel_spin": ["moodycamel", "ring"],
  "ck_ring": ["ck_ring", "ring"], "ck_ring_spin": ["ck_ring", "ring"],
  "ck_ring_mpsc": ["ck_ring MPSC", "ring"], "ck_ring_mpsc_spin": ["ck_ring MPSC", "ring"],
  "rte_ring": ["rte_ring", "ring"], "rte_ring_batch": ["rte_ring", "ring"], "rte_ring_spin": ["rte_ring", "ring"],
  "rte_ring_mpsc": ["rte_ring MPSC", "ring"], "rte_ring_mpsc_batch": ["rte_ring MPSC", "ring"],
  "rte_ring_mpsc_spin": ["rte_ring MPSC", "ring"],
  "lines": ["two cache lines each way", "limit"], "futex": ["two futexes", "limit"]
};

def called: (transports[.] // [.])[0];
def kind: (transports[.] // [., "library"])[1];
def colour: kinds[kind];

def is_in_place: endswith("_in_place");
def is_batch: endswith("_batch") or . == "pipe_batch_1m" or . == "shmq_many";
def sizes: [8, 64, 256, 1024, 4096, 65536];

# Labels of lines, one below the other without touching: .y is where one wants to be (of a logarithmic axis), .at
# where it is put. $gap apart, within $low .. $high.
def spread($gap; $low; $high):
  sort_by(-.y)
  | reduce .[] as $one ([]; . + [$one + {at: ([$one.y, (if length > 0 then .[-1].at - $gap else $high end)] | min)}])
  | reverse
  | reduce .[] as $one ([]; . + [$one + {at: ([$one.at, (if length > 0 then .[-1].at + $gap else $low end)] | max)}])
  | reverse;

