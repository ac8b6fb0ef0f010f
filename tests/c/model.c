// SPDX-License-Identifier: Apache-2.0
// What the C interface does with a model: loading, tokens, templates, defaults.
#include "support.h"

static void test_model(const nibble_model* model) {
    nibble_model_info info;
    char buffer[64];
    size_t length = 1;
    info.size = sizeof info;
    OK(nibble_model_get_info(model, &info, last));
    CHECK(info.n_vocab == 2048 && info.n_embd == 256 && info.context == 2048 && info.has_chat_template == 1);
    OK(nibble_model_warnings(model, buffer, sizeof buffer, &length, last));
    CHECK(length == 0 && buffer[0] == '\0');
    CHECK(strcmp(nibble_version(), "0.1.0") == 0);
    CHECK(strcmp(nibble_status_name(NIBBLE_ERROR_CONTEXT_FULL), "context full") == 0);
    CHECK(strcmp(nibble_status_name(-1), "unknown status") == 0 &&
          strcmp(nibble_status_name(99), "unknown status") == 0);
}

// The defaults are those that nibble.h states.
static void test_defaults(void) {
    nibble_model_options model;
    nibble_session_options session;
    nibble_reply_options reply;
    DONE(nibble_model_options_init(&model, sizeof model));
    CHECK(model.context == 0 && model.chat_template == NULL && model.copy == 0 && model.read_ahead == 1);
    DONE(nibble_session_options_init(&session, sizeof session));
    CHECK(session.context == 4096 && session.batch == 512 && session.threads == 0);
    CHECK(session.cache_type == NIBBLE_CACHE_Q16);
    DONE(nibble_reply_options_init(&reply, sizeof reply));
    CHECK(reply.seed == 0 && reply.max_tokens == NIBBLE_UNLIMITED && reply.thinking_budget == NIBBLE_UNLIMITED);
    CHECK(reply.temperature == 0.8f && reply.top_k == 40 && reply.top_p == 0.95f && reply.min_p == 0.05f);
    CHECK(reply.repeat_penalty == 1 && reply.presence_penalty == 0 && reply.frequency_penalty == 0);
    CHECK(reply.repeat_last_n == 64 && reply.thinking == NIBBLE_THINKING_DEFAULT && reply.cancel == NULL);
    CHECK(reply.structure == NIBBLE_FREE_TEXT && reply.tool_choice == NIBBLE_TOOLS_AUTO && reply.year == 0);
}

static void test_tokens(const nibble_model* model) {
    const char otter[] = "Where is the otter?", mark[] = "<|im_end|>", cut[] = "caf\xc3";
    int32_t tokens[32], none = -1;
    char text[32];
    size_t n = 0, length = 0;
    OK(nibble_model_tokenize(model, otter, NIBBLE_NUL_ENDED, 0, NULL, 0, &n, last));
    CHECK(n == 5);
    tokens[0] = 7;
    EXPECT(NIBBLE_ERROR_ROOM, nibble_model_tokenize(model, otter, sizeof otter - 1, 0, tokens, 4, &n, last));
    CHECK(n == 5 && tokens[0] == 7);
    OK(nibble_model_tokenize(model, otter, sizeof otter - 1, NIBBLE_ADD_SPECIAL, tokens, 5, &n, last));
    CHECK(n == 5 && tokens[0] == 1962 && tokens[4] == 30);

    EXPECT(NIBBLE_ERROR_ROOM, nibble_model_detokenize(model, tokens, n, 0, text, sizeof otter - 1, &length, last));
    CHECK(length == sizeof otter - 1);
    OK(nibble_model_detokenize(model, tokens, n, 0, text, sizeof otter, &length, last));
    CHECK(length == sizeof otter - 1 && strcmp(text, otter) == 0);
    EXPECT(NIBBLE_ERROR_CONTEXT, nibble_model_detokenize(model, &none, 1, 0, text, sizeof text, &length, last));
    CHECK(length == 0);

    OK(nibble_model_tokenize(model, mark, NIBBLE_NUL_ENDED, 0, tokens, 32, &n, last));
    CHECK(n == 7);
    OK(nibble_model_tokenize(model, mark, NIBBLE_NUL_ENDED, NIBBLE_PARSE_SPECIAL, tokens, 32, &n, last));
    CHECK(n == 1);
    OK(nibble_model_detokenize(model, tokens, 1, 0, text, sizeof text, &length, last));
    CHECK(length == 0 && text[0] == '\0');
    OK(nibble_model_detokenize(model, tokens, 1, NIBBLE_SHOW_SPECIAL, text, sizeof text, &length, last));
    CHECK(strcmp(text, mark) == 0);
    EXPECT(NIBBLE_ERROR_ARGUMENT, nibble_model_tokenize(model, mark, 1, NIBBLE_SHOW_SPECIAL, tokens, 32, &n, last));
    EXPECT(NIBBLE_ERROR_ARGUMENT, nibble_model_detokenize(model, tokens, 1, 8, text, sizeof text, &length, last));

    // bytes that are no UTF-8, and a '\0' among them, come back as they were
    OK(nibble_model_tokenize(model, cut, sizeof cut, 0, tokens, 32, &n, last));
    OK(nibble_model_detokenize(model, tokens, n, 0, text, sizeof text, &length, last));
    CHECK(length == sizeof cut && memcmp(text, cut, sizeof cut) == 0);
    OK(nibble_model_tokenize(model, NULL, 0, 0, tokens, 32, &n, last));
    CHECK(n == 0);
}

static void test_template(const nibble_model* model) {
    nibble_reply_options options = greedy();
    nibble_conversation* conversation = ask("What year is it now?");
    char text[512];
    size_t length = 0, needed = 0;
    options.year = 2030;
    options.month = 8;
    options.day = 21;
    OK(nibble_model_render(model, conversation, &options, NULL, 0, &needed, last));
    EXPECT(NIBBLE_ERROR_ROOM, nibble_model_render(model, conversation, &options, text, needed, &length, last));
    OK(nibble_model_render(model, conversation, &options, text, needed + 1, &length, last));
    CHECK(length == needed && strlen(text) == needed && strstr(text, "Date: 21 August 2030\nThinking: off\n") != NULL);
    options.variables = "[1]";
    EXPECT(NIBBLE_ERROR_JSON, nibble_model_render(model, conversation, &options, text, sizeof text, &length, last));
    CHECK(length == 0);
    DONE(nibble_conversation_free(conversation));
}

int main(int argc, char** argv) {
    nibble_model* model;
    if (argc != 2) return 2;
    last = nibble_error_new();
    model = load(argv[1]);
    test_model(model);
    test_defaults();
    test_tokens(model);
    test_template(model);
    DONE(nibble_model_free(model));
    DONE(nibble_error_free(last));
    return n_failed != 0;
}
