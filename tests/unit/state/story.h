/* story.h - a run's way through the state, step by step, for the tests of faults.
 *
 * After each step the state can be written down; whatever happens in a step, the
 * state is then as it was before it or as it is after it. */
#ifndef HOKO_TESTS_STATE_STORY_H
#define HOKO_TESTS_STATE_STORY_H

#include "scene.h"

enum { STORY_STEPS = 15, STORY_MANY = 1100 };

/* Does step I, from 0; -1 as the call in it.  The first opens the state. */
int story_step(struct scene *x, int i);
/* The state's content on the disk as text, to be freed; "" for one that is empty.
 * Opens the file by itself: the story's own state must be closed. */
char *story_content(struct scene *x);
/* What state_check() finds, which must be nothing. */
void story_check(struct scene *x);

#endif
