/* The floor: what a program costs that takes the same bytes from sockets and writes as many bytes as the collector would.
 * It understands nothing of what it reads. Usage: sink PORT IN_BYTES OUT_BYTES LINE ACK_EVERY ACK_FILE [OUT_FILE]
 * It listens on 127.0.0.1, reads IN_BYTES from whoever connects, writes OUT_BYTES in lines of LINE bytes to OUT_FILE (- is its stdout) as it
 * reads (or nothing), answers with the bytes of ACK_FILE to each ACK_EVERY bytes of a connection, and waits to be ended. The bench measures
 * it from outside, as it measures the collector. */
#include "load.h"
#include <sys/epoll.h>

#define WINDOW (1 << 20)
#define MOST_DESCRIPTORS (1 << 16)

static unsigned char in[WINDOW], out[2 * WINDOW];
static unsigned long long of_connection[MOST_DESCRIPTORS];

static void write_all(int fd, const unsigned char *bytes, size_t length) {
  while (length > 0) {
    ssize_t n = write(fd, bytes, length);
    if (n <= 0) die("write");
    bytes += n;
    length -= (size_t)n;
  }
}

int main(int argc, char **argv) {
  if (argc < 7) refuse("usage: sink PORT IN_BYTES OUT_BYTES LINE ACK_EVERY ACK_FILE [OUT_FILE]");
  unsigned long long in_bytes = strtoull(argv[2], 0, 10), out_bytes = strtoull(argv[3], 0, 10), ack_every = strtoull(argv[5], 0, 10);
  size_t line = strtoull(argv[4], 0, 10), ack_length;
  if (line < 1 || line > WINDOW) refuse("sink: LINE must be 1 to 1048576");
  if (ack_every < 1) refuse("sink: ACK_EVERY must be at least 1");
  const unsigned char *ack = map(argv[6], &ack_length);
  int file = argc > 7 ? strcmp(argv[7], "-") == 0 ? 1 : open(argv[7], O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
  if (argc > 7 && file < 0) die(argv[7]);
  memset(out, 'x', sizeof out);
  for (size_t at = line - 1; at < sizeof out; at += line) out[at] = '\n';

  int server = socket(AF_INET, SOCK_STREAM, 0), on = 1, poller = epoll_create1(0);
  struct sockaddr_in address = loopback(argv[1]);
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(server, (struct sockaddr *)&address, sizeof address) < 0 || listen(server, 4096) < 0) die("listen");
  struct epoll_event event = {.events = EPOLLIN, .data.fd = server};
  epoll_ctl(poller, EPOLL_CTL_ADD, server, &event);

  unsigned long long got = 0, put = 0;
  for (;;) {
    struct epoll_event events[256];
    int count = epoll_wait(poller, events, 256, -1);
    if (count < 0) die("epoll_wait");
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd == server) {
        int client = accept(server, 0, 0);
        if (client < 0 || client >= MOST_DESCRIPTORS) die("accept");
        of_connection[client] = 0;
        event = (struct epoll_event){.events = EPOLLIN, .data.fd = client};
        epoll_ctl(poller, EPOLL_CTL_ADD, client, &event);
        continue;
      }
      ssize_t n = read(fd, in, sizeof in);
      if (n < 0) die("read");
      if (n == 0) { /* one that sent nothing only asked whether the port is open */
        if (of_connection[fd] > 0 && got < in_bytes) {
          fprintf(stderr, "sink: a sender stopped, %llu of %llu bytes are here\n", got, in_bytes);
          return 1;
        }
        close(fd);
        continue;
      }
      got += (unsigned long long)n;
      unsigned long long due = got >= in_bytes ? out_bytes : (unsigned long long)((double)out_bytes / (double)in_bytes * (double)got + 0.5);
      while (file >= 0 && put < due) {
        size_t from = (size_t)(put % line), part = due - put < WINDOW ? (size_t)(due - put) : WINDOW;
        write_all(file, out + from, part);
        put += part;
      }
      unsigned long long before = of_connection[fd] / ack_every;
      of_connection[fd] += (unsigned long long)n;
      for (unsigned long long acks = of_connection[fd] / ack_every - before; acks > 0; acks--) send_all(fd, ack, ack_length);
    }
  }
}
