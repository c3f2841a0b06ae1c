/* message.h - what host and worker say to each other: one table of kinds.
 *
 * A message is numbers, then texts; how many of each, and which way it goes, is
 * its row in the table (message.c).  A frame is u32 payload length, u8 kind, three
 * zero bytes, then the payload: each number as i64, each text as u32 length and
 * bytes, all little endian.  MESSAGE_ROWS is the exception: one text that is the
 * whole payload, records of base/row.h one behind the other.
 *
 * The worker may be under an attacker's control: message_parse() checks every
 * length and refuses what does not fit the table to the byte. */
#ifndef HOKO_BRIDGE_MESSAGE_H
#define HOKO_BRIDGE_MESSAGE_H

#include "base/buf.h"

enum message_kind {
  /* to the worker */
  MESSAGE_TASK = 1, /* task, flags, memory limit (bytes, 0 none); name, JSON of what it needs */
  MESSAGE_CREDIT,   /* so many more MESSAGE_ROWS may be sent */
  MESSAGE_REPLY,    /* 0 or an error code, the line of data it is about (0); JSON or rows, error
                       message,    hint; a descriptor may come with it */
  MESSAGE_ACKED,    /* ordinal of the row, enum acked; the object that Hoko returned */
  MESSAGE_REFUSED,  /* ordinal of the row, status; code, message, field */
  MESSAGE_RESULT,   /* 0 or an error code, descriptors (0); JSON, error message, hint */
  MESSAGE_ENTRY,    /* enum entry, number of the entry; its text.  Answered by DONE */
  MESSAGE_ANSWER,   /* 0 or an error code, status, stream (0: it is whole), Retry-After in ms or
                       -1; lines of the head, piece of the body, error message, hint */
  /* to the host */
  MESSAGE_CALL,   /* (none); name of a host call, JSON of its arguments */
  MESSAGE_OPEN,   /* enum open_mode; path as the script wrote it */
  MESSAGE_OUTPUT, /* 1 stdout, 2 stderr; bytes */
  MESSAGE_UPSERT, /* (none); JSON of the options.  Answered by CREDIT or RESULT */
  MESSAGE_FILE,   /* (none); the file that the rows from now on come from */
  MESSAGE_ROWS,   /* records */
  MESSAGE_REJECT, /* line, status (0); code, message, field, key, file, row as JSON */
  MESSAGE_SEEN,   /* (none); the key of a row that the source has and nothing comes of */
  MESSAGE_END,    /* skipped rows, 1 if it raised; the source is at its end */
  MESSAGE_DROP,   /* number of a query of hoko.sql that is of no more use */
  MESSAGE_DONE,   /* enum done, exit code or enum entry_is, line; file, message, traceback, value or
                     hint */
  MESSAGE_HTTP,   /* enum http_flag, time limit in ms, ms to wait before; method, URL, lines of
                     the head, body, name of the key or "".  Answered by ANSWER */
  MESSAGE_HTTP_PULL, /* stream; (none).  Answered by ANSWER with its next piece */
  MESSAGE_HTTP_DROP, /* stream that nobody wants any more; (none) */
  MESSAGE_KINDS
};

enum open_mode { OPEN_READ, OPEN_WRITE, OPEN_APPEND, OPEN_READ_WRITE, OPEN_MODULE };

/* What became of a row that the worker keeps for a callback. */
enum acked { ACKED_WITH_OBJECT, ACKED_NO_CALL };

/* HTTP_STREAM: the time limit is that of any wait, not of the whole answer. */
enum http_flag { HTTP_STREAM = 1 };

enum done { DONE_OK, DONE_ERROR, DONE_SYNTAX, DONE_EXIT, DONE_MEMORY };

/* Flags of MESSAGE_TASK: tracebacks show the frames that are ours, too; the task is done
 * even where the kernel cannot hold the cage. */
enum { TASK_VERBOSE = 1, TASK_UNCAGED = 2 };

enum task { TASK_RUN, TASK_CONFIG, TASK_CHECK, TASK_EVAL, TASK_TEST, TASK_SESSION };

/* What is asked of a session: to run a text, to complete what is before the cursor, how
 * values are shown from now on, the help on a name, what there is help on. */
enum entry { ENTRY_RUN, ENTRY_COMPLETE, ENTRY_SHOW, ENTRY_HELP, ENTRY_TOPICS, ENTRIES };
/* What a text that has run, or was not whole, is. */
enum entry_is { ENTRY_IS_CODE, ENTRY_IS_EXPRESSION, ENTRY_IS_CALL, ENTRY_IS_INCOMPLETE };

enum {
  MESSAGE_NUMBERS_MAX = 4,
  MESSAGE_TEXTS_MAX = 6,
  FRAME_HEAD_SIZE = 8,
  FRAME_PAYLOAD_MAX = 64 << 20
};

struct message {
  enum message_kind kind;
  int64_t number[MESSAGE_NUMBERS_MAX];
  struct slice text[MESSAGE_TEXTS_MAX];
};

/* Appends M as a frame. */
void message_put(struct buf *b, const struct message *m);
/* The same but for the bytes of its first text: what stands before them, and behind. */
void message_put_before(struct buf *b, const struct message *m);
void message_put_behind(struct buf *b, const struct message *m);
/* HEAD has FRAME_HEAD_SIZE bytes.  -1: a kind that does not go this way, or too long. */
MUST_USE int message_head(const char *head, bool to_worker, enum message_kind *kind,
                          size_t *payload_len, struct error *err);
/* The texts point into PAYLOAD. */
MUST_USE int message_parse(enum message_kind kind, struct slice payload, struct message *m,
                           struct error *err);
const char *message_name(enum message_kind kind);

#endif
