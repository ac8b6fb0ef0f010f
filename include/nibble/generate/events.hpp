// SPDX-License-Identifier: Apache-2.0
// A reply as typed events: what the model thinks, what it answers, which tools it calls.
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/reply_parser.hpp>
#include <nibble/chat/template.hpp>
#include <nibble/core/config.hpp>
#include <nibble/generate/callable_tools.hpp>
#include <nibble/generate/generation.hpp>

NIBBLE_NAMESPACE_BEGIN

/// An input range of events; walking it generates. Text comes as it is generated, in many events; a tool call as one,
/// when it is complete. A call that makes no sense is an event too, never an exception. Borrows its generation, but for
/// one that would end with the expression, which it owns.
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

    explicit reply_events(generation& owner)
        : owner_(&owner),
          parser_(format_for(owner), owner.stats().prompt_tokens),
          begin_(owner.text().size()),
          parsed_(begin_) {}

    explicit reply_events(std::unique_ptr<generation> owned) : reply_events(*owned) { owned_ = std::move(owned); }

    [[nodiscard]] iterator begin() & {
        advance();
        return iterator{*this};
    }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

    /// The reply so far as a message of the assistant, to be added to the conversation.
    [[nodiscard]] const message& reply() const& noexcept { return parser_.reply(); }
    [[nodiscard]] message reply() && { return parser_.reply(); }

private:
    static reply_format format_for(const generation& owner) {
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

    [[nodiscard]] const reply_event& current() const noexcept { return events_[at_]; }
    [[nodiscard]] bool ended() const noexcept { return at_ >= events_.size(); }

    /// Where something throws, nothing of the text is lost: the next call goes on with it.
    void advance() {
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

    [[nodiscard]] std::string_view unparsed() const noexcept { return owner_->text().substr(parsed_); }

    generation* owner_;
    std::unique_ptr<generation> owned_;
    reply_parser parser_;
    std::vector<reply_event> events_;
    std::size_t at_ = 0;
    std::size_t begin_, parsed_;  // of the generation's text: where this walk began, how far it is
    bool torn_ = false;
    bool finished_ = false;
};

inline reply_events generation::events() & { return reply_events{*this}; }
inline reply_events generation::events() && { return reply_events{std::make_unique<generation>(std::move(*this))}; }

NIBBLE_NAMESPACE_END
