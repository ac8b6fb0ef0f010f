// SPDX-License-Identifier: Apache-2.0
// What the C interface does with sessions and replies: conversations, stopping, structure, events.
#include "support.h"

static void test_conversation(nibble_session* session) {
    const nibble_reply_options options = greedy();
    nibble_conversation* conversation = ask("Hi, I am Omar.");
    nibble_reply* reply = NULL;
    char text[512];
    size_t n = 0, n_tokens = 0;
    OK(nibble_session_chat(session, conversation, &options, &reply, last));
    EXPECT(NIBBLE_ERROR_ARGUMENT, nibble_conversation_add_reply(conversation, reply, last));
    CHECK(strcmp(finish(reply, text, sizeof text), "Nice to meet you, Omar!") == 0);
    CHECK(info_of(reply).finish == NIBBLE_END_TOKEN && info_of(reply).is_complete == 1);
    OK(nibble_conversation_add_reply(conversation, reply, last));
    DONE(nibble_reply_free(reply));

    OK(nibble_conversation_add(conversation, NIBBLE_USER, "What is my name?", NIBBLE_NUL_ENDED, last));
    OK(nibble_session_prompt_tokens(session, conversation, &options, &n_tokens, last));
    OK(nibble_session_chat(session, conversation, &options, &reply, last));
    CHECK(info_of(reply).prompt_tokens == n_tokens && info_of(reply).reused_tokens == 48);
    CHECK(strcmp(finish(reply, text, sizeof text), "Your name is Omar.") == 0);
    DONE(nibble_reply_free(reply));

    OK(nibble_session_fit(session, conversation, 0, &options, &n, last));
    CHECK(n == 0);
    OK(nibble_session_fit(session, conversation, 980, &options, &n, last));
    CHECK(n == 2);
    OK(nibble_conversation_size(conversation, &n, last));
    CHECK(n == 1);
    EXPECT(NIBBLE_ERROR_ARGUMENT, nibble_conversation_truncate(conversation, 2, last));
    OK(nibble_conversation_truncate(conversation, 0, last));
    OK(nibble_conversation_size(conversation, &n, last));
    CHECK(n == 0);
    DONE(nibble_conversation_free(conversation));
}

// Handles may go in any order: the reply has what it needs.
static void test_lifetimes(const char* path) {
    const nibble_reply_options options = greedy();
    nibble_model* model = load(path);
    nibble_session* session = new_session(model);
    nibble_conversation* conversation = ask("Hi, I am Omar.");
    nibble_reply* reply = NULL;
    char text[512];
    OK(nibble_session_chat(session, conversation, &options, &reply, last));
    DONE(nibble_model_free(model));
    DONE(nibble_conversation_free(conversation));
    DONE(nibble_session_free(session));
    CHECK(strcmp(finish(reply, text, sizeof text), "Nice to meet you, Omar!") == 0);
    DONE(nibble_reply_free(reply));
}

static void test_cancel(nibble_session* session) {
    nibble_reply_options options = greedy();
    nibble_conversation* conversation = ask("Tell me a story about a lion.");
    nibble_cancel* cancel = NULL;
    nibble_reply* reply = NULL;
    const char* piece = NULL;
    const int32_t* tokens = NULL;
    char text[4096];
    size_t length = 0;
    OK(nibble_cancel_new(&cancel, last));
    options.cancel = cancel;
    OK(nibble_session_chat(session, conversation, &options, &reply, last));
    OK(nibble_reply_next(reply, &piece, &length, last));
    CHECK(length > 0);
    DONE(nibble_cancel_set(cancel, 1));
    CHECK(info_of(reply).finish == NIBBLE_UNFINISHED);
    finish(reply, text, sizeof text);
    CHECK(info_of(reply).finish == NIBBLE_CANCELLED && info_of(reply).generated_tokens < 3);
    OK(nibble_conversation_add_reply(conversation, reply, last));
    OK(nibble_conversation_truncate(conversation, 1, last));
    DONE(nibble_reply_free(reply));

    DONE(nibble_cancel_set(cancel, 0));
    CHECK(nibble_cancel_set(cancel, 2) == NIBBLE_ERROR_OPTION);
    options.max_tokens = 3;
    OK(nibble_session_chat(session, conversation, &options, &reply, last));
    DONE(nibble_cancel_free(cancel));  // the reply keeps the flag
    finish(reply, text, sizeof text);
    CHECK(info_of(reply).finish == NIBBLE_TOKEN_LIMIT && info_of(reply).generated_tokens == 3);
    OK(nibble_reply_tokens(reply, &tokens, &length, last));
    CHECK(length == 3 && tokens[0] > 0);
    DONE(nibble_reply_free(reply));
    DONE(nibble_conversation_free(conversation));
}

