// SPDX-License-Identifier: Apache-2.0
// Takes a reply apart while it is generated: reasoning, answer and tool calls as events of one stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/chat/call_scanner.hpp>
#include <nibble/chat/message.hpp>
#include <nibble/chat/reply_event.hpp>
#include <nibble/chat/reply_format.hpp>
#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/json/end_finder.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Feed it the pieces of a reply, cut anywhere, then finish(). What was said is also collected as a message, to go on
/// with. A call that the model gives no id gets one of nine letters and digits: all templates that ask for ids take
/// these. Nothing in a reply is an error: a call that cannot be understood is an event of its own. Text is given on as
/// soon as it cannot be part of a tag, calls when they are complete. Linear in the length of the reply.
class reply_parser {
public:
    /// Ids differ where `seed` does: it should differ from reply to reply of a conversation, as its length.
    explicit reply_parser(reply_format format = {}, std::uint64_t seed = 0);

    /// The events that this piece completes. Valid until the next call.
    array_view<reply_event> push(std::string_view piece);

    /// The reply has ended: what still waits. Valid until the next call, which is reset() or none.
    array_view<reply_event> finish();

    /// The reply so far as a message of the assistant; whole after finish(). What began as a call and is none stands in
    /// its content.
    [[nodiscard]] const message& reply() const noexcept { return reply_; }

    /// Forgets everything, for another reply.
    void reset();

private:
    using kind = reply_event::kind;
    enum class part { answer, reasoning, call, bare_call };
    static constexpr std::size_t none = std::string::npos;

    void parse(bool ended);

    /// Takes something off the buffer, or returns false if it has to wait for more.
    bool step(bool ended);

    bool read_reasoning(bool ended);

    bool read_answer(bool ended);

    /// The buffer has starts_[tag] next.
    bool begin_part(std::size_t tag);

    // ---- calls: from done_ on the buffer holds the call

    /// Of the forms that begin with this tag, those that end as the first of them does.
    bool begin_call(const std::string& open);

    bool read_call(bool ended);

    bool begin_bare_call();

    /// A reply that starts with an object: a call if it has a name, else the answer.
    bool read_bare_call(bool ended);

    [[nodiscard]] bool is_offered(std::string_view name) const;

    bool give_calls(std::vector<tool_call> calls, std::size_t length);

    bool give_malformed(std::size_t length, std::string problem);

    // ---- text

    /// The first place from done_ on where one of the tags stands, and which; or the first place where one may begin
    /// that is not there yet, or `limit` or the end, and none.
    [[nodiscard]] std::pair<std::size_t, std::size_t> find_tag(array_view<std::string> tags, bool ended,
                                                               std::size_t limit = none) const;

    /// Gives the next `length` bytes, of which the first `markup` are not text.
    void give(kind type, std::size_t length, std::size_t markup = 0);

    reply_format format_;
    std::uint64_t seed_;
    std::vector<std::string> tags_;  // that begin a call; behind them those around all calls, then ends of answers
    std::size_t n_open_tags_ = 0, n_tags_ = 0;
    std::vector<std::string> starts_;  // of reasoning, then of answers
    std::vector<reply_event> events_;
    message reply_;
    std::string buffer_;    // what has not been given
    std::size_t done_ = 0;  // within one call: given of buffer_
    part part_ = part::answer;
    bool at_start_ = true;     // nothing but reasoning and white space so far
    bool after_call_ = false;  // nothing but white space since a call that another bare one may follow
    bool trim_ = true;         // drop white space until text comes
    std::optional<detail::call_scanner> call_;
    json_end_finder bare_;     // of a bare call
    std::size_t scanned_ = 0;  // of a bare call
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/chat/reply_parser_impl.hpp>
#endif
