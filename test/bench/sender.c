/* The load: sends a file's bytes REPEAT times, then another file's once, as fast as the receiver takes them, in a process of its own
 * that costs next to nothing. Usage: sender PORT BLOCK_FILE REPEAT LAST_FILE ACK_BYTES SECONDS
 * Prints `first NS`, `sent NS` and, when ACK_BYTES bytes have come back, `ack NS HEX` (CLOCK_MONOTONIC), and stays connected until
 * its stdin closes. Ends by SIGALRM after SECONDS. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WRITE_SIZE (1 << 18)

static void die(const char *what) {
  perror(what);
  exit(1);
}

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static const char *map(const char *path, size_t *length) {
  int fd = open(path, O_RDONLY);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) < 0) die(path);
  *length = (size_t)st.st_size;
  if (*length == 0) return "";
  const char *bytes = mmap(0, *length, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (bytes == MAP_FAILED) die(path);
  close(fd);
  return bytes;
}

static void send_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t n = send(fd, bytes, length < WRITE_SIZE ? length : WRITE_SIZE, MSG_NOSIGNAL);
    if (n <= 0) die("send");
    bytes += n;
    length -= (size_t)n;
  }
}

int main(int argc, char **argv) {
  if (argc != 7) return fprintf(stderr, "usage: sender PORT BLOCK_FILE REPEAT LAST_FILE ACK_BYTES SECONDS\n"), 2;
  alarm((unsigned)atoi(argv[6]));
  setvbuf(stdout, 0, _IOLBF, 0);
  size_t block_length, last_length, ack_length = strtoull(argv[5], 0, 10), got = 0;
  const char *block = map(argv[2], &block_length), *last = map(argv[4], &last_length);
  unsigned char ack[4096];
  if (ack_length > sizeof ack) return fprintf(stderr, "sender: ACK_BYTES must be at most %zu\n", sizeof ack), 2;

  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) die("connect");

  printf("first %lld\n", now());
  for (long long left = atoll(argv[3]); left > 0; left--) send_all(fd, block, block_length);
  send_all(fd, last, last_length);
  printf("sent %lld\n", now());

  struct pollfd fds[2] = {{.fd = 0, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
  for (;;) {
    if (poll(fds, 2, -1) < 0) die("poll");
    if (fds[0].revents) return 0;
    if (!fds[1].revents) continue;
    ssize_t n = read(fd, ack + got, sizeof ack - got);
    if (n <= 0) {
      printf("closed %lld\n", now());
      fds[1].fd = -1;
      continue;
    }
    got += (size_t)n;
    if (got < ack_length || ack_length == 0) continue;
    printf("ack %lld ", now());
    for (size_t i = 0; i < got; i++) printf("%02x", ack[i]);
    printf("\n");
    ack_length = 0;
    fds[1].fd = -1;
  }
}
