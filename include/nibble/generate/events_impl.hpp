// SPDX-License-Identifier: Apache-2.0
// Definitions of generate/events.hpp: from pieces to events.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/reply_format.hpp>
#include <nibble/generate/callable_tools.hpp>
#include <nibble/generate/events.hpp>
#include <nibble/generate/generation.hpp>
#include <nibble/generate/session_state.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION reply_events::reply_events(generation& owner)
    : owner_(&owner),
      parser_(format_for(owner), owner.stats().prompt_tokens),
      begin_(owner.text().size() > owner.n_resumed_ ? owner.text().size() : 0),
      parsed_(begin_) {}

NIBBLE_FUNCTION reply_events::iterator reply_events::begin() & {
    advance();
    return iterator{*this};
}

NIBBLE_FUNCTION reply_format reply_events::format_for(const generation& owner) {
    reply_format format = owner.session_->source().reply_format();
    format.starts_in_reasoning = owner.starts_in_reasoning_;
    const generation_options& options = owner.options_;
    format.tools = detail::callable_names(options);
    if (format.tools->empty()) {
        format.tool_calls.clear();
        format.bare_calls = false;
    }
    if (options.tool_choice.offered && !options.python_tools.is_null()) format.tool_calls.push_back(code_form());
    return format;
}

NIBBLE_FUNCTION void reply_events::advance() {
    if (at_ < events_.size()) ++at_;
    while (at_ == events_.size() && !finished_) {
        if (unparsed().empty()) owner_->advance();
        if (torn_) {  // the parser threw in the middle of a piece
            parser_.reset();
            (void)parser_.push(owner_->text().substr(begin_, parsed_ - begin_));
        }
        torn_ = true;
        const std::string_view piece = unparsed();
        const auto next = piece.empty() ? parser_.finish() : parser_.push(piece);
        std::vector<reply_event> fresh(next.begin(), next.end());
        torn_ = false;
        events_.swap(fresh);
        at_ = 0;
        parsed_ += piece.size();
        finished_ = piece.empty();
    }
}

NIBBLE_FUNCTION reply_events generation::events() & { return reply_events{*this}; }
NIBBLE_FUNCTION reply_events generation::events() && {
    return reply_events{std::make_unique<generation>(std::move(*this))};
}

NIBBLE_NAMESPACE_END
