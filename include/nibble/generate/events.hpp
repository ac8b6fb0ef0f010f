// SPDX-License-Identifier: Apache-2.0
// A reply as typed events: what the model thinks, what it answers, which tools it calls.
#pragma once

#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/reply_parser.hpp>
#include <nibble/chat/template.hpp>
#include <nibble/core/config.hpp>
#include <nibble/generate/generation.hpp>

NIBBLE_NAMESPACE_BEGIN

/// An input range of events; walking it generates. Text comes as it is generated, in many events; a tool call as one,
/// when it is complete. A call that makes no sense is an event too, never an exception. Borrows its generation.
class reply_events {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = reply_event;
        using difference_type = std::ptrdiff_t;
        using pointer = const reply_event*;
        using reference = const reply_event&;

        iterator() = default;
        /// Valid until the next increment.
        [[nodiscard]] reference operator*() const noexcept { return owner_->current(); }
        [[nodiscard]] pointer operator->() const noexcept { return &owner_->current(); }
        /// Throws as an increment of the generation's iterator does.
        iterator& operator++() {
            owner_->advance();
            return *this;
        }
        void operator++(int) { ++*this; }
        [[nodiscard]] friend bool operator==(const iterator& it, std::default_sentinel_t) noexcept {
            return it.at_end();
        }

    private:
        friend class reply_events;
        explicit iterator(reply_events& owner) noexcept : owner_(&owner) {}
        [[nodiscard]] bool at_end() const noexcept { return !owner_ || owner_->ended(); }
        reply_events* owner_ = nullptr;
    };

    explicit reply_events(generation& owner) : owner_(&owner), parser_(format_for(owner)) {}

    [[nodiscard]] iterator begin() {
        advance();
        return iterator{*this};
    }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

    /// The reply so far as a message of the assistant, to be added to the conversation.
    [[nodiscard]] const message& reply() const noexcept { return parser_.reply(); }

private:
    static reply_format format_for(const generation& owner) {
        reply_format format = owner.session_->source().reply_format();
        format.starts_in_reasoning = owner.starts_in_reasoning_;
        if (!owner.options_.python_tools.is_null()) format.tool_calls.push_back(code_form());
        return format;
    }

    [[nodiscard]] const reply_event& current() const noexcept { return events_[at_]; }
    [[nodiscard]] bool ended() const noexcept { return at_ >= events_.size(); }

    void advance() {
        if (at_ < events_.size()) ++at_;
        while (at_ == events_.size() && !finished_) {
            owner_->advance();
            finished_ = owner_->piece().empty();
            const auto next = finished_ ? parser_.finish() : parser_.push(owner_->piece());
            events_.assign(next.begin(), next.end());
            at_ = 0;
        }
    }

    generation* owner_;
    reply_parser parser_;
    std::vector<reply_event> events_;
    std::size_t at_ = 0;
    bool finished_ = false;
};

inline reply_events generation::events() { return reply_events{*this}; }

NIBBLE_NAMESPACE_END
