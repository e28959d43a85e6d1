/* A C library of a machine in trouble, for LD_PRELOAD: its clock is wrong, its names are unknown.

   SKEW_FILE    8 bytes: by how many seconds the wall clock is wrong; read at every call.
   NAMES_FILE   lines "name address"; an address of "-" is a name server that does not answer.

   The monotonic clocks stay as they are, as they do where a wall clock is set.
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile long *skew;

__attribute__((constructor)) static void attach(void) {
    const char *path = getenv("SKEW_FILE");
    int file = path ? open(path, O_RDONLY) : -1;
    if (file < 0) return;
    void *found = mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    if (found != MAP_FAILED) skew = found;
    close(file);
}

static long skew_seconds(void) { return skew ? *skew : 0; }

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int answer = real(clock, now);
    if (!answer && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += skew_seconds();
    return answer;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    static int (*real)(struct timeval *restrict, void *restrict);
    if (!real) real = dlsym(RTLD_NEXT, "gettimeofday");
    int answer = real(now, zone);
    if (!answer) now->tv_sec += skew_seconds();
    return answer;
}

time_t time(time_t *now) {
    struct timeval moment;
    gettimeofday(&moment, NULL);
    if (now) *now = moment.tv_sec;
    return moment.tv_sec;
}

/* The address of a name of ours: 1 = found, 0 = not ours, -1 = nobody answers. */
static int look_up(const char *name, char *address) {
    const char *path = getenv("NAMES_FILE");
    FILE *names = path && name ? fopen(path, "r") : NULL;
    char line[512], known[256];
    int found = 0;
    if (!names) return 0;
    while (!found && fgets(line, sizeof line, names))
        if (sscanf(line, "%255s %255s", known, address) == 2 && !strcmp(known, name))
            found = strcmp(address, "-") ? 1 : -1;
    fclose(names);
    return found;
}

int getaddrinfo(const char *restrict node, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict result) {
    static int (*real)(const char *restrict, const char *restrict,
                       const struct addrinfo *restrict, struct addrinfo **restrict);
    char address[256];
    if (!real) real = dlsym(RTLD_NEXT, "getaddrinfo");
    int found = look_up(node, address);
    if (found < 0) return EAI_AGAIN;
    return real(found ? address : node, service, hints, result);
}
