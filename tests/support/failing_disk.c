/*
 * A disk that fails when it is told to, for a program that is started with this library in LD_PRELOAD.
 *
 * Calls that change files below a directory are counted, from 1: writes, syncs, renames, truncations
 * and opens for writing. One of them fails, or each from there on with some probability. The library
 * stands between the program and libc, so all that the program itself does about a failure (another
 * attempt, a message, cleaning up) happens as on a broken disk.
 *
 *   FAIL_BELOW   the directory, absolute and free of links
 *   FAIL_AT      number of the first call that may fail; 0 or nothing: none does
 *   FAIL_WITH    EIO, ENOSPC, EROFS, EINTR: the call fails so and does nothing
 *                TORN: a write writes its first half and fails with EIO; other calls fail with EIO
 *                SHORT: a write writes its first half and says so; other calls succeed
 *                KILL: a write writes its first half; then, or instead of another call, the program is
 *                killed with -9
 *   FAIL_ONWARD  percentage of later calls that fail as well; nothing: none
 *   FAIL_SEED    seed of these
 *   FAIL_ONLY    kinds of calls that are counted: a text that holds w (write), s (sync), r (rename),
 *                t (truncate), o (open); nothing: all
 *   FAIL_LOG     a file outside the directory: a line `ok|fail NUMBER KIND PATH` for each call
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static long counted;

static const char *setting(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

static int is_below(const char *path) {
  const char *dir = setting("FAIL_BELOW");
  size_t length = strlen(dir);
  return length > 0 && strncmp(path, dir, length) == 0 && (path[length] == '/' || !path[length]);
}

/* The path of an open file; empty where it has none. */
static void path_of(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  path[length < 0 ? 0 : length] = 0;
}

static void absolute(int dir, const char *name, char *path, size_t size) {
  char base[4096];
  if (name[0] == '/') {
    snprintf(path, size, "%s", name);
    return;
  }
  if (dir == AT_FDCWD) {
    if (!getcwd(base, sizeof base)) base[0] = 0;
  } else {
    path_of(dir, base, sizeof base);
  }
  snprintf(path, size, "%s/%s", base, name);
}

static void tell(const char *what, long number, const char *kind, const char *path) {
  const char *log = setting("FAIL_LOG");
  if (!*log) return;
  char line[4300];
  int length = snprintf(line, sizeof line, "%s %ld %s %s\n", what, number, kind, path);
  int fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return;
  syscall(SYS_write, fd, line, (size_t)length);
  syscall(SYS_close, fd);
}

/* A number from 0 to 99 that the seed and the call's number decide (splitmix64). */
static unsigned percent(uint64_t seed, uint64_t number) {
  uint64_t z = seed + number * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (unsigned)((z ^ (z >> 31)) % 100);
}

enum fault { NONE, FAILS, TORN, SHORT, KILL };

/* What becomes of a call; sets errno where it fails. */
static enum fault fault(const char *kind, const char *path) {
  if (!is_below(path)) return NONE;
  const char *only = setting("FAIL_ONLY");
  if (*only && !strchr(only, kind[0])) return NONE;
  long number = __sync_add_and_fetch(&counted, 1);
  long first = atol(setting("FAIL_AT"));
  const char *onward = setting("FAIL_ONWARD");
  int fails = first > 0 && number == first;
  if (first > 0 && number > first && *onward) {
    fails = percent(strtoull(setting("FAIL_SEED"), 0, 10), number) < (unsigned)atoi(onward);
  }
  tell(fails ? "fail" : "ok", number, kind, path);
  if (!fails) return NONE;
  const char *with = setting("FAIL_WITH");
  int writes = kind[0] == 'w';
  if (!strcmp(with, "SHORT")) return writes ? SHORT : NONE;
  if (!strcmp(with, "KILL")) {
    if (writes) return KILL;
    raise(SIGKILL);
  }
  errno = !strcmp(with, "ENOSPC")  ? ENOSPC
          : !strcmp(with, "EROFS") ? EROFS
          : !strcmp(with, "EINTR") ? EINTR
                                   : EIO;
  return !strcmp(with, "TORN") && writes ? TORN : FAILS;
}

