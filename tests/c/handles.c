// SPDX-License-Identifier: Apache-2.0
// What each function of the C interface says of handles that are null, were freed or are of another kind.
//   handles MODEL           all of it
//   handles MODEL memory    without freed handles, for tools that watch over memory
#include "support.h"

static char text[64];
static size_t n = 0;

// Each of these calls every function that takes the handle.
static void refuse_model(const nibble_model* model) {
    const nibble_status expected = NIBBLE_ERROR_HANDLE;
    nibble_conversation* conversation = ask("Hi");
    nibble_model_info info;
    nibble_session* session = NULL;
    int32_t tokens[8] = {0};
    info.size = sizeof info;
    EXPECT(expected, nibble_model_get_info(model, &info, last));
    EXPECT(expected, nibble_model_warnings(model, text, sizeof text, &n, last));
    EXPECT(expected, nibble_model_tokenize(model, "Hi", 2, 0, tokens, 8, &n, last));
    EXPECT(expected, nibble_model_detokenize(model, tokens, 1, 0, text, sizeof text, &n, last));
    EXPECT(expected, nibble_model_render(model, conversation, NULL, text, sizeof text, &n, last));
    EXPECT(expected, nibble_session_new(model, NULL, &session, last));
    EXPECT(expected, nibble_session_restore(model, "saved", NIBBLE_NUL_ENDED, NULL, &session, last));
    CHECK(session == NULL && n == 0);
    DONE(nibble_conversation_free(conversation));
}

static void refuse_conversation(nibble_conversation* conversation, const nibble_model* model, nibble_session* session) {
    const nibble_status expected = NIBBLE_ERROR_HANDLE;
    nibble_reply* reply = NULL;
    EXPECT(expected, nibble_conversation_add(conversation, NIBBLE_USER, "Hi", 2, last));
    EXPECT(expected, nibble_conversation_add_json(conversation, "{\"role\": \"user\"}", NIBBLE_NUL_ENDED, last));
    EXPECT(expected, nibble_conversation_add_reply(conversation, NULL, last));
    EXPECT(expected, nibble_conversation_size(conversation, &n, last));
    EXPECT(expected, nibble_conversation_truncate(conversation, 0, last));
    EXPECT(expected, nibble_model_render(model, conversation, NULL, text, sizeof text, &n, last));
    EXPECT(expected, nibble_session_prompt_tokens(session, conversation, NULL, &n, last));
    EXPECT(expected, nibble_session_fit(session, conversation, 1, NULL, &n, last));
    EXPECT(expected, nibble_session_chat(session, conversation, NULL, &reply, last));
    CHECK(reply == NULL && n == 0);
}

static int32_t write_nothing(void* user, const void* data, size_t size) {
    (void)user, (void)data, (void)size;
    return 0;
}

static void refuse_session(nibble_session* session) {
    nibble_session* fork = NULL;
    const nibble_status expected = NIBBLE_ERROR_HANDLE;
    const int32_t token = 0;
    const char* alternative = "!";
    double score = 0;
    size_t n_tokens = 0;
    nibble_conversation* conversation = ask("Hi");
    nibble_session_info info;
    nibble_reply* reply = NULL;
    info.size = sizeof info;
    EXPECT(expected, nibble_session_get_info(session, &info, last));
    EXPECT(expected, nibble_session_fork(session, &fork, last));
    EXPECT(expected, nibble_session_save(session, write_nothing, NULL, last));
    EXPECT(expected, nibble_session_rewind(session, 0, last));
    EXPECT(expected, nibble_session_prompt_tokens(session, conversation, NULL, &n, last));
    EXPECT(expected, nibble_session_fit(session, conversation, 1, NULL, &n, last));
    EXPECT(expected, nibble_session_embed(session, "Hi", 2, NIBBLE_POOL_LAST, 1, NULL, NULL, 0, &n, last));
    EXPECT(expected, nibble_session_score(session, "Hi", 2, &alternative, 1, NULL, &score, &n_tokens, &n, last));
    EXPECT(expected, nibble_session_chat(session, conversation, NULL, &reply, last));
    EXPECT(expected, nibble_session_generate(session, "Hi", 2, NULL, &reply, last));
    EXPECT(expected, nibble_session_generate_tokens(session, &token, 1, NULL, &reply, last));
    CHECK(reply == NULL && fork == NULL && n == 0);
    DONE(nibble_conversation_free(conversation));
}

