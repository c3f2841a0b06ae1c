/* sanitized.h - whether this build has a sanitizer's runtime in it, which maps far more
 * memory than it uses, looks into /proc/self and clones a tracer. */
#ifndef HOKO_BASE_SANITIZED_H
#define HOKO_BASE_SANITIZED_H

#define IS_SANITIZED 0
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#undef IS_SANITIZED
#define IS_SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#undef IS_SANITIZED
#define IS_SANITIZED 1
#endif
#endif

#endif
