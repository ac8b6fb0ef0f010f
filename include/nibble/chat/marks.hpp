// SPDX-License-Identifier: Apache-2.0
// Marks that are put into texts before a template renders them, and found again in what it writes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Each mark is one character of the private-use plane 15, U+F0000 to U+FFFFF, that occurs in none of the texts that
/// were to be avoided: so no text can hold a mark that was not put there. One thread at a time.
class text_marks {
public:
    /// What split() says of the text behind the last mark.
    static constexpr std::size_t none = std::string_view::npos;

    /// No mark given from now on occurs in `text`.
    void avoid(std::string_view text) {
        for_each_candidate(text, [&](std::size_t, std::uint32_t offset) {
            used_.resize(plane_size);
            used_[offset] = true;
        });
    }

    /// Another mark; they are numbered from 0 in the order in which they are given. Throws errc::limit_exceeded where
    /// the texts to avoid and the marks so far take all characters of the plane.
    [[nodiscard]] std::string next() {
        while (next_ < used_.size() && used_[next_]) ++next_;
        if (next_ == plane_size)
            throw error(errc::limit_exceeded, "messages",
                        "a private-use character of plane 15 that they do not contain", "all of them");
        std::string mark;
        append_utf8(mark, first + next_);
        given_.push_back(next_++);
        return mark;
    }

    /// Calls f(stretch, number) for the text before each mark and the number of that mark, and in the end for what is
    /// left and `none`.
    template <class F>
    void split(std::string_view text, F f) const {
        std::size_t done = 0;
        for_each_candidate(text, [&](std::size_t at, std::uint32_t offset) {
            const auto found = std::lower_bound(given_.begin(), given_.end(), offset);
            if (found == given_.end() || *found != offset) return;
            f(text.substr(done, at - done), static_cast<std::size_t>(found - given_.begin()));
            done = at + mark_length;
        });
        f(text.substr(done), none);
    }

private:
    static constexpr char32_t first = 0xf0000;
    static constexpr std::uint32_t plane_size = 0x10000;
    static constexpr std::size_t mark_length = 4;

    /// Calls f(byte offset, number within the plane) for every character of the plane, all of which begin with F3.
    template <class F>
    static void for_each_candidate(std::string_view text, F f) {
        for (std::size_t at = text.find('\xf3'); at < text.size(); at = text.find('\xf3', at + 1))
            if (const auto offset = decode_utf8(text, at).code_point - first; offset < plane_size)
                f(at, static_cast<std::uint32_t>(offset));
    }

    std::vector<bool> used_;            // of the plane; empty while nothing is
    std::vector<std::uint32_t> given_;  // ascending
    std::uint32_t next_ = 0;
};

NIBBLE_NAMESPACE_END
