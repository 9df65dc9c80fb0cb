/* Latency: sends messages one at a time at a steady pace, on CONNECTIONS connections in turn, and watches the file that they end up in.
 * Usage: pacer PORT CONNECTIONS BLOCK_FILE SIZES_FILE REPEAT INTERVAL_NS OUT_FILE SECONDS
 * SIZES_FILE has two 32-bit numbers for each message of the block: its bytes, and the bytes of its lines in OUT_FILE. A message has arrived
 * when the file is as long as all lines up to its last one: the file is watched by inotify and asked for its size, so that nothing needs to
 * be put into the events and compressed ones can be timed too. Latency is from before the write to the socket to that moment.
 * Prints `latency COUNT P50 P99 MOST LATE` in ns; LATE is how far behind its own schedule it was at most (the machine's share).
 * Ends by SIGALRM after SECONDS. */
#define _GNU_SOURCE
#include "load.h"
#include <stdint.h>
#include <sys/inotify.h>
#include <sys/prctl.h>

#define MOST_CONNECTIONS 4096

static int compare(const void *a, const void *b) {
  long long x = *(const long long *)a, y = *(const long long *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc != 9) refuse("usage: pacer PORT CONNECTIONS BLOCK_FILE SIZES_FILE REPEAT INTERVAL_NS OUT_FILE SECONDS");
  alarm((unsigned)atoi(argv[8]));
  prctl(PR_SET_TIMERSLACK, 1UL);
  size_t connections = strtoull(argv[2], 0, 10), block_length, sizes_length, repeat = strtoull(argv[5], 0, 10);
  const unsigned char *block = map(argv[3], &block_length);
  const uint32_t *sizes = (const uint32_t *)map(argv[4], &sizes_length);
  long long interval = atoll(argv[6]), late = 0;
  size_t of_block = sizes_length / (2 * sizeof *sizes), messages = of_block * repeat;
  long long *times = calloc(messages, sizeof *times);
  static int fds[MOST_CONNECTIONS];
  if (times == NULL || connections < 1 || connections > MOST_CONNECTIONS) refuse("pacer: too much, or nothing");
  int file = open(argv[7], O_RDONLY), changes = inotify_init1(IN_NONBLOCK);
  if (file < 0 || changes < 0 || inotify_add_watch(changes, argv[7], IN_MODIFY) < 0) die(argv[7]);
  for (size_t i = 0; i < connections; i++) fds[i] = connect_to(argv[1]);

  size_t sent = 0, arrived = 0, at = 0;
  off_t wanted = (off_t)sizes[1];
  struct pollfd waits = {.fd = changes, .events = POLLIN};
  for (long long due = now() + 1000000; arrived < messages;) {
    long long time = now();
    if (sent < messages && time >= due) {
      if (time - due > late) late = time - due;
      size_t length = sizes[2 * (sent % of_block)];
      times[sent] = time;
      send_all(fds[sent % connections], block + at, length);
      at = at + length == block_length ? 0 : at + length;
      sent++;
      due += interval;
    }
    time = now();
    struct timespec left = {.tv_sec = 1};
    if (sent < messages) left = (struct timespec){.tv_nsec = due > time ? (due - time) % 1000000000 : 0, .tv_sec = due > time ? (due - time) / 1000000000 : 0};
    if (ppoll(&waits, 1, &left, 0) > 0) {
      char events[4096];
      while (read(changes, events, sizeof events) > 0) continue;
    }
    struct stat st;
    if (fstat(file, &st) < 0) die(argv[7]);
    for (time = now(); arrived < sent && st.st_size >= wanted;) {
      times[arrived] = time - times[arrived];
      arrived++;
      wanted += (off_t)sizes[2 * (arrived % of_block) + 1];
    }
  }
  qsort(times, messages, sizeof *times, compare);
  printf("latency %zu %lld %lld %lld %lld\n", messages, times[messages / 2], times[messages * 99 / 100], times[messages - 1], late);
}