// The reply to a question, held to a structure.
static void structured(nibble_session* session, const char* question, int32_t structure, const char* structure_text,
                       const char* expected) {
    nibble_reply_options options = greedy();
    nibble_conversation* conversation = ask(question);
    nibble_reply* reply = NULL;
    char text[512];
    options.structure = structure;
    options.structure_text = structure_text;
    OK(nibble_session_chat(session, conversation, &options, &reply, last));
    finish(reply, text, sizeof text);
    check(strcmp(text, expected) == 0, text, __LINE__);
    CHECK(info_of(reply).is_complete == 1);
    DONE(nibble_reply_free(reply));

    options.max_tokens = 1;
    OK(nibble_session_chat(session, conversation, &options, &reply, last));
    finish(reply, text, sizeof text);
    CHECK(info_of(reply).finish == NIBBLE_TOKEN_LIMIT && info_of(reply).is_complete == 0);
    DONE(nibble_reply_free(reply));
    DONE(nibble_conversation_free(conversation));
}

static void test_structure(nibble_session* session) {
    structured(
        session, "Return a JSON object: city Warsaw and floor 3", NIBBLE_JSON_SCHEMA,
        "{\"type\": \"object\", \"properties\": {\"floor\": {\"type\": \"integer\"}}, \"required\": [\"floor\"]}",
        "{\"floor\":3}");
    structured(session, "Spell golden with dashes.", NIBBLE_GBNF, "root ::= [a-z] (\"-\" [a-z]){3}", "g-o-l-d");
    structured(session, "Spell golden with dashes.", NIBBLE_REGEX, "([a-z]-){2}[a-z]", "g-o-l");
}

