// SPDX-License-Identifier: Apache-2.0
// A reply as typed events: what the model thinks, what it answers, which tools it calls.
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <string_view>
#include <vector>

#include <nibble/chat/reply_parser.hpp>
#include <nibble/core/config.hpp>
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

    explicit reply_events(generation& owner);

    explicit reply_events(std::unique_ptr<generation> owned) : reply_events(*owned) { owned_ = std::move(owned); }

    [[nodiscard]] iterator begin() &;
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

    /// The reply so far as a message of the assistant, to be added to the conversation.
    [[nodiscard]] const message& reply() const& noexcept { return parser_.reply(); }
    [[nodiscard]] message reply() && { return parser_.reply(); }

private:
    static reply_format format_for(const generation& owner);

    [[nodiscard]] const reply_event& current() const noexcept { return events_[at_]; }
    [[nodiscard]] bool ended() const noexcept { return at_ >= events_.size(); }

    /// Where something throws, nothing of the text is lost: the next call goes on with it.
    void advance();

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

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/generate/events_impl.hpp>
#endif
