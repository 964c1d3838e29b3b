#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "pf_pool.h"
#include "processor_relax.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

/* How long a thread looks before it sleeps: longer than the gaps in a training step, shorter than anyone notices. */
#define PF_SPIN_NANOSECONDS 40000

/* `state` says everything about a run in one word, so that a worker can join only a run that is open:
 *   bits 0-15   workers inside the run, the caller not counted
 *   bit 16      open: items may be left
 *   bits 17-63  number of the run
 * The other fields are written only while the run is closed with nobody inside. A sleeper never delays a run. */
#define PF_INSIDE 0xffffull
#define PF_OPEN 0x10000ull
#define PF_RUN_SHIFT 17

/* A worker's share of the items: what it worked on in the last run it mostly gets again, and has in its cache. */
struct pf_share {
  _Alignas(64) _Atomic long next;
  long end;
};

struct pf_pool {
  _Alignas(64) _Atomic uint64_t state;
  _Alignas(64) struct pf_share *share;
  pf_pool_body body;
  void *context;
  _Alignas(64) _Atomic int sleeping, caller_sleeps, stop;
  pthread_mutex_t lock;
  pthread_cond_t opened, emptied;
  long workers, threads, spin_nanoseconds;
  pthread_t *thread;
  struct pf_worker {
    struct pf_pool *pool;
    long number;
  } *worker;
};

static int64_t now_nanoseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The worker's own share, then what is left of the others'. */
static void deal(pf_pool *pool, long worker) {
  for (long i = 0; i < pool->workers; i++) {
    struct pf_share *share = &pool->share[(worker + i) % pool->workers];
    for (;;) {
      long item = atomic_fetch_add_explicit(&share->next, 1, memory_order_relaxed);
      if (item >= share->end) break;
      pool->body(pool->context, item, worker);
    }
  }
}

static int is_new(uint64_t state, uint64_t seen) { return (state & PF_OPEN) && (state >> PF_RUN_SHIFT) != seen; }

/* Waits for a run other than `seen`: looks for a while, then sleeps. Returns 0 when the pool stops. */
static int await_run(pf_pool *pool, uint64_t seen) {
  if (pool->spin_nanoseconds > 0) {
    int64_t until = now_nanoseconds() + pool->spin_nanoseconds;
    do {
      for (int i = 0; i < 32; i++) {
        if (is_new(atomic_load_explicit(&pool->state, memory_order_relaxed), seen)) return 1;
        pf_processor_relax();
      }
      if (atomic_load_explicit(&pool->stop, memory_order_relaxed)) return 0;
    } while (now_nanoseconds() < until);
  }
  pthread_mutex_lock(&pool->lock);
  atomic_fetch_add(&pool->sleeping, 1);
  while (!is_new(atomic_load(&pool->state), seen) && !atomic_load(&pool->stop))
    pthread_cond_wait(&pool->opened, &pool->lock);
  atomic_fetch_sub(&pool->sleeping, 1);
  pthread_mutex_unlock(&pool->lock);
  return !atomic_load(&pool->stop);
}

static void *work(void *argument) {
  struct pf_worker *self = argument;
  pf_pool *pool = self->pool;
  uint64_t seen = 0;
  while (await_run(pool, seen)) {
    uint64_t state = atomic_load_explicit(&pool->state, memory_order_relaxed);
    while (is_new(state, seen)) {
      if (!atomic_compare_exchange_weak_explicit(&pool->state, &state, state + 1, memory_order_acquire,
                                                 memory_order_relaxed))
        continue;
      seen = state >> PF_RUN_SHIFT;
      deal(pool, self->number);
      uint64_t before = atomic_fetch_sub(&pool->state, 1);
      if ((before & PF_INSIDE) == 1 && !(before & PF_OPEN) && atomic_load(&pool->caller_sleeps)) {
        pthread_mutex_lock(&pool->lock);
        pthread_cond_signal(&pool->emptied);
        pthread_mutex_unlock(&pool->lock);
      }
      break;
    }
  }
  return NULL;
}

