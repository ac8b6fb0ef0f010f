// SPDX-License-Identifier: Apache-2.0
// A part of a reply as it comes.
#pragma once

#include <string>

#include <nibble/chat/message.hpp>
#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

struct reply_event {
    enum class kind {
        reasoning,
        answer,
        tool_call,
        tool_call_malformed,  ///< began as a call and is none: cut off, no JSON, no name
    };
    kind type = kind::answer;
    std::string raw;   ///< the bytes of the reply; joined over all events they are the reply
    std::string text;  ///< of reasoning and answer: without tags and the white space after them
    nibble::tool_call call = {};
    std::string problem = {};  ///< what is wrong with a malformed call
};

NIBBLE_NAMESPACE_END
