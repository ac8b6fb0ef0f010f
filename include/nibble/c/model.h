// SPDX-License-Identifier: Apache-2.0
// Models in C: files that are open, and the tokens of their vocabularies.
#ifndef NIBBLE_C_MODEL_H
#define NIBBLE_C_MODEL_H

#include <nibble/c/base.h>

NIBBLE_C_BEGIN

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

NIBBLE_C_END

#endif
