/* The writer's thread: one checkpoint from memory to the disk. Temporary folder → files → fsync of each → marker →
 * fsync of the folder → rename → fsync of the parent → the link `latest`. Killed at any instant, the folder holds
 * either nothing of it that has a checkpoint's name, or all of it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own.h"

struct tnt_h5_job {
  report r;
  tnt_h5_bundle *bundle;
  char *folder, *name, *temporary, *head;
  pthread_t thread;
  int has_thread, is_joined, has_folder;
  int is_done; /* atomic */
};

/* A growing text. */
typedef struct text {
  char *at;
  size_t n, room;
  int failed;
} text;

static void put(text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(text *t, const char *fmt, ...) {
  va_list args;
  for (int turn = 0; turn < 2 && !t->failed; turn++) {
    va_start(args, fmt);
    int n = vsnprintf(t->at ? t->at + t->n : NULL, t->room - t->n, fmt, args);
    va_end(args);
    if (n < 0)
      t->failed = 1;
    else if ((size_t)n < t->room - t->n) {
      t->n += (size_t)n;
      return;
    } else {
      size_t room = 2 * t->room + (size_t)n + 1;
      char *more = realloc(t->at, room);
      if (!more)
        t->failed = 1;
      else
        t->at = more, t->room = room;
    }
  }
}

static int write_text(report *r, const char *path, const char *data, size_t n) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return report_errno(r, errno, path, "making the file");
  if (!write_all(r, fd, path, data, (int64_t)n, 0) && fsync(fd) < 0)
    report_errno(r, errno, path, "writing to the disk (fsync)");
  if (close(fd) < 0 && !r->status) report_errno(r, errno, path, "closing");
  return r->status;
}

/* The lines of lua/tnt/checkpoint/index.lua: head, file, tensors, checksum. ORDER INDEX */
static int write_index(tnt_h5_job *job, const char *index, int64_t size, uint32_t crc) {
  text t = {0};
  put(&t, "%s", job->head);
  put(&t, "file state.h5 %lld %08x\n", (long long)size, crc);
  for (int64_t i = 0; i < job->bundle->n; i++) {
    const bundle_item *it = &job->bundle->items[i];
    if (it->offset >= 0)
      put(&t, "data %lld %lld %08x %s\n", (long long)it->offset, (long long)it->item.bytes, it->crc,
          it->item.path);
  }
  if (!t.failed) put(&t, "crc32c %08x\n", tnt_crc32c(t.at, t.n, 0));
  if (t.failed)
    report_fail(&job->r, TNT_EMEMORY, "%s: no memory for the index", index);
  else
    write_text(&job->r, index, t.at, t.n);
  free(t.at);
  return job->r.status;
}

typedef char path_text[4096];

static int join(report *r, path_text out, const char *folder, const char *name) {
  int n = snprintf(out, sizeof(path_text), "%s/%s", folder, name);
  if (n < 0 || (size_t)n >= sizeof(path_text))
    return report_fail(r, TNT_EIO, "%s/%s: the path is too long", folder, name);
  return 0;
}

static void write_checkpoint(tnt_h5_job *job) {
  report *r = &job->r;
  path_text from, to, state, index, marker, latest;
  int64_t size;
  uint32_t crc;
  if (join(r, from, job->folder, job->temporary) || join(r, to, job->folder, job->name) ||
      join(r, state, from, "state.h5") || join(r, index, from, "index") ||
      join(r, marker, from, "complete") || join(r, latest, job->folder, "latest"))
    return;
  if (mkdir(from, 0777) < 0) {
    report_errno(r, errno, from, "making the folder");
    return;
  }
  job->has_folder = 1;
  if (file_write(r, state, job->bundle, &size, &crc)) return;
  if (write_index(job, index, size, crc) || write_text(r, marker, "", 0)) return;
  int code = sync_path(from);
  if (code) {
    report_errno(r, code, from, "writing the folder to the disk (fsync)");
    return;
  }
  struct stat st;
  if (lstat(to, &st) == 0) {
    report_errno(r, EEXIST, to, "renaming the finished checkpoint to it");
    return;
  }
  if (rename(from, to) < 0) {
    report_errno(r, errno, to, "renaming the finished checkpoint to it");
    return;
  }
  job->has_folder = 0;
  code = sync_path(job->folder);
  if (code) {
    report_errno(r, code, job->folder, "writing the folder to the disk (fsync)");
    return;
  }
  code = tnt_h5_link(job->name, latest);
  if (code) report_errno(r, code, latest, "making the link");
}

static void remove_temporary(tnt_h5_job *job) {
  static const char *const names[] = {"state.h5", "index", "complete"};
  report ignored = {0};
  path_text folder, path;
  if (!job->has_folder || join(&ignored, folder, job->folder, job->temporary)) return;
  for (int i = 0; i < 3; i++)
    if (!join(&ignored, path, folder, names[i])) unlink(path);
  rmdir(folder);
}

static void *thread_main(void *argument) {
  tnt_h5_job *job = argument;
  write_checkpoint(job);
  if (job->r.status) remove_temporary(job);
  tnt_h5_bundle_drop(job->bundle); /* its memory is free as soon as the data is on the disk */
  job->bundle = NULL;
  __atomic_store_n(&job->is_done, 1, __ATOMIC_RELEASE);
  return NULL;
}

static void drop_texts(tnt_h5_job *job) {
  tnt_h5_bundle_drop(job->bundle);
  free(job->folder);
  free(job->name);
  free(job->temporary);
  free(job->head);
  free(job);
}

int tnt_h5_job_start(tnt_h5_job **out, tnt_h5_bundle *b, const char *folder, const char *name,
                     const char *temporary, const char *head) {
  tnt_h5_job *job = calloc(1, sizeof *job);
  if (!job) {
    tnt_h5_bundle_drop(b);
    return report_fail(report_here(), TNT_EMEMORY, "%s: no memory for the writer", folder);
  }
  job->bundle = b;
  job->folder = strdup(folder);
  job->name = strdup(name);
  job->temporary = strdup(temporary);
  job->head = strdup(head);
  if (!job->folder || !job->name || !job->temporary || !job->head) {
    drop_texts(job);
    return report_fail(report_here(), TNT_EMEMORY, "%s: no memory for the writer", folder);
  }
  /* Signals are for the threads of the program. */
  sigset_t all, former;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &former);
  job->has_thread = pthread_create(&job->thread, NULL, thread_main, job) == 0;
  pthread_sigmask(SIG_SETMASK, &former, NULL);
  if (!job->has_thread) thread_main(job); /* no thread to be had: here and now */
  *out = job;
  return 0;
}

int tnt_h5_job_poll(tnt_h5_job *job) { return __atomic_load_n(&job->is_done, __ATOMIC_ACQUIRE); }

int tnt_h5_job_wait(tnt_h5_job *job) {
  if (job->has_thread && !job->is_joined) pthread_join(job->thread, NULL);
  job->is_joined = 1;
  return job->r.status;
}

const char *tnt_h5_job_message(tnt_h5_job *job) { return job->r.text; }

void tnt_h5_job_drop(tnt_h5_job *job) {
  if (!job) return;
  tnt_h5_job_wait(job);
  drop_texts(job);
}
