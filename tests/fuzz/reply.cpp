// SPDX-License-Identifier: Apache-2.0
// A reply in pieces of any size gives the message that it gives in one, and no byte of it is lost.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <nibble/chat/reply_parser.hpp>

#include "fuzz/fuzz.hpp"

using namespace nibble;

namespace {

reply_format format_of(std::uint8_t choices) {
    reply_format format;
    if (choices & 1u) format.starts_in_reasoning = true;
    if (choices & 2u) format.bare_calls = true;
    if (choices & 4u) format.tools = {"search", "add"};
    if (choices & 8u) format.tool_calls.push_back(code_form());
    if (choices & 16u) format.max_call_bytes = 64;
    if (choices & 32u) format.think_open.clear();
    return format;
}

struct seen {
    std::string raw, reasoning, answer;
    message reply;
};

/// The reply in pieces as long as `next` says.
template <class Next>
seen read(const reply_format& format, std::string_view reply, Next next) {
    reply_parser parser{format};
    seen out;
    const auto take = [&](std::span<const reply_event> events) {
        for (const auto& event : events) {
            out.raw += event.raw;
            if (event.type == reply_event::kind::reasoning) out.reasoning += event.text;
            if (event.type == reply_event::kind::answer) out.answer += event.text;
        }
    };
    while (!reply.empty()) {
        const std::string_view piece = reply.substr(0, next());
        take(parser.push(piece));
        reply.remove_prefix(piece.size());
    }
    take(parser.finish());
    out.reply = parser.reply();
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in{data, size};
    const reply_format format = format_of(in.byte());
    fuzz::input sizes{in.text(8)};
    const std::string_view reply = in.rest();
    const auto whole = read(format, reply, [&] { return reply.size(); });
    const auto pieces = read(format, reply, [&] { return 1 + sizes.below(16); });
    fuzz::require(whole.raw == reply && pieces.raw == reply);
    fuzz::require(whole.reasoning == pieces.reasoning && whole.answer == pieces.answer);
    fuzz::require(whole.reply.content == pieces.reply.content && whole.reply.reasoning == pieces.reply.reasoning);
    fuzz::require(whole.reply.tool_calls.size() == pieces.reply.tool_calls.size());
    for (std::size_t i = 0; i < whole.reply.tool_calls.size(); ++i) {
        const tool_call &a = whole.reply.tool_calls[i], &b = pieces.reply.tool_calls[i];
        fuzz::require(a.id == b.id && a.name == b.name && a.arguments.dump() == b.arguments.dump());
    }
    return 0;
}
