// SPDX-License-Identifier: Apache-2.0
// What the C interface says of pointers that are null, of texts that are cut or wrong, and of options that make no
// sense: a status and a text, and everything is as it was.
#include "support.h"

static char text[64];
static size_t n = 0;

static void test_pointers(const nibble_model* model, nibble_session* session, const char* path) {
    const nibble_status expected = NIBBLE_ERROR_ARGUMENT;
    nibble_conversation* conversation = ask("Hi");
    nibble_model* loaded = NULL;
    nibble_reply* reply = NULL;
    EXPECT(expected, nibble_model_load(path, NIBBLE_NUL_ENDED, NULL, NULL, last));
    EXPECT(expected, nibble_model_load(NULL, NIBBLE_NUL_ENDED, NULL, &loaded, last));
    EXPECT(expected, nibble_model_load(path, (size_t)-2, NULL, &loaded, last));
    EXPECT(expected, nibble_model_get_info(model, NULL, last));
    EXPECT(expected, nibble_model_tokenize(model, "Hi", 2, 0, NULL, 8, &n, last));
    EXPECT(expected, nibble_model_tokenize(model, NULL, 2, 0, NULL, 0, &n, last));
    EXPECT(expected, nibble_model_tokenize(model, "Hi", 2, 0, NULL, 0, NULL, last));
    EXPECT(expected, nibble_model_detokenize(model, NULL, 1, 0, text, sizeof text, &n, last));
    EXPECT(expected, nibble_conversation_new(NULL, last));
    EXPECT(expected, nibble_conversation_add(conversation, NIBBLE_USER, NULL, 1, last));
    EXPECT(expected, nibble_conversation_add_json(conversation, NULL, 1, last));
    EXPECT(expected, nibble_conversation_size(conversation, NULL, last));
    EXPECT(expected, nibble_cancel_new(NULL, last));
    EXPECT(expected, nibble_session_new(model, NULL, NULL, last));
    EXPECT(expected, nibble_session_chat(session, conversation, NULL, NULL, last));
    EXPECT(expected, nibble_session_generate(session, NULL, 3, NULL, &reply, last));
    EXPECT(expected, nibble_session_generate_tokens(session, NULL, 3, NULL, &reply, last));
    EXPECT(expected, nibble_session_prompt_tokens(session, conversation, NULL, NULL, last));
    OK(nibble_session_generate(session, "Hi", 2, NULL, &reply, last));
    EXPECT(expected, nibble_reply_next(reply, NULL, &n, last));
    EXPECT(expected, nibble_reply_get_info(reply, NULL, last));
    CHECK(nibble_reply_options_init(NULL, sizeof(nibble_reply_options)) == NIBBLE_ERROR_ARGUMENT);
    DONE(nibble_reply_free(reply));
    DONE(nibble_conversation_free(conversation));
}