pf_pool *pf_pool_create(long workers) {
  if (workers < 1) workers = 1;
  if (workers > 0x7fff) workers = 0x7fff;
  void *memory = NULL;
  if (posix_memalign(&memory, 64, sizeof(pf_pool)) != 0) return NULL;
  pf_pool *pool = memory;
  *pool = (pf_pool){.workers = workers};
  pool->spin_nanoseconds = workers <= pf_processor_count() ? PF_SPIN_NANOSECONDS : 0;
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->opened, NULL);
  pthread_cond_init(&pool->emptied, NULL);
  void *shares = NULL;
  if (posix_memalign(&shares, 64, (size_t)workers * sizeof(struct pf_share)) == 0) pool->share = shares;
  pool->thread = calloc((size_t)workers, sizeof(pthread_t));
  pool->worker = calloc((size_t)workers, sizeof(struct pf_worker));
  while (pool->share && pool->thread && pool->worker && pool->threads < workers - 1) {
    struct pf_worker *worker = &pool->worker[pool->threads];
    *worker = (struct pf_worker){pool, pool->threads + 1};
    if (pthread_create(&pool->thread[pool->threads], NULL, work, worker) != 0) break;
    pool->threads++;
  }
  if (!pool->share || !pool->thread || !pool->worker || pool->threads < workers - 1) {
    pf_pool_destroy(pool);
    return NULL;
  }
  return pool;
}

void pf_pool_destroy(pf_pool *pool) {
  if (!pool) return;
  pthread_mutex_lock(&pool->lock);
  atomic_store(&pool->stop, 1);
  pthread_cond_broadcast(&pool->opened);
  pthread_mutex_unlock(&pool->lock);
  for (long i = 0; i < pool->threads; i++) pthread_join(pool->thread[i], NULL);
  pthread_cond_destroy(&pool->emptied);
  pthread_cond_destroy(&pool->opened);
  pthread_mutex_destroy(&pool->lock);
  free(pool->share);
  free(pool->worker);
  free(pool->thread);
  free(pool);
}

long pf_pool_workers(const pf_pool *pool) { return pool->workers; }

static void await_empty(pf_pool *pool) {
  if (!(atomic_load_explicit(&pool->state, memory_order_acquire) & PF_INSIDE)) return;
  if (pool->spin_nanoseconds > 0) {
    int64_t until = now_nanoseconds() + pool->spin_nanoseconds;
    do {
      for (int i = 0; i < 32; i++) {
        if (!(atomic_load_explicit(&pool->state, memory_order_acquire) & PF_INSIDE)) return;
        pf_processor_relax();
      }
    } while (now_nanoseconds() < until);
  }
  pthread_mutex_lock(&pool->lock);
  atomic_store(&pool->caller_sleeps, 1);
  while (atomic_load(&pool->state) & PF_INSIDE) pthread_cond_wait(&pool->emptied, &pool->lock);
  atomic_store(&pool->caller_sleeps, 0);
  pthread_mutex_unlock(&pool->lock);
}

void pf_pool_run(pf_pool *pool, long items, pf_pool_body body, void *context) {
  if (items <= 0) return;
  if (pool->threads == 0 || items == 1) {
    for (long item = 0; item < items; item++) body(context, item, 0);
    return;
  }
  pool->body = body;
  pool->context = context;
  for (long worker = 0; worker < pool->workers; worker++) {
    atomic_store_explicit(&pool->share[worker].next, items * worker / pool->workers, memory_order_relaxed);
    pool->share[worker].end = items * (worker + 1) / pool->workers;
  }
  uint64_t run = (atomic_load_explicit(&pool->state, memory_order_relaxed) >> PF_RUN_SHIFT) + 1;
  atomic_store(&pool->state, run << PF_RUN_SHIFT | PF_OPEN);
  long asleep = atomic_load(&pool->sleeping);
  if (asleep > 0) {
    pthread_mutex_lock(&pool->lock);
    if (asleep > items - 1) asleep = items - 1;
    for (long i = 0; i < asleep; i++) pthread_cond_signal(&pool->opened);
    pthread_mutex_unlock(&pool->lock);
  }
  deal(pool, 0);
  atomic_fetch_and(&pool->state, ~PF_OPEN);
  await_empty(pool);
}
