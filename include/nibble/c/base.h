// SPDX-License-Identifier: Apache-2.0
// What all of the C interface uses: how its functions are declared, its handles, what can go wrong.
#ifndef NIBBLE_C_BASE_H
#define NIBBLE_C_BASE_H

#include <stddef.h>
#include <stdint.h>

// NIBBLE_C_SHARED: the library is a shared one; Windows has to be told.
#if defined(_WIN32) && defined(NIBBLE_C_SHARED) && defined(NIBBLE_C_IMPLEMENTATION)
#define NIBBLE_API __declspec(dllexport)
#elif defined(_WIN32) && defined(NIBBLE_C_SHARED)
#define NIBBLE_API __declspec(dllimport)
#elif defined(__GNUC__)
#define NIBBLE_API __attribute__((visibility("default")))
#else
#define NIBBLE_API
#endif

#ifdef __cplusplus
#define NIBBLE_C_BEGIN extern "C" {
#define NIBBLE_C_END }
#else
#define NIBBLE_C_BEGIN
#define NIBBLE_C_END
#endif

NIBBLE_C_BEGIN

#define NIBBLE_NUL_ENDED ((size_t)-1)  // as the length of a text: up to its '\0'
#define NIBBLE_UNLIMITED ((size_t)-1)  // as the most of something

typedef struct nibble_error nibble_error;                // the text of a failure
typedef struct nibble_model nibble_model;                // a file that is open: immutable
typedef struct nibble_conversation nibble_conversation;  // messages
typedef struct nibble_cancel nibble_cancel;              // a flag that stops replies
typedef struct nibble_session nibble_session;            // what a model has read, and the memory to read on
typedef struct nibble_reply nibble_reply;                // a text in the making

typedef int32_t nibble_status;
enum {
    NIBBLE_OK = 0,
    NIBBLE_ERROR_HANDLE = 1,         // null, freed, or of another kind
    NIBBLE_ERROR_ARGUMENT = 2,       // null where something has to be written, a length, a struct of another size
    NIBBLE_ERROR_ROOM = 3,           // the buffer is too small
    NIBBLE_ERROR_FILE = 4,           // cannot be opened, read or written
    NIBBLE_ERROR_MEMORY = 5,         // the system has no more
    NIBBLE_ERROR_LIMIT = 6,          // larger than anything that makes sense
    NIBBLE_ERROR_GGUF = 7,           // the file is damaged, or no GGUF file
    NIBBLE_ERROR_MODEL = 8,          // what is in it is no model that nibble can run
    NIBBLE_ERROR_VOCABULARY = 9,     // none in the file, or none that makes sense
    NIBBLE_ERROR_TEXT = 10,          // too long, or not UTF-8 where it has to be
    NIBBLE_ERROR_JSON = 11,          // no JSON, or not the JSON that is expected
    NIBBLE_ERROR_TEMPLATE = 12,      // the chat template is missing, wrong, or refuses the conversation
    NIBBLE_ERROR_GRAMMAR = 13,       // a structure that is wrong, too large or not supported
    NIBBLE_ERROR_CONTEXT = 14,       // a size, position or token that the session cannot have
    NIBBLE_ERROR_CONTEXT_FULL = 15,  // the prompt is longer than the context
    NIBBLE_ERROR_BUSY = 16,          // the session is in use, or went on to something else
    NIBBLE_ERROR_OPTION = 17,        // an option out of its range; the text names it
    NIBBLE_ERROR_OTHER = 18
};

// "0.1.0", for example.
NIBBLE_API const char* nibble_version(void);

// A few words for a status; never null.
NIBBLE_API const char* nibble_status_name(nibble_status status);

// A new error, without text; null where there is no memory, which every function takes.
NIBBLE_API nibble_error* nibble_error_new(void);

// What went wrong in the last call that got this error: one line, printable. Empty where nothing did, never null; it
// lasts until the next such call.
NIBBLE_API const char* nibble_error_text(const nibble_error* error);

NIBBLE_API nibble_status nibble_error_free(nibble_error* error);

NIBBLE_C_END

#endif
