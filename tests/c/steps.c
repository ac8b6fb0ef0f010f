// SPDX-License-Identifier: Apache-2.0
// What the C interface does with replies that go on bit by bit or side by side, and what it tells of their tokens.
#include "support.h"

#include <math.h>

static const char* question = "Tell me a story about a lion.";

// The whole reply to the question, by a session of its own.
static void expected_reply(const nibble_model* model, const nibble_reply_options* options, char* text,
                           size_t capacity) {
    nibble_session* session = new_session(model);
    nibble_conversation* conversation = ask(question);
    nibble_reply* reply = NULL;
    OK(nibble_session_chat(session, conversation, options, &reply, last));
    finish(reply, text, capacity);
    DONE(nibble_reply_free(reply));
    DONE(nibble_conversation_free(conversation));
    DONE(nibble_session_free(session));
}

static void test_slices(const nibble_model* model, const char* expected) {
    nibble_session* session = new_session(model);
    nibble_conversation* conversation = ask(question);
    nibble_reply_options options = greedy();
    nibble_session_info info;
    nibble_reply* reply = NULL;
    const char *piece = NULL, *text = NULL;
    size_t length = 0, n_pending = 0, n_pieces = 0;
    int32_t state = NIBBLE_PENDING;
    options.lazy_prompt = 1;
    info.size = sizeof info;
    OK(nibble_session_chat(session, conversation, &options, &reply, last));
    OK(nibble_session_get_info(session, &info, last));
    CHECK(info.position == 0);
    while (state != NIBBLE_DONE) {
        OK(nibble_reply_advance_for(reply, 0, &state, last));
        if (state == NIBBLE_PENDING) ++n_pending;
        if (state != NIBBLE_PIECE) continue;
        OK(nibble_reply_next(reply, &piece, &length, last));
        CHECK(length > 0);
        ++n_pieces;
    }
    CHECK(n_pending > n_pieces && n_pieces > 3);
    OK(nibble_reply_next(reply, &piece, &length, last));
    CHECK(length == 0);
    OK(nibble_reply_text(reply, &text, &length, last));
    CHECK(length == strlen(expected) && memcmp(text, expected, length) == 0);

    EXPECT(NIBBLE_ERROR_OPTION, nibble_reply_advance_for(reply, -1, &state, last));
    EXPECT(NIBBLE_ERROR_OPTION, nibble_reply_advance_for(reply, NAN, &state, last));
    EXPECT(NIBBLE_ERROR_ARGUMENT, nibble_reply_advance_for(reply, 0, NULL, last));
    OK(nibble_reply_advance_for(reply, INFINITY, &state, last));
    CHECK(state == NIBBLE_DONE);
    DONE(nibble_reply_free(reply));
    DONE(nibble_conversation_free(conversation));
    DONE(nibble_session_free(session));
}

static void test_side_by_side(const nibble_model* model, const char* expected) {
    enum { COUNT = 3 };
    nibble_session_options shape;
    nibble_session* sessions[COUNT];
    nibble_reply* replies[COUNT];
    nibble_conversation* conversation = ask(question);
    const nibble_reply_options options = greedy();
    char text[1024];
    int i, round;
    DONE(nibble_session_options_init(&shape, sizeof shape));
    shape.context = 1024;
    shape.sequences = COUNT;
    OK(nibble_session_new(model, &shape, &sessions[0], last));
    for (i = 1; i < COUNT; ++i) OK(nibble_session_fork(sessions[0], &sessions[i], last));
    for (i = 0; i < COUNT; ++i) OK(nibble_session_chat(sessions[i], conversation, &options, &replies[i], last));
    for (round = 0; round < 5; ++round) OK(nibble_advance(replies, COUNT, last));
    for (i = 0; i < COUNT; ++i) {
        const char* so_far = NULL;
        size_t length = 0;
        OK(nibble_reply_text(replies[i], &so_far, &length, last));
        CHECK(length > 5 && length < strlen(expected) && memcmp(so_far, expected, length) == 0);
        CHECK(strcmp(finish(replies[i], text, sizeof text), expected) == 0);
    }
    OK(nibble_advance(replies, COUNT, last));  // all have ended
    OK(nibble_advance(NULL, 0, last));
    EXPECT(NIBBLE_ERROR_ARGUMENT, nibble_advance(NULL, 1, last));
    for (i = 0; i < COUNT; ++i) DONE(nibble_reply_free(replies[i]));
    replies[1] = NULL;
    EXPECT(NIBBLE_ERROR_HANDLE, nibble_advance(&replies[1], 1, last));
    for (i = 0; i < COUNT; ++i) DONE(nibble_session_free(sessions[i]));
    DONE(nibble_conversation_free(conversation));
}

