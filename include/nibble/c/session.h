// SPDX-License-Identifier: Apache-2.0
// Sessions in C: what a model has read, saved and forked; vectors, likelihoods, and the flag that stops work.
#ifndef NIBBLE_C_SESSION_H
#define NIBBLE_C_SESSION_H

#include <nibble/c/base.h>

NIBBLE_C_BEGIN

// ---- stopping

NIBBLE_API nibble_status nibble_cancel_new(nibble_cancel** cancel, nibble_error* error);

// May be freed while replies go on that were given it; not while another thread sets it.
NIBBLE_API nibble_status nibble_cancel_free(nibble_cancel* cancel);

// From any thread or a signal handler. `is_set` 1: the replies that were given the flag end soon, also while a prompt
// is read; 0: new ones, and those that have not ended, are not stopped. What a session has read stays read.
NIBBLE_API nibble_status nibble_cancel_set(nibble_cancel* cancel, int32_t is_set);

// ---- sessions

enum { NIBBLE_CACHE_Q16 = 0, NIBBLE_CACHE_F16 = 1, NIBBLE_CACHE_Q8 = 2 };

typedef struct nibble_session_options {
    size_t size;
    size_t context;      // 4096; most tokens of prompt and replies together, cut down to what the model may have
    size_t batch;        // 512; tokens of a prompt that are read at once
    size_t sequences;    // 1; sessions that share the memory: this one and its forks
    size_t positions;    // 0; tokens that they can hold together: 0 is the context of each
    uint32_t threads;    // that compute, the caller among them; 0: all that the process may use
    int32_t cache_type;  // how keys and values are kept; NIBBLE_CACHE_Q16
} nibble_session_options;

typedef struct nibble_session_info {
    size_t size;
    size_t context;   // most tokens that it can hold
    size_t position;  // tokens that it holds
    size_t threads;
    size_t bytes;  // that it took when it was made, beside the model's file
} nibble_session_info;

NIBBLE_API nibble_status nibble_session_options_init(nibble_session_options* options, size_t size);

// Takes all its memory and starts its threads.
NIBBLE_API nibble_status nibble_session_new(const nibble_model* model, const nibble_session_options* options,
                                            nibble_session** session, nibble_error* error);

NIBBLE_API nibble_status nibble_session_free(nibble_session* session);

NIBBLE_API nibble_status nibble_session_get_info(const nibble_session* session, nibble_session_info* info,
                                                 nibble_error* error);

// Another session that has read the same, for nothing. It shares the memory of `session`, whose options say for how
// many `sequences` there is room.
NIBBLE_API nibble_status nibble_session_fork(const nibble_session* session, nibble_session** fork, nibble_error* error);

// Receives a piece of a file; 0 where it was written. It must not throw, and not use the session.
typedef int32_t (*nibble_write)(void* user, const void* data, size_t size);

// Writes what the session has read, keys and values too, as a GGUF file: `write` gets it piece by piece, with `user`.
// NIBBLE_ERROR_FILE where that returns another number than 0. A reply in the making is no part of it: for that there is
// nibble_reply_save.
NIBBLE_API nibble_status nibble_session_save(const nibble_session* session, nibble_write write, void* user,
                                             nibble_error* error);

// A session that goes on from such a file, bit for bit, with the same model; the file is not needed then. The options
// are free, but for cache_type and room for all tokens; some models ask for context and batch as they were.
NIBBLE_API nibble_status nibble_session_restore(const nibble_model* model, const char* path, size_t path_length,
                                                const nibble_session_options* options, nibble_session** session,
                                                nibble_error* error);

// Forgets the tokens from `position` on. What is the same in the next prompt is found without that.
NIBBLE_API nibble_status nibble_session_rewind(nibble_session* session, size_t position, nibble_error* error);

// ---- vectors and likelihoods

enum { NIBBLE_POOL_MEAN = 0, NIBBLE_POOL_LAST = 1, NIBBLE_POOL_NONE = 2 };

// A text as a vector of n_embd numbers: the mean of what the model makes of its tokens, or that of the last one; or all
// of them, [n_tokens][n_embd]. `is_normalised` 1: each vector gets the length 1. 0 numbers where `cancel`, which may be
// null, was set. The session then holds the text.
NIBBLE_API nibble_status nibble_session_embed(nibble_session* session, const char* text, size_t length, int32_t pooling,
                                              int32_t is_normalised, const nibble_cancel* cancel, float* values,
                                              size_t capacity, size_t* n_values, nibble_error* error);

// How likely each of n_alternatives texts, which end with '\0', is behind the prefix: the natural logarithm of the
// probability of all of its tokens, and how many tokens these are, by which to divide it where lengths differ. Both
// have n_alternatives places; `*n_scored` is as many, or 0 where `cancel` was set. The session then holds the prefix.
NIBBLE_API nibble_status nibble_session_score(nibble_session* session, const char* prefix, size_t length,
                                              const char* const* alternatives, size_t n_alternatives,
                                              const nibble_cancel* cancel, double* log_likelihoods, size_t* n_tokens,
                                              size_t* n_scored, nibble_error* error);

NIBBLE_C_END

#endif