static void refuse_reply(nibble_reply* reply) {
    const nibble_status expected = NIBBLE_ERROR_HANDLE;
    nibble_conversation* conversation = ask("Hi");
    nibble_reply_info info;
    const char* piece = text;
    const int32_t* tokens = NULL;
    int32_t kind = 0;
    info.size = sizeof info;
    EXPECT(expected, nibble_reply_next(reply, &piece, &n, last));
    CHECK(piece == NULL && n == 0);
    EXPECT(expected, nibble_reply_next_event(reply, &kind, &piece, &n, last));
    EXPECT(expected, nibble_reply_text(reply, &piece, &n, last));
    EXPECT(expected, nibble_reply_tokens(reply, &tokens, &n, last));
    EXPECT(expected, nibble_reply_get_info(reply, &info, last));
    EXPECT(expected, nibble_conversation_add_reply(conversation, reply, last));
    OK(nibble_conversation_size(conversation, &n, last));
    CHECK(n == 1);
    DONE(nibble_conversation_free(conversation));
}

static void refuse_cancel(nibble_cancel* cancel, nibble_session* session) {
    nibble_reply_options options = greedy();
    nibble_reply* reply = NULL;
    CHECK(nibble_cancel_set(cancel, 1) == NIBBLE_ERROR_HANDLE);
    options.cancel = cancel;
    if (!cancel) return;
    EXPECT(NIBBLE_ERROR_HANDLE, nibble_session_generate(session, "Hi", 2, &options, &reply, last));
    EXPECT(NIBBLE_ERROR_HANDLE, nibble_session_embed(session, "Hi", 2, NIBBLE_POOL_LAST, 1, cancel, NULL, 0, &n, last));
}

static void test_null(const nibble_model* model, nibble_session* session) {
    refuse_model(NULL);
    refuse_conversation(NULL, model, session);
    refuse_session(NULL);
    refuse_reply(NULL);
    refuse_cancel(NULL, session);
    CHECK(nibble_model_free(NULL) == NIBBLE_OK && nibble_session_free(NULL) == NIBBLE_OK);
    CHECK(nibble_reply_free(NULL) == NIBBLE_OK && nibble_cancel_free(NULL) == NIBBLE_OK);
    CHECK(nibble_conversation_free(NULL) == NIBBLE_OK && nibble_error_free(NULL) == NIBBLE_OK);
    CHECK(*nibble_error_text(NULL) == '\0');
    CHECK(nibble_session_rewind(NULL, 0, NULL) == NIBBLE_ERROR_HANDLE);
}

// A handle of another kind is told from one of the right kind.
static void test_kinds(nibble_model* model, nibble_session* session) {
    refuse_model((const nibble_model*)session);
    refuse_conversation((nibble_conversation*)model, model, session);
    refuse_session((nibble_session*)model);
    refuse_reply((nibble_reply*)session);
    refuse_cancel((nibble_cancel*)session, session);
    CHECK(nibble_session_rewind(session, 0, (nibble_error*)model) == NIBBLE_ERROR_HANDLE);
    CHECK(nibble_model_free((nibble_model*)session) == NIBBLE_ERROR_HANDLE);
}

static void test_freed(const char* path, const nibble_model* model, nibble_session* session) {
    nibble_model* freed_model = load(path);
    nibble_session* freed_session = new_session(model);
    nibble_conversation* conversation = ask("Hi");
    nibble_reply* reply = NULL;
    nibble_cancel* cancel = NULL;
    OK(nibble_session_chat(session, conversation, NULL, &reply, last));
    OK(nibble_cancel_new(&cancel, last));
    DONE(nibble_model_free(freed_model));
    CHECK(nibble_model_free(freed_model) == NIBBLE_ERROR_HANDLE);
    refuse_model(freed_model);
    DONE(nibble_session_free(freed_session));
    CHECK(nibble_session_free(freed_session) == NIBBLE_ERROR_HANDLE);
    refuse_session(freed_session);
    DONE(nibble_reply_free(reply));
    CHECK(nibble_reply_free(reply) == NIBBLE_ERROR_HANDLE);
    refuse_reply(reply);
    DONE(nibble_cancel_free(cancel));
    CHECK(nibble_cancel_free(cancel) == NIBBLE_ERROR_HANDLE);
    refuse_cancel(cancel, session);
    DONE(nibble_conversation_free(conversation));
    CHECK(nibble_conversation_free(conversation) == NIBBLE_ERROR_HANDLE);
    refuse_conversation(conversation, model, session);
}

int main(int argc, char** argv) {
    nibble_model* model;
    nibble_session* session;
    if (argc < 2) return 2;
    last = nibble_error_new();
    model = load(argv[1]);
    session = new_session(model);
    test_null(model, session);
    test_kinds(model, session);
    if (argc == 2) test_freed(argv[1], model, session);
    DONE(nibble_session_free(session));
    DONE(nibble_model_free(model));
    DONE(nibble_error_free(last));
    return n_failed != 0;
}
