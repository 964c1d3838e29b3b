#ifndef ALLOCATIONS_H
#define ALLOCATIONS_H

/* Calls of malloc and its kin by this process so far, all threads; -1 where they cannot be counted (other than glibc). */
long allocation_count(void);

#endif
