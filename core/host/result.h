/* result.h - what hoko.partners.upsert returns, as the worker gets it. */
#ifndef HOKO_HOST_RESULT_H
#define HOKO_HOST_RESULT_H

#include "host/running.h"

/* The counts *T, and WHY it stopped (NULL: it did not), end the upsert for the worker. */
void result_send(struct running *r, const struct tally *t, const struct error *why);

#endif
