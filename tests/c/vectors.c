// SPDX-License-Identifier: Apache-2.0
// What the C interface does with texts as vectors, and with the likelihood of texts.
#include "support.h"

enum { n_embd = 256, most_tokens = 16 };

static void test_embed(const nibble_model* model, nibble_session* session) {
    static float mean[n_embd], all[most_tokens * n_embd], none[1];
    const char text[] = "Where is the otter?";
    nibble_cancel* cancel = NULL;
    double squares = 0, sum = 0;
    size_t n = 0, n_tokens = 0, i;
    OK(nibble_model_tokenize(model, text, NIBBLE_NUL_ENDED, NIBBLE_ADD_SPECIAL, NULL, 0, &n_tokens, last));
    OK(nibble_session_embed(session, text, NIBBLE_NUL_ENDED, NIBBLE_POOL_MEAN, 1, NULL, NULL, 0, &n, last));
    CHECK(n == n_embd);
    OK(nibble_session_embed(session, text, NIBBLE_NUL_ENDED, NIBBLE_POOL_MEAN, 1, NULL, mean, n, &n, last));
    for (i = 0; i < n_embd; ++i) squares += (double)mean[i] * mean[i];
    CHECK(n == n_embd && squares > 0.999 && squares < 1.001);

    EXPECT(NIBBLE_ERROR_ROOM,
           nibble_session_embed(session, text, NIBBLE_NUL_ENDED, NIBBLE_POOL_NONE, 0, NULL, none, 1, &n, last));
    CHECK(n == n_tokens * n_embd && n_tokens < most_tokens && none[0] == 0);
    OK(nibble_session_embed(session, text, NIBBLE_NUL_ENDED, NIBBLE_POOL_NONE, 0, NULL, all, n, &n, last));
    OK(nibble_session_embed(session, text, NIBBLE_NUL_ENDED, NIBBLE_POOL_MEAN, 0, NULL, mean, n_embd, &n, last));
    for (i = 0; i < n_tokens; ++i) sum += all[i * n_embd];
    CHECK(mean[0] == (float)(sum / (double)n_tokens));
    OK(nibble_session_embed(session, text, NIBBLE_NUL_ENDED, NIBBLE_POOL_LAST, 0, NULL, mean, n_embd, &n, last));
    CHECK(memcmp(mean, all + (n_tokens - 1) * n_embd, sizeof mean) == 0);

    OK(nibble_cancel_new(&cancel, last));
    DONE(nibble_cancel_set(cancel, 1));
    OK(nibble_session_embed(session, "Otters!", 7, NIBBLE_POOL_MEAN, 1, cancel, mean, n_embd, &n, last));
    CHECK(n == 0);
    DONE(nibble_cancel_free(cancel));
    EXPECT(NIBBLE_ERROR_OPTION, nibble_session_embed(session, text, 1, 3, 1, NULL, mean, n_embd, &n, last));
    EXPECT(NIBBLE_ERROR_OPTION, nibble_session_embed(session, text, 1, 0, 2, NULL, mean, n_embd, &n, last));
    EXPECT(NIBBLE_ERROR_CONTEXT, nibble_session_embed(session, "", 0, 0, 1, NULL, mean, n_embd, &n, last));
    CHECK(n == 0);
}

static void test_score(nibble_session* session) {
    const char* alternatives[] = {" Vienna.", " Berlin.", ""};
    const char* none = NULL;
    double scores[3] = {1, 1, 1};
    size_t n_tokens[3] = {0}, n = 0;
    OK(nibble_session_score(session, "The capital of Austria is", NIBBLE_NUL_ENDED, alternatives, 3, NULL, scores,
                            n_tokens, &n, last));
    CHECK(n == 3 && n_tokens[0] > 0 && n_tokens[1] > 0 && n_tokens[2] == 0);
    CHECK(scores[0] < 0 && scores[1] < scores[0] && scores[2] == 0);
    EXPECT(NIBBLE_ERROR_ARGUMENT, nibble_session_score(session, "a", 1, NULL, 1, NULL, scores, n_tokens, &n, last));
    EXPECT(NIBBLE_ERROR_ARGUMENT, nibble_session_score(session, "a", 1, &none, 1, NULL, scores, n_tokens, &n, last));
    EXPECT(NIBBLE_ERROR_ARGUMENT,
           nibble_session_score(session, "a", 1, alternatives, 3, NULL, NULL, n_tokens, &n, last));
    CHECK(n == 0);
}

int main(int argc, char** argv) {
    nibble_model* model;
    nibble_session* session;
    if (argc != 2) return 2;
    last = nibble_error_new();
    model = load(argv[1]);
    session = new_session(model);
    test_embed(model, session);
    test_score(session);
    DONE(nibble_session_free(session));
    DONE(nibble_model_free(model));
    DONE(nibble_error_free(last));
    return n_failed != 0;
}
