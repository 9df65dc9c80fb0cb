/* What the C programs of the bench share: the clock, files as memory, connections over loopback. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static inline void die(const char *what) {
  perror(what);
  exit(1);
}

static inline void refuse(const char *why) {
  fprintf(stderr, "%s\n", why);
  exit(2);
}

/* CLOCK_MONOTONIC in nanoseconds, as Node's process.hrtime. */
static inline long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* A file's bytes; what is written to them is not written to the file. */
static inline unsigned char *map(const char *path, size_t *length) {
  int fd = open(path, O_RDONLY);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) < 0) die(path);
  *length = (size_t)st.st_size;
  if (*length == 0) refuse("an empty file");
  unsigned char *bytes = mmap(0, *length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  if (bytes == MAP_FAILED) die(path);
  close(fd);
  return bytes;
}

static inline struct sockaddr_in loopback(const char *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static inline int connect_to(const char *port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in address = loopback(port);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

static inline void send_all(int fd, const unsigned char *bytes, size_t length) {
  while (length > 0) {
    ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
    if (n <= 0) die("send");
    bytes += n;
    length -= (size_t)n;
  }
}

/* Chunk ids end with 16 hex digits: the number of the message that asks for an ack. */
#define ID_DIGITS 16

static inline void put_id(unsigned char *end, unsigned long long number) {
  for (int i = 1; i <= ID_DIGITS; i++, number >>= 4) end[-i] = (unsigned char)"0123456789abcdef"[number & 15];
}
