/* Pauses, seen from outside: while others send at full speed, one connection sends an event that asks for an ack each INTERVAL_NS, once the
 * one before is acked, and the file that the load ends up in is looked at each millisecond.
 * Usage: probe PORT EVENT_FILE ACK_LENGTH INTERVAL_NS OUT_FILE SECONDS
 * Prints `ready` when the first ack is there. When its stdin closes it prints `pauses COUNT P50 P99 MOST STILL LATE`: acks, ns from an event's write to its ack (median, 99 of 100, longest), the
 * longest time that the file did not grow between its first and its last byte, and how far behind its own clock the probe was at most:
 * as long may the machine have taken away from everybody. Ends by SIGALRM after SECONDS. */
#define _GNU_SOURCE
#include "load.h"
#include <sys/prctl.h>

#define MOST 100000

static long long times[MOST];

static int compare(const void *a, const void *b) {
  long long x = *(const long long *)a, y = *(const long long *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc != 7) refuse("usage: probe PORT EVENT_FILE ACK_LENGTH INTERVAL_NS OUT_FILE SECONDS");
  alarm((unsigned)atoi(argv[6]));
  setvbuf(stdout, 0, _IOLBF, 0);
  prctl(PR_SET_TIMERSLACK, 1UL);
  size_t length, ack_length = strtoull(argv[3], 0, 10), ack_at = 0, count = 0;
  unsigned char *event = map(argv[2], &length);
  long long interval = atoll(argv[4]), late = 0, still = 0, asked = 0, grown = 0;
  int file = open(argv[5], O_RDONLY), fd = connect_to(argv[1]);
  if (file < 0) die(argv[5]);
  off_t size = 0;
  struct pollfd waits[2] = {{.fd = fd, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
  for (long long due = now(), look = due;;) {
    long long time = now();
    if (asked == 0 && time >= due && count < MOST) {
      put_id(event + length, count);
      asked = time;
      send_all(fd, event, length);
      due = time + interval;
    }
    if (time - look > late) late = time - look;
    struct stat st;
    if (fstat(file, &st) < 0) die(argv[5]);
    if (st.st_size != size) {
      if (size > 0 && time - grown > still) still = time - grown;
      size = st.st_size;
      grown = time;
    }
    look = time + 1000000;
    struct timespec left = {.tv_nsec = 1000000};
    if (ppoll(waits, 2, &left, 0) <= 0) continue;
    if (waits[1].revents) break;
    char bytes[4096];
    ssize_t n = read(fd, bytes, sizeof bytes);
    if (n <= 0) refuse("probe: the connection was closed");
    look = now() + 1000000;
    for (ack_at += (size_t)n; ack_at >= ack_length; ack_at -= ack_length, asked = 0) {
      times[count++] = now() - asked;
      if (count == 1) printf("ready\n");
    }
  }
  qsort(times, count, sizeof *times, compare);
  printf("pauses %zu %lld %lld %lld %lld %lld\n", count, times[count / 2], times[count * 99 / 100], count > 0 ? times[count - 1] : 0, still, late);
}
