// SPDX-License-Identifier: Apache-2.0
// Replies in C: how they are made, and their text as it comes.
#ifndef NIBBLE_C_REPLY_H
#define NIBBLE_C_REPLY_H

#include <nibble/c/base.h>
#include <nibble/c/session.h>

NIBBLE_C_BEGIN

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
    NIBBLE_DEADLINE = 7  // time_limit
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
    double time_limit;            // 0: none; in seconds, from the call on: then prompt and reply end
    const int32_t* bias_tokens;   // n_biases tokens, whose logits get these numbers added; -INFINITY forbids one
    const float* biases;
    size_t n_biases;
    float temperature;           // 0.8; 0 always takes the best token
    float top_p;                 // 0.95
    float min_p;                 // 0.05
    float typical_p;             // 1
    float top_n_sigma;           // 0
    float xtc_probability;       // 0
    float xtc_threshold;         // 0.1
    float mirostat_tau;          // 5
    float mirostat_eta;          // 0.1
    float repeat_penalty;        // 1
    float presence_penalty;      // 0
    float frequency_penalty;     // 0
    float dry_multiplier;        // 0
    float dry_base;              // 1.75
    int32_t dry_allowed_length;  // 2
    int32_t dry_penalty_last_n;  // -1
    int32_t repeat_last_n;       // 64; how many tokens the three penalties look at, -1: all
    int32_t top_k;               // 40; 0: all
    int32_t mirostat;            // 0; 1: in the place of the filters
    int32_t n_probs;             // 0; how many of the likeliest tokens nibble_reply_probs has beside each
    int32_t draft_lookup;      // 0; 1: guesses from the text itself, several tokens at a time; the text stays the same
    int32_t lazy_prompt;       // 0; 1: the prompt is read by the calls that go on with the reply
    int32_t thinking;          // NIBBLE_THINKING_DEFAULT: as the chat template has it
    int32_t structure;         // NIBBLE_FREE_TEXT; else what structure_text is
    int32_t tool_choice;       // NIBBLE_TOOLS_AUTO: the model calls tools as it likes
    int32_t year, month, day;  // 0; what the template prints as today, nothing without a year
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

// Saves the session with this reply as far as it is; nibble_session_restore and nibble_session_resume go on with both.
NIBBLE_API nibble_status nibble_reply_save(const nibble_reply* reply, nibble_write write, void* user,
                                           nibble_error* error);

// The reply that a restored session was saved with. With the options that it had it becomes, bit for bit, what it would
// have been; nibble_reply_text has what there was of it, which does not come as pieces again. NIBBLE_ERROR_CONTEXT
// where no reply was saved.
NIBBLE_API nibble_status nibble_session_resume(nibble_session* session, const nibble_reply_options* options,
                                               nibble_reply** reply, nibble_error* error);

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

// nibble_reply_advance_for
enum { NIBBLE_PENDING = 0, NIBBLE_PIECE = 1, NIBBLE_DONE = 2 };

// Goes on for about so many seconds, but for one step at least, and keeps what it has done: for programs that have a
// few milliseconds at a time. NIBBLE_PIECE: nibble_reply_next has a piece, and computes nothing; NIBBLE_DONE: there is
// no more than such a piece.
NIBBLE_API nibble_status nibble_reply_advance_for(nibble_reply* reply, double seconds, int32_t* state,
                                                  nibble_error* error);

// Goes on with each of the replies, all different ones, by a piece that nibble_reply_next then has, or to its end.
// Tokens of sessions that are forks of each other are read together: several take little longer than one.
NIBBLE_API nibble_status nibble_advance(nibble_reply* const* replies, size_t n_replies, nibble_error* error);

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

// With options.n_probs: token number `index` of the reply, then the likeliest in its place, best first, and the natural
// logarithms of their probabilities: those of the model itself, before penalties and filters.
NIBBLE_API nibble_status nibble_reply_probs(const nibble_reply* reply, size_t index, int32_t* tokens,
                                            float* log_probabilities, size_t capacity, size_t* n, nibble_error* error);

NIBBLE_API nibble_status nibble_reply_get_info(const nibble_reply* reply, nibble_reply_info* info, nibble_error* error);

NIBBLE_C_END

#endif
