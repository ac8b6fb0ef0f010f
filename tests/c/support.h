// SPDX-License-Identifier: Apache-2.0
// What the tests of the C interface share: checks that are counted, and handles to begin with. A program includes it
// once.
#ifndef NIBBLE_TESTS_C_SUPPORT_H
#define NIBBLE_TESTS_C_SUPPORT_H

#include <nibble/nibble.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int n_failed = 0;
static nibble_error* last = NULL;

static inline void check(int good, const char* what, int line) {
    if (good) return;
    ++n_failed;
    printf("line %d: %s [%s]\n", line, what, nibble_error_text(last));
}
#define CHECK(condition) check((condition) != 0, #condition, __LINE__)

// The status is as expected, and there is a text for it or none.
static inline void check_status(nibble_status status, nibble_status expected, const char* what, int line) {
    const int has_text = *nibble_error_text(last) != '\0';
    check(status == expected && has_text == (expected != NIBBLE_OK), what, line);
    if (status != expected) printf("    %s, expected %s\n", nibble_status_name(status), nibble_status_name(expected));
}
#define EXPECT(expected, call) check_status((call), (expected), #call, __LINE__)
#define OK(call) EXPECT(NIBBLE_OK, call)
// The same for a call that takes no error.
#define DONE(call) CHECK((call) == NIBBLE_OK)

static inline nibble_model* load(const char* path) {
    nibble_model* model = NULL;
    OK(nibble_model_load(path, NIBBLE_NUL_ENDED, NULL, &model, last));
    if (!model) exit(1);
    return model;
}

static inline nibble_session* new_session(const nibble_model* model) {
    nibble_session_options options;
    nibble_session* session = NULL;
    DONE(nibble_session_options_init(&options, sizeof options));
    options.context = 1024;
    options.threads = 1;
    OK(nibble_session_new(model, &options, &session, last));
    if (!session) exit(1);
    return session;
}

static inline nibble_conversation* ask(const char* question) {
    nibble_conversation* conversation = NULL;
    OK(nibble_conversation_new(&conversation, last));
    OK(nibble_conversation_add(conversation, NIBBLE_USER, question, NIBBLE_NUL_ENDED, last));
    return conversation;
}

static inline nibble_reply_options greedy(void) {
    nibble_reply_options options;
    DONE(nibble_reply_options_init(&options, sizeof options));
    options.temperature = 0;
    options.thinking = NIBBLE_THINKING_OFF;
    return options;
}

// Walks to the end; the pieces, joined, are the end of what nibble_reply_text then has.
static inline const char* finish(nibble_reply* reply, char* text, size_t capacity) {
    const char *piece = NULL, *all = NULL;
    size_t length = 0, total = 0;
    do {
        OK(nibble_reply_next(reply, &piece, &length, last));
        if (total + length < capacity) memcpy(text + total, piece, length);
        total += length;
    } while (length != 0);
    CHECK(total < capacity);
    text[total] = '\0';
    OK(nibble_reply_text(reply, &all, &length, last));
    CHECK(length >= total && memcmp(all + length - total, text, total) == 0);
    return text;
}

static inline nibble_reply_info info_of(const nibble_reply* reply) {
    nibble_reply_info info;
    info.size = sizeof info;
    OK(nibble_reply_get_info(reply, &info, last));
    return info;
}

#endif
