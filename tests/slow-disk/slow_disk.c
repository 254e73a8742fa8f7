// A file system that shows the directory DIRECTORY at MOUNTPOINT, and waits before each request, as a server on a network
// makes its clients wait.  slow_disk DIRECTORY MICROSECONDS MOUNTPOINT [OPTION...]: stays until it is unmounted.
#define _GNU_SOURCE
#define FUSE_USE_VERSION 35
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static int top;
static struct timespec pause_before_each;

// The path below the directory.
static const char *below(const char *path) {
    nanosleep(&pause_before_each, NULL);
    return path[1] ? path + 1 : ".";
}

static int answer(long result) { return result < 0 ? -errno : (int)result; }

static int on_getattr(const char *path, struct stat *state, struct fuse_file_info *file) {
    (void)file;
    return answer(fstatat(top, below(path), state, AT_SYMLINK_NOFOLLOW));
}

static int on_readlink(const char *path, char *target, size_t size) {
    ssize_t length = readlinkat(top, below(path), target, size - 1);
    if (length >= 0) target[length] = 0;
    return length < 0 ? -errno : 0;
}

static int on_mkdir(const char *path, mode_t mode) { return answer(mkdirat(top, below(path), mode)); }

static int on_unlink(const char *path) { return answer(unlinkat(top, below(path), 0)); }

static int on_rmdir(const char *path) { return answer(unlinkat(top, below(path), AT_REMOVEDIR)); }

static int on_symlink(const char *target, const char *path) { return answer(symlinkat(target, top, below(path))); }

static int on_rename(const char *from, const char *to, unsigned flags) {
    return answer(renameat2(top, below(from), top, to + 1, flags));
}

static int on_link(const char *from, const char *to) { return answer(linkat(top, below(from), top, to + 1, 0)); }

static int on_chmod(const char *path, mode_t mode, struct fuse_file_info *file) {
    (void)file;
    return answer(fchmodat(top, below(path), mode, 0));
}

static int on_chown(const char *path, uid_t user, gid_t group, struct fuse_file_info *file) {
    (void)file;
    return answer(fchownat(top, below(path), user, group, AT_SYMLINK_NOFOLLOW));
}

static int on_truncate(const char *path, off_t size, struct fuse_file_info *file) {
    int opened = file ? (int)file->fh : openat(top, below(path), O_WRONLY);
    int result = opened < 0 ? -errno : answer(ftruncate(opened, size));
    if (!file && opened >= 0) close(opened);
    return result;
}

static int on_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *file) {
    (void)file;
    return answer(utimensat(top, below(path), times, AT_SYMLINK_NOFOLLOW));
}

static int opened(int descriptor, struct fuse_file_info *file) {
    file->fh = descriptor;
    return descriptor < 0 ? -errno : 0;
}

static int on_open(const char *path, struct fuse_file_info *file) {
    return opened(openat(top, below(path), file->flags), file);
}

static int on_create(const char *path, mode_t mode, struct fuse_file_info *file) {
    return opened(openat(top, below(path), file->flags | O_CREAT, mode), file);
}

static int on_read(const char *path, char *bytes, size_t size, off_t start, struct fuse_file_info *file) {
    below(path);
    return answer(pread(file->fh, bytes, size, start));
}

static int on_write(const char *path, const char *bytes, size_t size, off_t start, struct fuse_file_info *file) {
    below(path);
    return answer(pwrite(file->fh, bytes, size, start));
}

static int on_release(const char *path, struct fuse_file_info *file) {
    (void)path;
    return answer(close(file->fh));
}

static int on_readdir(const char *path, void *list, fuse_fill_dir_t fill, off_t start, struct fuse_file_info *file,
                      enum fuse_readdir_flags flags) {
    (void)start, (void)file, (void)flags;
    int descriptor = openat(top, below(path), O_RDONLY | O_DIRECTORY);
    DIR *directory = descriptor < 0 ? NULL : fdopendir(descriptor);
    if (!directory) return -errno;
    for (struct dirent *entry; (entry = readdir(directory));) {
        struct stat kind = {.st_ino = entry->d_ino, .st_mode = (mode_t)entry->d_type << 12};
        if (fill(list, entry->d_name, &kind, 0, 0)) break;
    }
    closedir(directory);
    return 0;
}

static int on_statfs(const char *path, struct statvfs *state) {
    below(path);
    return answer(fstatvfs(top, state));
}

// As on a network, what was looked at is known for a second.
static void *on_init(struct fuse_conn_info *connection, struct fuse_config *config) {
    (void)connection;
    config->attr_timeout = config->entry_timeout = 1;
    config->use_ino = 1;
    return NULL;
}

static const struct fuse_operations operations = {
    .init = on_init,
    .getattr = on_getattr, .readlink = on_readlink, .mkdir = on_mkdir,       .unlink = on_unlink,
    .rmdir = on_rmdir,     .symlink = on_symlink,   .rename = on_rename,     .link = on_link,
    .chmod = on_chmod,     .chown = on_chown,       .truncate = on_truncate, .utimens = on_utimens,
    .open = on_open,       .create = on_create,     .read = on_read,         .write = on_write,
    .release = on_release, .readdir = on_readdir,   .statfs = on_statfs,
};

int main(int count, char **words) {
    if (count < 4 || (top = open(words[1], O_RDONLY | O_DIRECTORY)) < 0) {
        fprintf(stderr, "usage: slow_disk DIRECTORY MICROSECONDS MOUNTPOINT [OPTION...]\n");
        return 2;
    }
    long microseconds = atol(words[2]);
    pause_before_each = (struct timespec){microseconds / 1000000, microseconds % 1000000 * 1000};
    umask(0);
    // Enough threads for all requests that wait at the same time.
    char *options = FUSE_VERSION >= 312 ? "-omax_threads=64,max_idle_threads=64" : "-omax_idle_threads=64";
    words[1] = words[0], words[2] = options;
    return fuse_main(count - 1, words + 1, &operations, NULL);
}
