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
        for_each_candidate(text, [&](std::size_t, std::size_t, std::uint32_t offset) {
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
        for_each_candidate(text, [&](std::size_t at, std::size_t length, std::uint32_t offset) {
            const auto found = std::lower_bound(given_.begin(), given_.end(), offset);
            if (found == given_.end() || *found != offset) return;
            f(text.substr(done, at - done), static_cast<std::size_t>(found - given_.begin()));
            done = at + length;
        });
        f(text.substr(done), none);
    }

private:
    static constexpr char32_t first = 0xf0000;
    static constexpr std::uint32_t plane_size = 0x10000;

    /// Calls f(byte offset, length, number within the plane) for every character of the plane, as it is (all begin with
    /// F3) or escaped as Python's repr and ASCII JSON write it, which templates may: \U000fhhhh, \udbxx\udcxx.
    template <class F>
    static void for_each_candidate(std::string_view text, F f) {
        for (std::size_t at = text.find_first_of("\xf3\\"); at < text.size();
             at = text.find_first_of("\xf3\\", at + 1)) {
            std::size_t length = 4;
            std::uint32_t code_point = 0;
            if (text[at] == '\xf3') {
                code_point = static_cast<std::uint32_t>(decode_utf8(text, at).code_point);
            } else if (text.substr(at, 6) == "\\U000f") {
                length = 10;
                code_point = static_cast<std::uint32_t>(first) + hex4(text.substr(at + 6, 4));
            } else if (text.substr(at, 4) == "\\udb" && text.substr(at + 6, 3) == "\\ud") {
                length = 12;
                code_point =
                    0x10000 + ((hex4(text.substr(at + 2, 4)) - 0xd800) << 10) + (hex4(text.substr(at + 8, 4)) - 0xdc00);
            }
            if (const auto offset = code_point - static_cast<std::uint32_t>(first);
                offset < plane_size && at + length <= text.size())
                f(at, length, offset);
        }
    }

    /// The value of up to four hexadecimal digits in lower case; beyond every plane for anything else.
    [[nodiscard]] static std::uint32_t hex4(std::string_view digits) noexcept {
        std::uint32_t value = 0;
        for (const char c : digits) {
            const bool decimal = c >= '0' && c <= '9';
            if (!decimal && !(c >= 'a' && c <= 'f')) return 0x01000000;
            value = value * 16 + static_cast<std::uint32_t>(decimal ? c - '0' : c - 'a' + 10);
        }
        return value;
    }

    std::vector<bool> used_;            // of the plane; empty while nothing is
    std::vector<std::uint32_t> given_;  // ascending
    std::uint32_t next_ = 0;
};

NIBBLE_NAMESPACE_END
