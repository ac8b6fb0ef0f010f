// SPDX-License-Identifier: Apache-2.0
// What the C interface does with sessions that are saved, restored and forked.
//   saved MODEL FILE     a file to write
#include "support.h"

static int32_t write_file(void* user, const void* data, size_t size) {
    return fwrite(data, 1, size, (FILE*)user) == size ? 0 : 1;
}

static int32_t refuse(void* user, const void* data, size_t size) {
    (void)user, (void)data, (void)size;
    return 7;
}

// The answer, and how much of the prompt was read before.
static void answer(nibble_session* session, const char* expected, size_t least_reused) {
    const nibble_reply_options options = greedy();
    nibble_conversation* conversation = ask("Hi, I am Omar.");
    nibble_reply* reply = NULL;
    char text[512];
    OK(nibble_session_chat(session, conversation, &options, &reply, last));
    CHECK(info_of(reply).reused_tokens >= least_reused);
    CHECK(strcmp(finish(reply, text, sizeof text), expected) == 0);
    DONE(nibble_reply_free(reply));
    DONE(nibble_conversation_free(conversation));
}

static void test_save(const nibble_model* model, nibble_session* session, const char* path) {
    nibble_session* restored = NULL;
    FILE* file = fopen(path, "wb");
    CHECK(file != NULL);
    OK(nibble_session_save(session, write_file, file, last));
    fclose(file);
    OK(nibble_session_restore(model, path, NIBBLE_NUL_ENDED, NULL, &restored, last));
    answer(restored, "Nice to meet you, Omar!", 40);
    DONE(nibble_session_free(restored));
    EXPECT(NIBBLE_ERROR_FILE, nibble_session_save(session, refuse, NULL, last));
    CHECK(strstr(nibble_error_text(last), "got 7") != NULL);
    EXPECT(NIBBLE_ERROR_ARGUMENT, nibble_session_save(session, NULL, NULL, last));
    file = fopen(path, "wb");
    fclose(file);
    EXPECT(NIBBLE_ERROR_GGUF, nibble_session_restore(model, path, NIBBLE_NUL_ENDED, NULL, &restored, last));
    CHECK(restored == NULL);
    remove(path);
    EXPECT(NIBBLE_ERROR_FILE, nibble_session_restore(model, path, NIBBLE_NUL_ENDED, NULL, &restored, last));
}

// A reply goes on in another session where it was saved.
static void test_resume(const nibble_model* model, const char* path) {
    const nibble_reply_options options = greedy();
    nibble_session *session = new_session(model), *restored = NULL;
    nibble_conversation* conversation = ask("Hi, I am Omar.");
    nibble_reply *reply = NULL, *resumed = NULL;
    const char* piece = NULL;
    char text[512];
    size_t length = 0, n = 0;
    FILE* file = fopen(path, "wb");
    OK(nibble_session_chat(session, conversation, &options, &reply, last));
    OK(nibble_reply_next(reply, &piece, &length, last));
    OK(nibble_reply_save(reply, write_file, file, last));
    fclose(file);
    EXPECT(NIBBLE_ERROR_FILE, nibble_reply_save(reply, refuse, NULL, last));
    EXPECT(NIBBLE_ERROR_ARGUMENT, nibble_reply_save(reply, NULL, NULL, last));
    OK(nibble_session_restore(model, path, NIBBLE_NUL_ENDED, NULL, &restored, last));
    remove(path);
    OK(nibble_session_resume(restored, &options, &resumed, last));
    OK(nibble_reply_text(resumed, &piece, &n, last));
    CHECK(n == length && memcmp(piece, "Nice to meet you, Omar!", n) == 0);
    CHECK(strcmp(finish(resumed, text, sizeof text), "Nice to meet you, Omar!" + length) == 0);
    OK(nibble_conversation_add_reply(conversation, resumed, last));
    OK(nibble_session_prompt_tokens(restored, conversation, &options, &n, last));
    DONE(nibble_reply_free(resumed));
    EXPECT(NIBBLE_ERROR_CONTEXT, nibble_session_resume(session, &options, &resumed, last));
    CHECK(resumed == NULL);
    DONE(nibble_reply_free(reply));
    DONE(nibble_conversation_free(conversation));
    DONE(nibble_session_free(restored));
    DONE(nibble_session_free(session));
}

static void test_fork(const nibble_model* model) {
    nibble_session_options options;
    nibble_session *session = NULL, *fork = NULL;
    DONE(nibble_session_options_init(&options, sizeof options));
    options.context = 1024;
    options.sequences = 2;
    OK(nibble_session_new(model, &options, &session, last));
    answer(session, "Nice to meet you, Omar!", 0);
    OK(nibble_session_fork(session, &fork, last));
    DONE(nibble_session_free(session));
    answer(fork, "Nice to meet you, Omar!", 40);
    DONE(nibble_session_free(fork));
}

int main(int argc, char** argv) {
    nibble_model* model;
    nibble_session* session;
    if (argc != 3) return 2;
    last = nibble_error_new();
    model = load(argv[1]);
    session = new_session(model);
    answer(session, "Nice to meet you, Omar!", 0);
    test_save(model, session, argv[2]);
    test_resume(model, argv[2]);
    test_fork(model);
    DONE(nibble_session_free(session));
    DONE(nibble_model_free(model));
    DONE(nibble_error_free(last));
    return n_failed != 0;
}