static void test_texts(const nibble_model* model, nibble_session* session) {
    static const char cut[] = "Hi \xe2\x82";
    nibble_reply_options options = greedy();
    nibble_conversation* conversation = ask(cut);
    nibble_reply* reply = NULL;
    nibble_model* loaded = NULL;
    const char* stop = cut;
    char long_text[4096];
    OK(nibble_session_chat(session, conversation, &options, &reply, last));  // bytes are encoded as they are
    finish(reply, long_text, sizeof long_text);
    DONE(nibble_reply_free(reply));
    OK(nibble_model_render(model, conversation, &options, NULL, 0, &n, last));
    options.stop = &stop;
    options.n_stop = 1;
    EXPECT(NIBBLE_ERROR_OPTION, nibble_session_chat(session, conversation, &options, &reply, last));
    stop = NULL;
    EXPECT(NIBBLE_ERROR_ARGUMENT, nibble_session_chat(session, conversation, &options, &reply, last));
    options = greedy();
    options.structure = NIBBLE_GBNF;
    options.structure_text = "root ::= \"\xe2\x82\"";
    EXPECT(NIBBLE_ERROR_GRAMMAR, nibble_session_chat(session, conversation, &options, &reply, last));
    options.structure = NIBBLE_JSON_SCHEMA;
    options.structure_text = "{\"const\": \"\xe2\x82\"}";
    EXPECT(NIBBLE_ERROR_JSON, nibble_session_chat(session, conversation, &options, &reply, last));
    EXPECT(NIBBLE_ERROR_JSON,
           nibble_conversation_add_json(conversation, "{\"role\": \"\xe2\x82\"}", NIBBLE_NUL_ENDED, last));
    EXPECT(NIBBLE_ERROR_JSON,
           nibble_conversation_add_json(conversation, "{\"role\": \"king\"}", NIBBLE_NUL_ENDED, last));
    EXPECT(NIBBLE_ERROR_JSON, nibble_conversation_add_json(conversation, "[]", NIBBLE_NUL_ENDED, last));
    EXPECT(NIBBLE_ERROR_OPTION, nibble_conversation_add(conversation, 4, "Hi", 2, last));
    EXPECT(NIBBLE_ERROR_FILE, nibble_model_load("no such file \xe2\x82", NIBBLE_NUL_ENDED, NULL, &loaded, last));
    CHECK(strstr(nibble_error_text(last), "no such file") != NULL);
    OK(nibble_conversation_size(conversation, &n, last));
    CHECK(n == 1 && reply == NULL && loaded == NULL);
    DONE(nibble_conversation_free(conversation));
}

// The status of a reply with one option changed.
#define EXPECT_WITH(expected, member, value)                                                 \
    do {                                                                                     \
        nibble_reply_options options = greedy();                                             \
        nibble_reply* reply = NULL;                                                          \
        options.member = (value);                                                            \
        EXPECT(expected, nibble_session_generate(session, "Hi", 2, &options, &reply, last)); \
        CHECK(reply == NULL);                                                                \
    } while (0)

static void test_reply_options(nibble_session* session) {
    EXPECT_WITH(NIBBLE_ERROR_ARGUMENT, size, 8);
    EXPECT_WITH(NIBBLE_ERROR_ARGUMENT, n_stop, 1);
    EXPECT_WITH(NIBBLE_ERROR_ARGUMENT, structure, NIBBLE_GBNF);  // and no structure_text
    EXPECT_WITH(NIBBLE_ERROR_OPTION, structure, 4);
    EXPECT_WITH(NIBBLE_ERROR_OPTION, tool_choice, -1);
    EXPECT_WITH(NIBBLE_ERROR_OPTION, thinking, 2);
    EXPECT_WITH(NIBBLE_ERROR_OPTION, temperature, -1.0f);
    EXPECT_WITH(NIBBLE_ERROR_OPTION, top_p, 1.5f);
    EXPECT_WITH(NIBBLE_ERROR_OPTION, top_k, -1);
    EXPECT_WITH(NIBBLE_ERROR_OPTION, repeat_penalty, 0.0f);
    EXPECT_WITH(NIBBLE_ERROR_OPTION, time_limit, -1.0);
    EXPECT_WITH(NIBBLE_ERROR_OPTION, lazy_prompt, 2);
    EXPECT_WITH(NIBBLE_ERROR_OPTION, draft_lookup, -1);
    EXPECT_WITH(NIBBLE_ERROR_OPTION, mirostat, 2);
    EXPECT_WITH(NIBBLE_ERROR_OPTION, dry_base, 0.5f);
    EXPECT_WITH(NIBBLE_ERROR_OPTION, n_probs, -1);
    EXPECT_WITH(NIBBLE_ERROR_ARGUMENT, n_biases, 1);
    EXPECT_WITH(NIBBLE_ERROR_JSON, tools, "[");
    EXPECT_WITH(NIBBLE_ERROR_JSON, variables, "{\"a\": }");
    CHECK(strstr(nibble_error_text(last), "at byte 6") != NULL);
}

