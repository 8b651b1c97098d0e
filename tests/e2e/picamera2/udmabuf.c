/*
 * Buffers for libcamera's virtual camera on a kernel without /dev/udmabuf and /dev/dma_heap: plain shared memory, which
 * is mapped and read as a dma-buf is.
 *
 * Build: gcc -shared -fPIC -O1 -Wall -Wextra -o libudmabuf.so udmabuf.c -ldl, and preload it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int is_allocator(const char *path) {
    return strcmp(path, "/dev/udmabuf") == 0 || strncmp(path, "/dev/dma_heap/", 14) == 0;
}

static int opened(const char *real_name, const char *path, int flags, mode_t mode) {
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, real_name);
    return is_allocator(path) ? memfd_create("allocator", MFD_CLOEXEC) : real(path, flags, mode);
}

static mode_t mode_of(int flags, va_list arguments) {
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return opened("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return opened("open64", path, flags, mode);
}

static int from_heap(struct dma_heap_allocation_data *wanted) {
    int memory = memfd_create("heap", MFD_CLOEXEC);
    if (memory < 0 || ftruncate(memory, (off_t)wanted->len) < 0) {
        return -1;
    }
    wanted->fd = (__u32)memory;
    return 0;
}

int ioctl(int descriptor, unsigned long request, ...) {
    int (*real)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (request == UDMABUF_CREATE) {
        return fcntl((int)((struct udmabuf_create *)argument)->memfd, F_DUPFD_CLOEXEC, 0);
    }
    if (request == DMA_HEAP_IOCTL_ALLOC) {
        return from_heap(argument);
    }
    int result = real(descriptor, request, argument);
    return result < 0 && errno == ENOTTY && _IOC_TYPE(request) == 'b' ? 0 : result;  /* a sync of shared memory */
}
