/* The load: sends a file's bytes REPEAT times, then another file's once, on each of CONNECTIONS connections in turn, as fast as the
 * receiver takes them, in a process of its own that costs next to nothing.
 * Usage: sender PORT CONNECTIONS BLOCK_FILE REPEAT LAST_FILE WINDOW UNIT ACK_FILE CHECK SECONDS
 * PORT `given`: the connections are open already, as descriptors 3 and up.
 * The message of LAST_FILE asks for an ack, and its id is the connection's number. With WINDOW above 0 (and one connection) each UNIT bytes of
 * the block are a message that asks too, ids count up, and no more than WINDOW acks may be missing at a time. CHECK 1: acks must have the bytes
 * of ACK_FILE with the id that is due, in order; 0: as many bytes.
 * Prints `first NS`, `sent NS` and, when all acks are there, `acks NS COUNT` (CLOCK_MONOTONIC), and stays connected until its stdin closes.
 * Ends by SIGALRM after SECONDS. */
#include "load.h"
#include <sys/epoll.h>

#define TURN (1 << 18)
#define TURN_OF_MANY (1 << 12)
#define MOST_CONNECTIONS 4096
#define MOST_ACK 256
#define FIRST_GIVEN 3

struct connection {
  int fd, watched;
  long long repeats;             /* of the block, that are still to be begun */
  unsigned char *last;           /* NULL once it is being sent */
  const unsigned char *at;       /* what is being sent, and as many bytes of it are left */
  size_t left;
  size_t in_block;               /* of the block, in this round of it */
  unsigned long long asked, acked;
  size_t ack_at;                 /* bytes of the next ack that are here */
};

static unsigned char *block, *ack;
static size_t block_length, last_length, ack_length, window, unit;
static int check, many, poller;

/* Takes the next bytes to send up; 0 where there are none, or where acks must come first. */
static int next(struct connection *c) {
  if (c->left > 0) return 1;
  if (window > 0 && c->asked - c->acked >= window) return 0;
  if (c->in_block == block_length) c->in_block = 0;
  if (c->in_block == 0 && c->repeats > 0) c->repeats--;
  else if (c->in_block == 0) {
    if (c->last == NULL) return 0;
    c->at = c->last;
    c->left = last_length;
    c->last = NULL;
    if (window > 0) put_id((unsigned char *)c->at + last_length, c->asked);
    c->asked++;
    return 1;
  }
  c->at = block + c->in_block;
  c->left = window > 0 ? unit : block_length;
  c->in_block += c->left;
  if (window > 0) put_id((unsigned char *)c->at + unit, c->asked++);
  return 1;
}

/* One turn of a connection; 1 where it has sent its last byte with it. */
static int send_some(struct connection *c) {
  size_t turn = many ? TURN_OF_MANY : TURN;
  while (turn > 0 && next(c)) {
    ssize_t n = send(c->fd, c->at, c->left < turn ? c->left : turn, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return 0;
    if (n <= 0) die("send");
    c->at += n;
    c->left -= (size_t)n;
    turn -= (size_t)n;
    if (c->left == 0 && c->last == NULL) return 1;
  }
  return 0;
}

/* Returns how many acks have become whole. */
static int receive(struct connection *c, unsigned long long number) {
  unsigned char bytes[4096];
  ssize_t n = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (n < 0 && errno == EAGAIN) return 0;
  if (n <= 0) {
    if (c->left > 0 || c->last != NULL) refuse("sender: the connection was closed before all was sent");
    printf("closed %lld\n", now());
    epoll_ctl(poller, EPOLL_CTL_DEL, c->fd, 0);
    return 0;
  }
  int whole = 0;
  for (ssize_t i = 0; i < n; i++) {
    if (c->ack_at == 0) put_id(ack + ack_length, window > 0 ? c->acked : number);
    if (check && (c->acked == c->asked || bytes[i] != ack[c->ack_at])) refuse("sender: an ack is not the one that is due");
    if (++c->ack_at < ack_length) continue;
    c->ack_at = 0;
    c->acked++;
    whole++;
  }
  return whole;
}

static void watch(struct connection *c, int operation) {
  int waits = c->left > 0 || (c->last != NULL && (window == 0 || c->asked - c->acked < window));
  int wanted = EPOLLIN | (waits ? EPOLLOUT : 0);
  if (operation == EPOLL_CTL_MOD && wanted == c->watched) return;
  struct epoll_event event = {.events = (unsigned)wanted, .data.ptr = c};
  if (epoll_ctl(poller, operation, c->fd, &event) < 0 && errno != ENOENT) die("epoll_ctl");
  c->watched = wanted;
}

int main(int argc, char **argv) {
  if (argc != 11) refuse("usage: sender PORT CONNECTIONS BLOCK_FILE REPEAT LAST_FILE WINDOW UNIT ACK_FILE CHECK SECONDS");
  alarm((unsigned)atoi(argv[10]));
  setvbuf(stdout, 0, _IOLBF, 0);
  size_t count = strtoull(argv[2], 0, 10);
  long long repeat = atoll(argv[4]);
  block = map(argv[3], &block_length);
  unsigned char *last = map(argv[5], &last_length);
  window = strtoull(argv[6], 0, 10);
  unit = strtoull(argv[7], 0, 10);
  ack = map(argv[8], &ack_length);
  check = atoi(argv[9]);
  many = count > 1;
  if (count < 1 || count > MOST_CONNECTIONS) refuse("sender: CONNECTIONS must be 1 to 4096");
  if (last_length < ID_DIGITS || ack_length < ID_DIGITS) refuse("sender: no room for an id");
  if (window > 0 && (count > 1 || unit < ID_DIGITS || block_length % unit > 0)) refuse("sender: WINDOW is for one connection, and UNITs that fill the block");

  static struct connection connections[MOST_CONNECTIONS];
  poller = epoll_create1(0);
  struct epoll_event stdin_event = {.events = EPOLLIN, .data.ptr = 0};
  epoll_ctl(poller, EPOLL_CTL_ADD, 0, &stdin_event);
  for (size_t i = 0; i < count; i++) {
    struct connection *c = &connections[i];
    int fd = strcmp(argv[1], "given") == 0 ? FIRST_GIVEN + (int)i : connect_to(argv[1]);
    *c = (struct connection){.fd = fd, .repeats = repeat, .last = malloc(last_length)};
    if (c->last == NULL) die("malloc");
    memcpy(c->last, last, last_length);
    put_id(c->last + last_length, i);
    watch(c, EPOLL_CTL_ADD);
  }

  unsigned long long to_send = count, got = 0;
  unsigned long long wanted = count + (window > 0 ? (unsigned long long)repeat * (block_length / unit) : 0);
  printf("first %lld\n", now());
  for (;;) {
    struct epoll_event events[256];
    int n = epoll_wait(poller, events, 256, -1);
    if (n < 0) die("epoll_wait");
    for (int i = 0; i < n; i++) {
      struct connection *c = events[i].data.ptr;
      if (c == NULL) return 0;
      if (events[i].events & ~(unsigned)EPOLLOUT) {
        int whole = receive(c, (unsigned long long)(c - connections));
        got += (unsigned)whole;
        if (whole > 0 && got == wanted) printf("acks %lld %llu\n", now(), got);
      }
      if (events[i].events & EPOLLOUT && send_some(c) && --to_send == 0) printf("sent %lld\n", now());
      watch(c, EPOLL_CTL_MOD);
    }
  }
}