static void test_prompts(nibble_session* session) {
    char long_prompt[8192];
    nibble_reply* reply = NULL;
    memset(long_prompt, '?', sizeof long_prompt);
    EXPECT(NIBBLE_ERROR_CONTEXT_FULL,
           nibble_session_generate(session, long_prompt, sizeof long_prompt, NULL, &reply, last));
    EXPECT(NIBBLE_ERROR_CONTEXT, nibble_session_generate(session, "", 0, NULL, &reply, last));
    CHECK(reply == NULL);
}

static void test_structures(nibble_session* session) {
    const struct {
        int32_t structure;
        const char* text;
        nibble_status expected;
    } wrong[] = {{NIBBLE_JSON_SCHEMA, "{", NIBBLE_ERROR_JSON},
                 {NIBBLE_JSON_SCHEMA, "{\"type\": \"number\", \"not\": {}}", NIBBLE_ERROR_GRAMMAR},
                 {NIBBLE_GBNF, "root ::= (", NIBBLE_ERROR_GRAMMAR},
                 {NIBBLE_GBNF, "", NIBBLE_ERROR_GRAMMAR},
                 {NIBBLE_REGEX, "(a", NIBBLE_ERROR_GRAMMAR},
                 {NIBBLE_REGEX, "(?=a)b", NIBBLE_ERROR_GRAMMAR}};
    size_t i;
    for (i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        nibble_reply_options options = greedy();
        nibble_reply* reply = NULL;
        options.structure = wrong[i].structure;
        options.structure_text = wrong[i].text;
        EXPECT(wrong[i].expected, nibble_session_generate(session, "Hi", 2, &options, &reply, last));
    }
}

static void test_other_options(const nibble_model* model, const char* path) {
    nibble_model_options load_options;
    nibble_session_options options;
    nibble_model* loaded = NULL;
    nibble_session* session = NULL;
    nibble_session_info info;
    nibble_conversation* conversation = ask("Hi");
    CHECK(nibble_model_options_init(&load_options, sizeof load_options - 1) == NIBBLE_ERROR_ARGUMENT);
    DONE(nibble_model_options_init(&load_options, sizeof load_options));
    load_options.copy = 2;
    EXPECT(NIBBLE_ERROR_OPTION, nibble_model_load(path, NIBBLE_NUL_ENDED, &load_options, &loaded, last));
    load_options.copy = 1;
    load_options.context = 64;
    load_options.chat_template = "{{";
    OK(nibble_model_load(path, NIBBLE_NUL_ENDED, &load_options, &loaded, last));
    OK(nibble_session_new(loaded, NULL, &session, last));
    info.size = sizeof info - 1;
    EXPECT(NIBBLE_ERROR_ARGUMENT, nibble_session_get_info(session, &info, last));
    info.size = sizeof info;
    OK(nibble_session_get_info(session, &info, last));
    CHECK(info.context == 64);
    EXPECT(NIBBLE_ERROR_TEMPLATE, nibble_session_prompt_tokens(session, conversation, NULL, &n, last));
    DONE(nibble_conversation_free(conversation));
    DONE(nibble_session_free(session));
    DONE(nibble_model_free(loaded));

    DONE(nibble_session_options_init(&options, sizeof options));
    options.cache_type = 3;
    EXPECT(NIBBLE_ERROR_OPTION, nibble_session_new(model, &options, &session, last));
    DONE(nibble_session_options_init(&options, sizeof options));
    options.context = 0;
    EXPECT(NIBBLE_ERROR_CONTEXT, nibble_session_new(model, &options, &session, last));
    CHECK(session == NULL);
}

int main(int argc, char** argv) {
    nibble_model* model;
    nibble_session* session;
    if (argc != 2) return 2;
    last = nibble_error_new();
    model = load(argv[1]);
    session = new_session(model);
    test_pointers(model, session, argv[1]);
    test_texts(model, session);
    test_reply_options(session);
    test_prompts(session);
    test_structures(session);
    test_other_options(model, argv[1]);
    DONE(nibble_session_free(session));
    DONE(nibble_model_free(model));
    DONE(nibble_error_free(last));
    return n_failed != 0;
}
