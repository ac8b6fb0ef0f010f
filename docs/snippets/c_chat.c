// SPDX-License-Identifier: Apache-2.0
// A question and its answer in C, as the answer comes.
#include <nibble/nibble.h>

#include <stdio.h>

int main(int argc, char** argv) {
    const char* path = argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf";
    // [c_chat]
    nibble_error* error = nibble_error_new();
    nibble_model* model = NULL;
    nibble_session* session = NULL;
    nibble_conversation* conversation = NULL;
    nibble_reply* reply = NULL;
    nibble_reply_options options;
    const char* piece = "";
    size_t length = 1;

    nibble_status status = nibble_reply_options_init(&options, sizeof options);
    options.temperature = 0;
    options.thinking = NIBBLE_THINKING_OFF;
    if (!status) status = nibble_model_load(path, NIBBLE_NUL_ENDED, NULL, &model, error);
    if (!status) status = nibble_session_new(model, NULL, &session, error);
    if (!status) status = nibble_conversation_new(&conversation, error);
    if (!status)
        status = nibble_conversation_add(conversation, NIBBLE_USER, "What is the capital of Austria?", NIBBLE_NUL_ENDED,
                                         error);
    if (!status) status = nibble_session_chat(session, conversation, &options, &reply, error);
    while (!status && length > 0) {
        status = nibble_reply_next(reply, &piece, &length, error);
        fwrite(piece, 1, length, stdout);
        fflush(stdout);
    }
    if (status) fprintf(stderr, "%s: %s\n", nibble_status_name(status), nibble_error_text(error));

    nibble_reply_free(reply);  // null where there is none
    nibble_conversation_free(conversation);
    nibble_session_free(session);
    nibble_model_free(model);
    nibble_error_free(error);
    // [c_chat]
    return status != NIBBLE_OK;
}
