/* Preloaded into a process (LD_PRELOAD), makes the disk fail it: libuv's writes, opens and syncs pass through here.
   Only files below SHIM_DIR are touched. What happens is read from the file SHIM_RULES at each call, so that a test can change it while the
   process runs; lines of it:
     write ERRNO N    each Nth write fails with ENOSPC (28), EIO (5) ...; 1 is every one
     short N          each Nth write of more than one byte takes only a part of it
     sync ERRNO N     each Nth fdatasync or fsync of a file fails
     read FROM TO     reads of a file that touch these bytes fail with EIO
     open ERRNO N     each Nth open that would make a file fails
   SHIM_LOG gets a line for each of these, written at once and appended (O_APPEND):
     c INODE (made) | w INODE FROM TO (written) | b INODE (a sync begins) | s INODE NS (it is done, at
     that time of CLOCK_MONOTONIC) | d (a folder was synced)
   So whoever kills the process knows what was written and never synced, and can take it away (see unsynced.ts). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct rule {
  int error;
  long every, calls;
};
static struct rule on_write, on_short, on_sync, on_open;
static long read_from, read_to;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;

static const char *below(void) {
  return getenv("SHIM_DIR");
}

static void *real(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) abort();
  return found;
}

static ssize_t real_write(int fd, const void *bytes, size_t size) {
  static ssize_t (*call)(int, const void *, size_t);
  if (!call) call = real("write");
  return call(fd, bytes, size);
}

static void set(struct rule *rule, int error, long every) {
  rule->error = error;
  rule->every = every;
}

/* With the lock held. */
static void read_rules(void) {
  static int (*open_file)(const char *, int, ...);
  if (!open_file) open_file = real("open");
  const char *path = getenv("SHIM_RULES");
  char text[1024] = "";
  int fd = path ? open_file(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd >= 0) {
    ssize_t size = read(fd, text, sizeof text - 1);
    text[size > 0 ? size : 0] = 0;
    close(fd);
  }
  set(&on_write, 0, 0), set(&on_short, 0, 0), set(&on_sync, 0, 0), set(&on_open, 0, 0);
  read_from = read_to = 0;
  char *rest;
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(0, "\n", &rest)) {
    int error;
    long every;
    if (sscanf(line, "write %d %ld", &error, &every) == 2) set(&on_write, error, every);
    if (sscanf(line, "sync %d %ld", &error, &every) == 2) set(&on_sync, error, every);
    if (sscanf(line, "open %d %ld", &error, &every) == 2) set(&on_open, error, every);
    (void)!sscanf(line, "read %ld %ld", &read_from, &read_to);
    if (sscanf(line, "short %ld", &every) == 1) set(&on_short, 1, every);
  }
}

static int due(struct rule *rule) {
  return rule->every > 0 && ++rule->calls % rule->every == 0 ? rule->error : 0;
}

/* 1 for a file below the folder, 2 for the folder itself or one below it. */
static int ours(int fd, struct stat *stat) {
  char link[64], path[4096];
  const char *folder = below();
  if (!folder || fstat(fd, stat) < 0 || !(S_ISREG(stat->st_mode) || S_ISDIR(stat->st_mode))) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (strncmp(path, folder, strlen(folder)) != 0) return 0;
  return S_ISDIR(stat->st_mode) ? 2 : 1;
}