static void test_time_limit(const nibble_model* model) {
    nibble_session* session = new_session(model);
    nibble_reply_options options = greedy();
    nibble_reply* reply = NULL;
    char text[1024];
    options.time_limit = 1e-9;
    OK(nibble_session_generate(session, "Once upon a time", NIBBLE_NUL_ENDED, &options, &reply, last));
    CHECK(strcmp(finish(reply, text, sizeof text), "") == 0 && info_of(reply).finish == NIBBLE_DEADLINE);
    DONE(nibble_reply_free(reply));
    options.time_limit = INFINITY;
    options.max_tokens = 4;
    OK(nibble_session_generate(session, "Once upon a time", NIBBLE_NUL_ENDED, &options, &reply, last));
    finish(reply, text, sizeof text);
    CHECK(info_of(reply).finish == NIBBLE_TOKEN_LIMIT);
    DONE(nibble_reply_free(reply));
    DONE(nibble_session_free(session));
}

// What was picked is likeliest, and what a bias forbids is not picked.
static void test_probs_and_biases(const nibble_model* model) {
    nibble_session* session = new_session(model);
    nibble_reply_options options = greedy();
    nibble_reply* reply = NULL;
    int32_t tokens[4], forbidden;
    float probs[4], none = -INFINITY;
    size_t n = 0;
    char text[1024];
    options.max_tokens = 2;
    options.n_probs = 3;
    OK(nibble_session_generate(session, "Once upon a time", NIBBLE_NUL_ENDED, &options, &reply, last));
    finish(reply, text, sizeof text);
    OK(nibble_reply_probs(reply, 0, NULL, NULL, 0, &n, last));
    CHECK(n == 4);
    EXPECT(NIBBLE_ERROR_ROOM, nibble_reply_probs(reply, 0, tokens, probs, 3, &n, last));
    EXPECT(NIBBLE_ERROR_ARGUMENT, nibble_reply_probs(reply, 0, tokens, NULL, 4, &n, last));
    EXPECT(NIBBLE_ERROR_CONTEXT, nibble_reply_probs(reply, 2, tokens, probs, 4, &n, last));
    CHECK(n == 0);
    OK(nibble_reply_probs(reply, 0, tokens, probs, 4, &n, last));
    CHECK(n == 4 && tokens[0] == tokens[1] && probs[0] == probs[1]);
    CHECK(probs[1] >= probs[2] && probs[2] >= probs[3] && probs[1] < 0 && probs[3] > -30);
    DONE(nibble_reply_free(reply));

    forbidden = tokens[0];
    options.bias_tokens = &forbidden;
    options.biases = &none;
    options.n_biases = 1;
    OK(nibble_session_generate(session, "Once upon a time", NIBBLE_NUL_ENDED, &options, &reply, last));
    finish(reply, text, sizeof text);
    forbidden = tokens[2];  // the next in line
    OK(nibble_reply_probs(reply, 0, tokens, probs, 4, &n, last));
    CHECK(tokens[0] == forbidden);
    DONE(nibble_reply_free(reply));
    DONE(nibble_session_free(session));
}

int main(int argc, char** argv) {
    nibble_model* model;
    nibble_reply_options options;
    char expected[1024], drafted[1024];
    if (argc != 2) return 2;
    last = nibble_error_new();
    model = load(argv[1]);
    options = greedy();
    expected_reply(model, &options, expected, sizeof expected);
    options.draft_lookup = 1;
    expected_reply(model, &options, drafted, sizeof drafted);
    CHECK(strcmp(expected, drafted) == 0);
    test_slices(model, expected);
    test_side_by_side(model, expected);
    test_time_limit(model);
    test_probs_and_biases(model);
    DONE(nibble_model_free(model));
    DONE(nibble_error_free(last));
    return n_failed != 0;
}
