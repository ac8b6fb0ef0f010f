// SPDX-License-Identifier: Apache-2.0
// The C interface of nibble, for C99 and every language that can call C: models, conversations, replies as they come.
//
// Results. A function returns NIBBLE_OK or what went wrong; `error`, its last argument and null where nobody reads it,
// gets the text: where, what was expected, what was found. After a failure all objects are as they were, and a pointer
// or number that the call would have given is null or 0. No exception leaves a function, and none prints or exits.
//
// Texts are UTF-8: a pointer, and a length in bytes or NIBBLE_NUL_ENDED. A call copies what it keeps. Null is a text
// only with the length 0; in options it is a text that is not given.
//
// Buffers. What a call writes into memory of the caller has a capacity, and the last number becomes what there is to
// write. A buffer that is too small stays as it is (NIBBLE_ERROR_ROOM); null with the capacity 0 only asks for the
// number. A '\0' follows a text: it needs room, and does not count as length.
//
// Handles belong to the caller, who frees each once, in any order: a session keeps what it needs of its model, a reply
// of its session. To free null does nothing. Elsewhere null is NIBBLE_ERROR_HANDLE, and so is a handle of another kind,
// or one that was freed: a mark in it says so, for as long as its memory is used for nothing else. Do not count on
// that.
//
// Threads. A model, and nibble_cancel_set, may be used by any number of threads; any other object by one at a time, a
// session together with its replies: NIBBLE_ERROR_BUSY where that is seen. Sessions do not know each other.
//
// Options are structs with their own size first; ..._init(&options, sizeof options) sets it, and all defaults. Null in
// their place: the defaults. The caller sets the size of what a ..._get_info fills in.
#ifndef NIBBLE_NIBBLE_H
#define NIBBLE_NIBBLE_H

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
extern "C" {
#endif

#define NIBBLE_NUL_ENDED ((size_t)-1)  // as the length of a text: up to its '\0'
#define NIBBLE_UNLIMITED ((size_t)-1)  // as the most of something

typedef struct nibble_error nibble_error;                // the text of a failure
typedef struct nibble_model nibble_model;                // a file that is open: immutable
typedef struct nibble_conversation nibble_conversation;  // messages
typedef struct nibble_cancel nibble_cancel;              // a flag that stops replies
typedef struct nibble_session nibble_session;            // what a model has read, and the memory to read on
typedef struct nibble_reply nibble_reply;                // a text in the making

// ---- errors

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

// ---- models

typedef struct nibble_model_options {
    size_t size;
    size_t context;             // positions that a session may have; 0: as many as the model was trained for
    const char* chat_template;  // a Jinja template, or chatml, llama3, gemma, mistral; null: the file's
    size_t chat_template_length;
    int32_t copy;        // 1: read all of the file into memory, 0: map it. For files that others may change
    int32_t read_ahead;  // 1: ask the system to start reading the weights
} nibble_model_options;

typedef struct nibble_model_info {
    size_t size;
    size_t n_vocab;  // tokens that the model knows
    size_t n_embd;   // numbers of an embedding
    size_t context;  // positions that it was trained for, or nibble_model_options.context
    int32_t has_chat_template;
} nibble_model_info;

NIBBLE_API nibble_status nibble_model_options_init(nibble_model_options* options, size_t size);

// Opens a GGUF file, of a split one any part. The path is UTF-8 on every system. Reads no weights: takes milliseconds.
NIBBLE_API nibble_status nibble_model_load(const char* path, size_t path_length, const nibble_model_options* options,
                                           nibble_model** model, nibble_error* error);

NIBBLE_API nibble_status nibble_model_free(nibble_model* model);

NIBBLE_API nibble_status nibble_model_get_info(const nibble_model* model, nibble_model_info* info, nibble_error* error);

// What had to be guessed because the file does not say it, a line each; empty where nothing had to be.
NIBBLE_API nibble_status nibble_model_warnings(const nibble_model* model, char* text, size_t capacity, size_t* length,
                                               nibble_error* error);

// For `flags`: BOS before and EOS after the text, where the vocabulary asks for them; control tokens are recognised in
// the text (never for what a user typed), or shown in it.
enum { NIBBLE_ADD_SPECIAL = 1, NIBBLE_PARSE_SPECIAL = 2, NIBBLE_SHOW_SPECIAL = 4 };

// Text to tokens (NIBBLE_ADD_SPECIAL, NIBBLE_PARSE_SPECIAL). Bytes that are not UTF-8 are encoded one by one.
NIBBLE_API nibble_status nibble_model_tokenize(const nibble_model* model, const char* text, size_t length,
                                               int32_t flags, int32_t* tokens, size_t capacity, size_t* n_tokens,
                                               nibble_error* error);

// Tokens to text (NIBBLE_SHOW_SPECIAL). A part of a character stays one: the text need not be UTF-8, and may hold '\0'.
NIBBLE_API nibble_status nibble_model_detokenize(const nibble_model* model, const int32_t* tokens, size_t n_tokens,
                                                 int32_t flags, char* text, size_t capacity, size_t* length,
                                                 nibble_error* error);

// ---- conversations

enum { NIBBLE_SYSTEM = 0, NIBBLE_USER = 1, NIBBLE_ASSISTANT = 2, NIBBLE_TOOL = 3 };

NIBBLE_API nibble_status nibble_conversation_new(nibble_conversation** conversation, nibble_error* error);

NIBBLE_API nibble_status nibble_conversation_free(nibble_conversation* conversation);

NIBBLE_API nibble_status nibble_conversation_add(nibble_conversation* conversation, int32_t role, const char* content,
                                                 size_t length, nibble_error* error);

// Adds a message in OpenAI's form: {"role", "content", "reasoning_content", "tool_calls": [{"id", "function": {"name",
// "arguments"}}], "name", "tool_call_id"}; only the role has to be there.
NIBBLE_API nibble_status nibble_conversation_add_json(nibble_conversation* conversation, const char* json,
                                                      size_t length, nibble_error* error);

// Adds a reply that has ended as a message of the assistant: answer, reasoning and calls apart. No events follow then.
NIBBLE_API nibble_status nibble_conversation_add_reply(nibble_conversation* conversation, nibble_reply* reply,
                                                       nibble_error* error);

NIBBLE_API nibble_status nibble_conversation_size(const nibble_conversation* conversation, size_t* n_messages,
                                                  nibble_error* error);

// Forgets the messages from number `n_messages` on; NIBBLE_ERROR_ARGUMENT where there are fewer.
NIBBLE_API nibble_status nibble_conversation_truncate(nibble_conversation* conversation, size_t n_messages,
                                                      nibble_error* error);

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
// NIBBLE_ERROR_FILE where that returns another number than 0. A reply in the making is no part of it.
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

// ---- replies

// nibble_reply_options.structure, .tool_choice and .thinking
enum { NIBBLE_FREE_TEXT = 0, NIBBLE_JSON_SCHEMA = 1, NIBBLE_GBNF = 2, NIBBLE_REGEX = 3 };
enum { NIBBLE_TOOLS_AUTO = 0, NIBBLE_TOOLS_NONE = 1, NIBBLE_TOOLS_REQUIRED = 2 };
enum { NIBBLE_THINKING_DEFAULT = -1, NIBBLE_THINKING_OFF = 0, NIBBLE_THINKING_ON = 1 };

// nibble_reply_info.finish
enum {
    NIBBLE_UNFINISHED = 0,
    NIBBLE_END_TOKEN = 1,      // the model ended its reply
    NIBBLE_STOP_TEXT = 2,      // one of the texts of `stop` appeared
    NIBBLE_STRUCTURE_END = 3,  // nothing may follow
    NIBBLE_TOKEN_LIMIT = 4,    // max_tokens
    NIBBLE_CONTEXT_END = 5,    // the session has no room for another token
    NIBBLE_CANCELLED = 6,
    NIBBLE_DEADLINE = 7  // of a session in C++; no option of C sets one
};

// docs/options.md has the ranges. Equal seeds, options and prompts give equal texts, on every machine.
typedef struct nibble_reply_options {
    size_t size;
    uint64_t seed;            // 0
    size_t max_tokens;        // NIBBLE_UNLIMITED
    size_t thinking_budget;   // NIBBLE_UNLIMITED; tokens of thinking, then it is ended for the model
    const char* const* stop;  // n_stop texts that end with '\0'; the reply ends before the first that appears
    size_t n_stop;
    const char* structure_text;  // a JSON schema, a grammar, an expression that all of the reply matches
    size_t structure_length;
    const char* tools;  // JSON array of definitions: {"name", "description", "parameters"}, or OpenAI's form
    size_t tools_length;
    const char* variables;  // JSON object of further variables for the chat template
    size_t variables_length;
    const nibble_cancel* cancel;  // what may stop the reply, or null
    float temperature;            // 0.8; 0 always takes the best token
    float top_p;                  // 0.95
    float min_p;                  // 0.05
    float repeat_penalty;         // 1
    float presence_penalty;       // 0
    float frequency_penalty;      // 0
    int32_t repeat_last_n;        // 64; how many tokens the three penalties look at, -1: all
    int32_t top_k;                // 40; 0: all
    int32_t thinking;             // NIBBLE_THINKING_DEFAULT: as the chat template has it
    int32_t structure;            // NIBBLE_FREE_TEXT; else what structure_text is
    int32_t tool_choice;          // NIBBLE_TOOLS_AUTO: the model calls tools as it likes
    int32_t year, month, day;     // 0; what the template prints as today, nothing without a year
} nibble_reply_options;

typedef struct nibble_reply_info {
    size_t size;
    size_t prompt_tokens;     // of the whole prompt
    size_t reused_tokens;     // of these, not read again as the session held them
    size_t generated_tokens;  // an end token among them
    double prompt_seconds;
    double generation_seconds;
    int32_t finish;       // why it ended, or NIBBLE_UNFINISHED
    int32_t is_complete;  // 1: the text is one of the structure; 0: it was cut off. Without structure always 1
} nibble_reply_info;

NIBBLE_API nibble_status nibble_reply_options_init(nibble_reply_options* options, size_t size);

// Answers a conversation: renders the chat template and reads what is new of it before it returns; the tokens of the
// reply come one after another, with nibble_reply_next. No text of a message can forge control tokens.
NIBBLE_API nibble_status nibble_session_chat(nibble_session* session, const nibble_conversation* conversation,
                                             const nibble_reply_options* options, nibble_reply** reply,
                                             nibble_error* error);

// Continues a text without a chat template; the second, one that is tokens already.
NIBBLE_API nibble_status nibble_session_generate(nibble_session* session, const char* prompt, size_t length,
                                                 const nibble_reply_options* options, nibble_reply** reply,
                                                 nibble_error* error);
NIBBLE_API nibble_status nibble_session_generate_tokens(nibble_session* session, const int32_t* tokens, size_t n_tokens,
                                                        const nibble_reply_options* options, nibble_reply** reply,
                                                        nibble_error* error);

// The tokens that nibble_session_chat would have as its prompt, whether they fit or not.
NIBBLE_API nibble_status nibble_session_prompt_tokens(nibble_session* session, const nibble_conversation* conversation,
                                                      const nibble_reply_options* options, size_t* n_tokens,
                                                      nibble_error* error);

// Drops the oldest turns of the conversation until a reply has room for `room` tokens, or one turn is left.
NIBBLE_API nibble_status nibble_session_fit(nibble_session* session, nibble_conversation* conversation, size_t room,
                                            const nibble_reply_options* options, size_t* n_dropped,
                                            nibble_error* error);

// The prompt as text, as the chat template writes it. A text of a message that looks like a control token looks like
// one of the template here: to encode this with NIBBLE_PARSE_SPECIAL is for texts that are trusted.
NIBBLE_API nibble_status nibble_model_render(const nibble_model* model, const nibble_conversation* conversation,
                                             const nibble_reply_options* options, char* text, size_t capacity,
                                             size_t* length, nibble_error* error);

NIBBLE_API nibble_status nibble_reply_free(nibble_reply* reply);

// The next piece of the text: whole characters of valid UTF-8, at least one; the length 0 at the end. It belongs to the
// reply and lasts until the next call with it; no '\0' follows. What is computed is computed here.
NIBBLE_API nibble_status nibble_reply_next(nibble_reply* reply, const char** piece, size_t* length,
                                           nibble_error* error);

enum {
    NIBBLE_EVENT_END = 0,
    NIBBLE_EVENT_REASONING = 1,
    NIBBLE_EVENT_ANSWER = 2,
    NIBBLE_EVENT_TOOL_CALL = 3,
    NIBBLE_EVENT_MALFORMED_CALL = 4
};

// The next part of the reply by its meaning: reasoning and answer as they come, without the tags; a call at once, when
// it is complete, as JSON: {"id", "name", "arguments"}; what began as a call and is none as the reply has it. The text
// as nibble_reply_next gives it. The two walk through the reply independently.
NIBBLE_API nibble_status nibble_reply_next_event(nibble_reply* reply, int32_t* kind, const char** text, size_t* length,
                                                 nibble_error* error);

// All of the text that has come so far; lasts and belongs as a piece.
NIBBLE_API nibble_status nibble_reply_text(const nibble_reply* reply, const char** text, size_t* length,
                                           nibble_error* error);

// All tokens so far, those of text that is held back and an end token among them; they last and belong as a piece.
NIBBLE_API nibble_status nibble_reply_tokens(const nibble_reply* reply, const int32_t** tokens, size_t* n_tokens,
                                             nibble_error* error);

NIBBLE_API nibble_status nibble_reply_get_info(const nibble_reply* reply, nibble_reply_info* info, nibble_error* error);

#ifdef __cplusplus
}
#endif

#endif