static enum fault fault_of_fd(const char *kind, int fd) {
  char path[4096];
  int before = errno;
  path_of(fd, path, sizeof path);
  errno = before;
  return fault(kind, path);
}

/* The function that would have been called without this library. */
#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* Writes as much as the fault leaves of it. */
#define WRITE(fd, size, some, half) \
  do { \
    enum fault fault = fault_of_fd("write", fd); \
    if (fault == FAILS) return -1; \
    if (fault == NONE || ((size) < 2 && fault != KILL)) return some; \
    ssize_t written = half; \
    if (fault == KILL) raise(SIGKILL); \
    if (fault == SHORT || written < 0) return written; \
    errno = EIO; \
    return -1; \
  } while (0)

ssize_t write(int fd, const void *from, size_t size) {
  REAL(write);
  WRITE(fd, size, real(fd, from, size), real(fd, from, size / 2));
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at) {
  REAL(pwrite);
  WRITE(fd, size, real(fd, from, size, at), real(fd, from, size / 2, at));
}

ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at) {
  REAL(pwrite64);
  WRITE(fd, size, real(fd, from, size, at), real(fd, from, size / 2, at));
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  REAL(writev);
  WRITE(fd, count, real(fd, parts, count), real(fd, parts, 1));
}

int fsync(int fd) {
  REAL(fsync);
  return fault_of_fd("sync", fd) == NONE ? real(fd) : -1;
}

int fdatasync(int fd) {
  REAL(fdatasync);
  return fault_of_fd("sync", fd) == NONE ? real(fd) : -1;
}

int ftruncate(int fd, off_t size) {
  REAL(ftruncate);
  return fault_of_fd("truncate", fd) == NONE ? real(fd, size) : -1;
}

int ftruncate64(int fd, off64_t size) {
  REAL(ftruncate64);
  return fault_of_fd("truncate", fd) == NONE ? real(fd, size) : -1;
}

int rename(const char *from, const char *to) {
  REAL(rename);
  char path[8192];
  absolute(AT_FDCWD, to, path, sizeof path);
  return fault("rename", path) == NONE ? real(from, to) : -1;
}

int renameat(int one, const char *from, int other, const char *to) {
  REAL(renameat);
  char path[8192];
  absolute(other, to, path, sizeof path);
  return fault("rename", path) == NONE ? real(one, from, other, to) : -1;
}

static int opens(int dir, const char *name, int flags) {
  char path[8192];
  if ((flags & O_ACCMODE) == O_RDONLY) return 1;
  absolute(dir, name, path, sizeof path);
  return fault("open", path) == NONE;
}

/* The permissions, which are there only where a file may be made. */
#define MODE(flags) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | __O_TMPFILE)) { \
    va_list rest; \
    va_start(rest, flags); \
    mode = va_arg(rest, mode_t); \
    va_end(rest); \
  }

int open(const char *name, int flags, ...) {
  REAL(open);
  MODE(flags);
  return opens(AT_FDCWD, name, flags) ? real(name, flags, mode) : -1;
}

int open64(const char *name, int flags, ...) {
  REAL(open64);
  MODE(flags);
  return opens(AT_FDCWD, name, flags) ? real(name, flags, mode) : -1;
}

int openat(int dir, const char *name, int flags, ...) {
  REAL(openat);
  MODE(flags);
  return opens(dir, name, flags) ? real(dir, name, flags, mode) : -1;
}

int openat64(int dir, const char *name, int flags, ...) {
  REAL(openat64);
  MODE(flags);
  return opens(dir, name, flags) ? real(dir, name, flags, mode) : -1;
}
