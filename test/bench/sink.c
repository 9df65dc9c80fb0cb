/* The floor: what a program costs that takes the same bytes from a socket and writes as many bytes as the collector would.
 * It understands nothing of what it reads. Usage: sink PORT IN_BYTES OUT_BYTES LINE ACK_HEX [OUT_FILE]
 * It listens on 127.0.0.1, takes one connection, reads IN_BYTES, writes OUT_BYTES in lines of LINE bytes to OUT_FILE as it reads (or
 * nothing), sends the bytes of ACK_HEX, and waits to be ended. The bench measures it from outside, as it measures the collector. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WINDOW (1 << 20)

static char in[WINDOW], out[2 * WINDOW];

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t n = write(fd, bytes, length);
    if (n <= 0) die("write");
    bytes += n;
    length -= (size_t)n;
  }
}

int main(int argc, char **argv) {
  if (argc < 6) return fprintf(stderr, "usage: sink PORT IN_BYTES OUT_BYTES LINE ACK_HEX [OUT_FILE]\n"), 2;
  unsigned long long in_bytes = strtoull(argv[2], 0, 10), out_bytes = strtoull(argv[3], 0, 10);
  size_t line = strtoull(argv[4], 0, 10);
  if (line < 1 || line > WINDOW) return fprintf(stderr, "sink: LINE must be 1 to %d\n", WINDOW), 2;
  int file = -1;
  if (argc > 6 && (file = open(argv[6], O_WRONLY | O_CREAT | O_TRUNC, 0600)) < 0) die(argv[6]);
  memset(out, 'x', sizeof out);
  for (size_t at = line - 1; at < sizeof out; at += line) out[at] = '\n';

  int server = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(server, (struct sockaddr *)&address, sizeof address) < 0 || listen(server, 16) < 0) die("listen");

  unsigned long long got = 0, put = 0;
  while (got == 0) { /* a connection that sends nothing only asked whether the port is open */
    int client = accept(server, 0, 0);
    if (client < 0) die("accept");
    while (got < in_bytes) {
      ssize_t n = read(client, in, sizeof in);
      if (n < 0) die("read");
      if (n == 0) break;
      got += (unsigned long long)n;
      unsigned long long due = got >= in_bytes ? out_bytes : (unsigned long long)((double)out_bytes / (double)in_bytes * (double)got);
      while (file >= 0 && put < due) {
        size_t from = (size_t)(put % line), part = due - put < WINDOW ? (size_t)(due - put) : WINDOW;
        write_all(file, out + from, part);
        put += part;
      }
    }
    if (got >= in_bytes) {
      char ack[4096];
      size_t length = strlen(argv[5]) / 2;
      if (length > sizeof ack) return fprintf(stderr, "sink: ACK_HEX is too long\n"), 2;
      for (size_t i = 0; i < length; i++) {
        unsigned byte;
        if (sscanf(argv[5] + 2 * i, "%2x", &byte) != 1) return fprintf(stderr, "sink: ACK_HEX is no hex\n"), 2;
        ack[i] = (char)byte;
      }
      write_all(client, ack, length);
      pause();
    }
    close(client);
  }
  fprintf(stderr, "sink: the sender stopped at %llu of %llu bytes\n", got, in_bytes);
  return 1;
}
