/* A pool of worker threads that deal out numbered items. The caller is worker 0; workers spin briefly, then sleep. */
#ifndef PF_POOL_H
#define PF_POOL_H

typedef struct pf_pool pf_pool;
typedef void (*pf_pool_body)(void *context, long item, long worker);

/* `workers` >= 1, the caller included. NULL if threads cannot be made. */
pf_pool *pf_pool_create(long workers);
void pf_pool_destroy(pf_pool *pool);
long pf_pool_workers(const pf_pool *pool);

/* Runs body for items 0..<items and returns when all are done. Each worker begins with an equal share of neighbours and
 * then takes what is left of the others'; bodies must not care who does what. Not reentrant: one run at a time per pool. */
void pf_pool_run(pf_pool *pool, long items, pf_pool_body body, void *context);
/* Logical processors this process may use (affinity and cgroup quota respected), at least 1. */
long pf_processor_count(void);
#endif
