/* The plan of pf_row_network.h: where packed weights lie. */
#ifndef PF_ROW_NETWORK_PLAN_H
#define PF_ROW_NETWORK_PLAN_H
#include "pf_row_network.h"

/* Rows of a block: a vector of the widest instruction set, or two of doubles. Columns of a group at most. */
#define PF_ROW_BLOCK 16
#define PF_ROW_WIDTH 4

/* Columns of one degree, side by side: for each block of rows from `start` on, `width` runs of PF_ROW_BLOCK weights. */
typedef struct {
  int32_t column, width, start;
  long at;
} pf_row_group;

/* A layer. Groups of columns of degree m are group_of_degree[m] ..< group_of_degree[m + 1]. */
typedef struct {
  long rows;           /* padded to blocks */
  long bias, end;      /* in the packed weights */
  long pending, value; /* in scratch: sums before the activation, and after it */
  int32_t *group_of_degree;
  pf_row_group *groups;
} pf_row_layer;

struct pf_row_network {
  const pf_made *made;
  pf_row_layer *plan;
  long size, scratch;
};

static inline long pf_row_element(const pf_row_group *group, long row, long column) {
  const long block = (row - group->start) / PF_ROW_BLOCK;
  return (block * group->width + column) * PF_ROW_BLOCK + row % PF_ROW_BLOCK;
}
#endif
