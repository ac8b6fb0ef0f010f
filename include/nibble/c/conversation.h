// SPDX-License-Identifier: Apache-2.0
// Conversations in C: messages for a chat template.
#ifndef NIBBLE_C_CONVERSATION_H
#define NIBBLE_C_CONVERSATION_H

#include <nibble/c/base.h>

NIBBLE_C_BEGIN

enum { NIBBLE_SYSTEM = 0, NIBBLE_USER = 1, NIBBLE_ASSISTANT = 2, NIBBLE_TOOL = 3 };

NIBBLE_API nibble_status nibble_conversation_new(nibble_conversation** conversation, nibble_error* error);

NIBBLE_API nibble_status nibble_conversation_free(nibble_conversation* conversation);

NIBBLE_API nibble_status nibble_conversation_add(nibble_conversation* conversation, int32_t role, const char* content,
                                                 size_t length, nibble_error* error);

// Adds a message in OpenAI's form: {"role", "content", "reasoning_content", "tool_calls": [{"id", "function": {"name",
// "arguments"}}], "name", "tool_call_id"}; only the role has to be there.
NIBBLE_API nibble_status nibble_conversation_add_json(nibble_conversation* conversation, const char* json,
                                                      size_t length, nibble_error* error);

// Adds a reply that has ended as a message of the assistant: answer, reasoning and calls apart. No events follow then.
NIBBLE_API nibble_status nibble_conversation_add_reply(nibble_conversation* conversation, nibble_reply* reply,
                                                       nibble_error* error);

NIBBLE_API nibble_status nibble_conversation_size(const nibble_conversation* conversation, size_t* n_messages,
                                                  nibble_error* error);

// Forgets the messages from number `n_messages` on; NIBBLE_ERROR_ARGUMENT where there are fewer.
NIBBLE_API nibble_status nibble_conversation_truncate(nibble_conversation* conversation, size_t n_messages,
                                                      nibble_error* error);

NIBBLE_C_END

#endif
