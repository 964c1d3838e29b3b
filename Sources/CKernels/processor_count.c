#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "pf_pool.h"
#include <unistd.h>

#if defined(__linux__)
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

/* Processors that a cgroup's cpu.max allows, rounded up; 0 if it sets no limit or cannot be read. */
static long quota_of(const char *group) {
  char path[PATH_MAX], quota[32];
  long period = 0, microseconds = 0, allowed = 0;
  if (snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group) >= (int)sizeof path) return 0;
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  if (fscanf(file, "%31s %ld", quota, &period) == 2 && period > 0 && sscanf(quota, "%ld", &microseconds) == 1 &&
      microseconds > 0)
    allowed = (microseconds + period - 1) / period;
  fclose(file);
  return allowed;
}

/* The tightest quota from this process's cgroup (version 2) up to the root; 0 if none. */
static long quota(void) {
  char line[PATH_MAX], *group = NULL;
  FILE *file = fopen("/proc/self/cgroup", "r");
  if (!file) return 0;
  while (!group && fgets(line, sizeof line, file))
    if (!strncmp(line, "0::/", 4)) group = line + 3;
  fclose(file);
  if (!group) return 0;
  group[strcspn(group, "\n")] = 0;
  long tightest = 0;
  for (;;) {
    long allowed = quota_of(group);
    if (allowed > 0 && (tightest == 0 || allowed < tightest)) tightest = allowed;
    char *slash = strrchr(group, '/');
    if (!slash) return tightest;
    *slash = 0;
  }
}
#endif

long pf_processor_count(void) {
  long count = sysconf(_SC_NPROCESSORS_ONLN);
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) count = CPU_COUNT(&set);
  long allowed = quota();
  if (allowed > 0 && allowed < count) count = allowed;
#endif
  return count > 0 ? count : 1;
}