static void note(const char *format, ...) {
  const char *path = getenv("SHIM_LOG");
  if (!path) return;
  char line[128];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(line, sizeof line, format, values);
  va_end(values);
  if (log_fd < 0) {
    static int (*open_file)(const char *, int, ...);
    if (!open_file) open_file = real("open");
    log_fd = open_file(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  }
  if (log_fd >= 0 && real_write(log_fd, line, (size_t)length) != length) abort();
}

/* How many of the bytes may be written; -1, with errno set, for none. */
static ssize_t allowed(size_t size) {
  pthread_mutex_lock(&lock);
  read_rules();
  int error = due(&on_write), tear = size > 1 ? due(&on_short) : 0;
  pthread_mutex_unlock(&lock);
  if (error) return errno = error, -1;
  return (ssize_t)(tear ? size / 2 : size);
}

static ssize_t wrote(const struct stat *stat, off_t from, ssize_t size) {
  if (size > 0) note("w %lu %ld %ld\n", (unsigned long)stat->st_ino, (long)from, (long)(from + size));
  return size;
}

ssize_t write(int fd, const void *bytes, size_t size) {
  struct stat stat;
  if (fd < 3 || ours(fd, &stat) != 1) return real_write(fd, bytes, size);
  ssize_t some = allowed(size);
  if (some < 0) return -1;
  ssize_t done = real_write(fd, bytes, (size_t)some);
  return wrote(&stat, lseek(fd, 0, SEEK_CUR) - (done > 0 ? done : 0), done);
}

static ssize_t real_pwrite(int fd, const void *bytes, size_t size, off_t at) {
  static ssize_t (*call)(int, const void *, size_t, off_t);
  if (!call) call = real("pwrite64");
  return call(fd, bytes, size, at);
}

static ssize_t write_at(int fd, const void *bytes, size_t size, off_t at) {
  struct stat stat;
  if (ours(fd, &stat) != 1) return real_pwrite(fd, bytes, size, at);
  ssize_t some = allowed(size);
  return some < 0 ? -1 : wrote(&stat, at, real_pwrite(fd, bytes, (size_t)some, at));
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
  return write_at(fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at) {
  return write_at(fd, bytes, size, at);
}

static ssize_t write_all_at(int fd, const struct iovec *pieces, int count, off_t at) {
  static ssize_t (*call)(int, const struct iovec *, int, off_t);
  if (!call) call = real("pwritev64");
  struct stat stat;
  if (ours(fd, &stat) != 1) return call(fd, pieces, count, at);
  size_t size = 0;
  for (int i = 0; i < count; i++) size += pieces[i].iov_len;
  ssize_t some = allowed(size);
  if (some < 0) return -1;
  if ((size_t)some < size) return wrote(&stat, at, real_pwrite(fd, pieces[0].iov_base, pieces[0].iov_len / 2 + 1, at));
  return wrote(&stat, at, call(fd, pieces, count, at));
}

ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t at) {
  return write_all_at(fd, pieces, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off_t at) {
  return write_all_at(fd, pieces, count, at);
}

static ssize_t read_at(int fd, void *bytes, size_t size, off_t at) {
  static ssize_t (*call)(int, void *, size_t, off_t);
  if (!call) call = real("pread64");
  struct stat stat;
  if (ours(fd, &stat) == 1) {
    pthread_mutex_lock(&lock);
    read_rules();
    int broken = at < read_to && at + (off_t)size > read_from;
    pthread_mutex_unlock(&lock);
    if (broken) return errno = EIO, -1;
  }
  return call(fd, bytes, size, at);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t at) {
  return read_at(fd, bytes, size, at);
}

ssize_t pread64(int fd, void *bytes, size_t size, off_t at) {
  return read_at(fd, bytes, size, at);
}

static int synced(int fd, const char *name) {
  int (*call)(int) = real(name);
  struct stat stat;
  int what = ours(fd, &stat);
  if (!what) return call(fd);
  pthread_mutex_lock(&lock);
  read_rules();
  int error = what == 1 ? due(&on_sync) : 0;
  pthread_mutex_unlock(&lock);
  if (error) return errno = error, -1;
  /* What is written while it runs may not be covered. Its end is noted before the answer: an ack that follows it comes after the line. */
  if (what == 1) note("b %lu\n", (unsigned long)stat.st_ino);
  int done = call(fd);
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (done == 0) note(what == 1 ? "s %lu %lld\n" : "d\n", (unsigned long)stat.st_ino, now.tv_sec * 1000000000LL + now.tv_nsec);
  return done;
}

int fdatasync(int fd) {
  return synced(fd, "fdatasync");
}

int fsync(int fd) {
  return synced(fd, "fsync");
}

static int opened(const char *name, const char *path, int flags, mode_t mode) {
  int (*call)(const char *, int, ...) = real(name);
  const char *folder = below();
  if (folder && (flags & O_CREAT) && strncmp(path, folder, strlen(folder)) == 0) {
    pthread_mutex_lock(&lock);
    read_rules();
    int error = due(&on_open);
    pthread_mutex_unlock(&lock);
    if (error) return errno = error, -1;
    int fd = call(path, flags, mode);
    struct stat stat;
    if (fd >= 0 && (flags & O_EXCL) && ours(fd, &stat) == 1) note("c %lu\n", (unsigned long)stat.st_ino);
    return fd;
  }
  return call(path, flags, mode);
}

int open(const char *path, int flags, ...) {
  va_list values;
  va_start(values, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(values, mode_t) : 0;
  va_end(values);
  return opened("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list values;
  va_start(values, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(values, mode_t) : 0;
  va_end(values);
  return opened("open64", path, flags, mode);
}
