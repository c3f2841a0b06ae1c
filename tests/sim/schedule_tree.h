/* schedule_tree.h - which of a thousand jobs has something to do first: a tournament,
 * each inner node holding the earlier of the two beneath it. */
#ifndef HOKO_TESTS_SIM_SCHEDULE_TREE_H
#define HOKO_TESTS_SIM_SCHEDULE_TREE_H

#include <stddef.h>
#include <stdint.h>

enum { SCHEDULE_TREE_LEAVES = 1024 };

struct schedule_tree {
  int64_t ms[2 * SCHEDULE_TREE_LEAVES]; /* the root is 1, the children of i are 2i and 2i + 1 */
};

static inline void schedule_tree_clear(struct schedule_tree *t) {
  for (size_t i = 0; i < 2 * SCHEDULE_TREE_LEAVES; i++) t->ms[i] = INT64_MAX;
}

static inline void schedule_tree_set(struct schedule_tree *t, size_t leaf, int64_t ms) {
  size_t i = leaf + SCHEDULE_TREE_LEAVES;
  t->ms[i] = ms;
  for (i /= 2; i > 0; i /= 2) {
    int64_t left = t->ms[2 * i], right = t->ms[2 * i + 1];
    t->ms[i] = left < right ? left : right;
  }
}

static inline int64_t schedule_tree_first_ms(const struct schedule_tree *t) { return t->ms[1]; }

static inline size_t schedule_tree_first(const struct schedule_tree *t) {
  size_t i = 1;
  while (i < SCHEDULE_TREE_LEAVES) i = t->ms[2 * i] == t->ms[i] ? 2 * i : 2 * i + 1;
  return i - SCHEDULE_TREE_LEAVES;
}

#endif
