// SPDX-License-Identifier: Apache-2.0
// The text of a reply as it grows: whole characters, given out in pieces, up to a stop string.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/generate/stop_strings.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// Bytes go in, token by token; bytes that are no UTF-8 come out as U+FFFD.
class reply_text {
public:
    explicit reply_text(const std::vector<std::string>& stop) : stops_(stop) {}

    void reserve(std::size_t bytes) { text_.reserve(bytes); }

    /// All that was given out. Valid until more is added.
    [[nodiscard]] std::string_view given() const noexcept { return std::string_view{text_}.substr(0, n_given_); }
    /// What of it came since begin_piece().
    [[nodiscard]] std::string_view piece() const noexcept { return given().substr(piece_begin_); }
    void begin_piece() noexcept { piece_begin_ = n_given_; }

    /// The bytes of a token, in which stop strings count or not. What can no more become one is given out. False when
    /// one has appeared: the text ends before it.
    bool add(std::string_view bytes, bool stops_count) { return append(characters_.push(bytes), stops_count); }

    /// Nothing comes any more: what was held back is given out. False as add().
    bool finish(bool stops_count) {
        const bool goes_on = append(characters_.finish(), stops_count);
        n_given_ = text_.size();
        return goes_on;
    }

    /// Which of the strings has ended the text, if one has.
    [[nodiscard]] bool stopped() const noexcept { return stops_.matched(); }
    [[nodiscard]] std::size_t stopped_by() const noexcept { return stops_.which(); }

private:
    bool append(std::string_view characters, bool stops_count) {
        text_ += characters;
        if (stops_count)
            stops_.feed(characters);
        else
            stops_.skip(characters.size());
        n_given_ = stops_.settled();
        if (stops_.matched()) text_.resize(n_given_);
        return !stops_.matched();
    }

    utf8_stream characters_{invalid_utf8::replace};
    stop_strings stops_;
    std::string text_;             // given out, and after it what may become a stop string
    std::size_t piece_begin_ = 0;  // of the latest piece, which ends at n_given_
    std::size_t n_given_ = 0;
};

}  // namespace detail
NIBBLE_NAMESPACE_END