static void test_events(nibble_session* session) {
    nibble_reply_options options = greedy();
    nibble_conversation* conversation = ask("Calculate 252 + 842");
    nibble_reply* reply = NULL;
    const char* text = NULL;
    char all[512];
    int32_t kind = -1;
    size_t length = 0, n = 0;
    options.tools =
        "[{\"name\": \"calculator\", \"description\": \"Evaluate an expression\", \"parameters\": {\"type\": "
        "\"object\", \"properties\": {\"expression\": {\"type\": \"string\"}}, \"required\": [\"expression\"]}}]";
    OK(nibble_session_chat(session, conversation, &options, &reply, last));
    OK(nibble_reply_next_event(reply, &kind, &text, &length, last));
    CHECK(kind == NIBBLE_EVENT_TOOL_CALL && length < sizeof all);
    memcpy(all, text, length);
    all[length] = '\0';
    CHECK(strstr(all, "\"name\":\"calculator\",\"arguments\":{\"expression\":\"252 + 842\"}") != NULL);
    OK(nibble_reply_next_event(reply, &kind, &text, &length, last));
    CHECK(kind == NIBBLE_EVENT_END && length == 0 && text != NULL);
    CHECK(strstr(finish(reply, all, sizeof all), "<tool_call>") != NULL);  // pieces are another walk
    OK(nibble_conversation_add_reply(conversation, reply, last));
    DONE(nibble_reply_free(reply));

    OK(nibble_conversation_add_json(
        conversation, "{\"role\": \"tool\", \"content\": \"{\\\"value\\\": 1094}\", \"name\": \"calculator\"}",
        NIBBLE_NUL_ENDED, last));
    OK(nibble_session_chat(session, conversation, &options, &reply, last));
    CHECK(strcmp(finish(reply, all, sizeof all), "252 + 842 = 1094.") == 0);
    DONE(nibble_reply_free(reply));

    // the same conversation, all of it in JSON
    OK(nibble_conversation_truncate(conversation, 1, last));
    OK(nibble_conversation_add_json(
        conversation,
        "{\"role\": \"assistant\", \"content\": null, \"tool_calls\": [{\"id\": \"1\", \"function\": {\"name\": "
        "\"calculator\", \"arguments\": \"{\\\"expression\\\": \\\"252 + 842\\\"}\"}}]}",
        NIBBLE_NUL_ENDED, last));
    OK(nibble_conversation_add_json(conversation,
                                    "{\"role\": \"tool\", \"content\": \"{\\\"value\\\": 1094}\", \"name\": "
                                    "\"calculator\", \"tool_call_id\": \"1\"}",
                                    NIBBLE_NUL_ENDED, last));
    OK(nibble_session_chat(session, conversation, &options, &reply, last));
    CHECK(strcmp(finish(reply, all, sizeof all), "252 + 842 = 1094.") == 0);
    DONE(nibble_reply_free(reply));
    OK(nibble_conversation_size(conversation, &n, last));
    CHECK(n == 3);
    DONE(nibble_conversation_free(conversation));
}

static void test_generate(nibble_session* session) {
    const char* stop[] = {"!", " lion"};
    const int32_t tokens[] = {1962, 291, 283, 1304};
    nibble_reply_options options = greedy();
    nibble_session_info info;
    nibble_conversation* conversation = ask("Tell me a story about a lion.");
    nibble_reply *reply = NULL, *later = NULL;
    const char* piece = NULL;
    char text[512];
    size_t length = 0;
    options.stop = stop;
    options.n_stop = 2;
    OK(nibble_session_chat(session, conversation, &options, &reply, last));
    CHECK(strcmp(finish(reply, text, sizeof text), "Once upon a time there was a strong") == 0);
    CHECK(info_of(reply).finish == NIBBLE_STOP_TEXT);
    DONE(nibble_reply_free(reply));
    DONE(nibble_conversation_free(conversation));

    OK(nibble_session_generate_tokens(session, tokens, 4, NULL, &reply, last));
    info.size = sizeof info;
    OK(nibble_session_get_info(session, &info, last));
    CHECK(info.context == 1024 && info.threads == 1 && info.bytes > 1024 && info.position == 4);
    OK(nibble_session_generate(session, "Once", 4, &options, &later, last));  // the session goes on to something else
    EXPECT(NIBBLE_ERROR_BUSY, nibble_reply_next(reply, &piece, &length, last));
    CHECK(piece == NULL && length == 0);
    OK(nibble_reply_next(later, &piece, &length, last));
    DONE(nibble_reply_free(later));
    DONE(nibble_reply_free(reply));
    OK(nibble_session_rewind(session, 0, last));
    EXPECT(NIBBLE_ERROR_CONTEXT, nibble_session_rewind(session, 1, last));
}

int main(int argc, char** argv) {
    nibble_model* model;
    nibble_session* session;
    if (argc != 2) return 2;
    last = nibble_error_new();
    model = load(argv[1]);
    session = new_session(model);
    test_conversation(session);
    test_lifetimes(argv[1]);
    test_cancel(session);
    test_structure(session);
    test_events(session);
    test_generate(session);
    DONE(nibble_session_free(session));
    DONE(nibble_model_free(model));
    DONE(nibble_error_free(last));
    return n_failed != 0;
}
