/*
 * Makes a process's disk and clock fail on command: preloaded with LD_PRELOAD, driven through the small file that MAILCTL_FAULTS names,
 * which the driver writes while the process runs. Linux and glibc. Only files of the account are touched: their names decide.
 *
 * The file holds eight 64-bit integers:
 *   0  nanoseconds added to the calendar clock (the monotonic clock is left alone)
 *   1  what fails: 0 nothing, 1 a write finds the disk full, 2 a sync fails, 3 the process dies in the middle of a write,
 *      4 it dies before a sync, 5 it dies after a sync, 6 a write finds the disk read-only
 *   2  how many matching calls still go well      3  how many fail after them, -1 for all
 *   4  which files: 1 account.db-wal, 2 account.db, 4 the spool
 *   5  how many calls were made to fail (written here)
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { NOTHING, FULL, SYNC_FAILS, DIE_IN_WRITE, DIE_BEFORE_SYNC, DIE_AFTER_SYNC, READ_ONLY };
enum { CLOCK, KIND, PASS, FAIL, FILES, FAILED };

static int64_t quiet[8];
static volatile int64_t *control = quiet;

__attribute__((constructor)) static void attach(void) {
  const char *file = getenv("MAILCTL_FAULTS");
  int descriptor = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
  if (descriptor < 0) return;
  void *mapped = mmap(NULL, sizeof quiet, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (mapped != MAP_FAILED) control = mapped;
  close(descriptor);
}

#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name); real; })

static int ends(const char *text, const char *end) {
  size_t a = strlen(text), b = strlen(end);
  return a >= b && strcmp(text + a - b, end) == 0;
}

static int64_t kind_of(int descriptor) {
  char link[40], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (ends(path, "/account.db-wal")) return 1;
  if (ends(path, "/account.db")) return 2;
  return strstr(path, "/spool/") ? 4 : 0;
}

/* Whether this call is one that fails now. */
static int strikes(int descriptor) {
  if (!(kind_of(descriptor) & control[FILES])) return 0;
  if (__atomic_fetch_sub(&control[PASS], 1, __ATOMIC_SEQ_CST) > 0) return 0;
  if (control[FAIL] == 0) return 0;
  if (control[FAIL] > 0) __atomic_fetch_sub(&control[FAIL], 1, __ATOMIC_SEQ_CST);
  __atomic_fetch_add(&control[FAILED], 1, __ATOMIC_SEQ_CST);
  return 1;
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* 1: the caller returns `*result`. A full disk and a dying process both leave half of the octets behind. */
static int write_fails(int descriptor, const void *octets, size_t length, off_t offset, ssize_t *result) {
  int64_t kind = control[KIND];
  if ((kind != FULL && kind != DIE_IN_WRITE && kind != READ_ONLY) || !strikes(descriptor)) return 0;
  if (length > 1 && kind != READ_ONLY) {
    if (offset < 0) (void)!REAL(write)(descriptor, octets, length / 2);
    else (void)!REAL(pwrite64)(descriptor, octets, length / 2, offset);
  }
  if (kind == DIE_IN_WRITE) die();
  errno = kind == READ_ONLY ? EROFS : ENOSPC;
  *result = -1;
  return 1;
}

ssize_t write(int descriptor, const void *octets, size_t length) {
  ssize_t failed;
  if (control[KIND] != NOTHING && write_fails(descriptor, octets, length, -1, &failed)) return failed;
  return REAL(write)(descriptor, octets, length);
}

ssize_t pwrite64(int descriptor, const void *octets, size_t length, off64_t offset) {
  ssize_t failed;
  if (control[KIND] != NOTHING && write_fails(descriptor, octets, length, offset, &failed)) return failed;
  return REAL(pwrite64)(descriptor, octets, length, offset);
}

ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off64_t offset) {
  ssize_t failed;
  if (control[KIND] != NOTHING && count > 0 && write_fails(descriptor, parts[0].iov_base, parts[0].iov_len, offset, &failed)) return failed;
  return REAL(pwritev64)(descriptor, parts, count, offset);
}

static int sync_with(int descriptor, int (*real)(int)) {
  int64_t kind = control[KIND];
  int now = (kind == SYNC_FAILS || kind == DIE_BEFORE_SYNC || kind == DIE_AFTER_SYNC) && strikes(descriptor);
  if (now && kind == DIE_BEFORE_SYNC) die();
  if (now && kind == SYNC_FAILS) {
    errno = EIO;
    return -1;
  }
  int result = real(descriptor);
  if (now) die();
  return result;
}

int fsync(int descriptor) { return sync_with(descriptor, REAL(fsync)); }
int fdatasync(int descriptor) { return sync_with(descriptor, REAL(fdatasync)); }

int clock_gettime(clockid_t id, struct timespec *at) {
  int result = REAL(clock_gettime)(id, at);
  if (result == 0 && control[CLOCK] != 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
    int64_t moment = (int64_t)at->tv_sec * 1000000000 + at->tv_nsec + control[CLOCK];
    at->tv_sec = moment / 1000000000;
    at->tv_nsec = moment % 1000000000;
  }
  return result;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  int result = REAL(gettimeofday)(at, zone);
  if (result == 0 && control[CLOCK] != 0) {
    int64_t moment = (int64_t)at->tv_sec * 1000000 + at->tv_usec + control[CLOCK] / 1000;
    at->tv_sec = moment / 1000000;
    at->tv_usec = moment % 1000000;
  }
  return result;
}
