// SPDX-License-Identifier: Apache-2.0
// Where JSON ends that arrives piece by piece.
#pragma once

#include <cstddef>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Finds the end of a JSON object or list while it arrives, byte by byte. Does not check what json::parse will.
class json_end_finder {
public:
    void feed(char c) noexcept {
        if (broken_) return;
        if (in_string_) {
            if (static_cast<unsigned char>(c) < 0x20) {  // a line break cannot be in a string: this one is not closed
                broken_ = true;
                in_string_ = false;
            } else if (escaped_) {
                escaped_ = false;
            } else if (c == '\\') {
                escaped_ = true;
            } else if (c == '"') {
                in_string_ = false;
            }
        } else if (c == '"') {
            in_string_ = true;
        } else if (c == '{' || c == '[') {
            ++depth_;
        } else if ((c == '}' || c == ']') && depth_ > 0) {
            done_ = --depth_ == 0;
        }
    }
    [[nodiscard]] bool started() const noexcept { return depth_ > 0; }
    [[nodiscard]] bool in_string() const noexcept { return in_string_; }
    [[nodiscard]] bool done() const noexcept { return done_; }
    /// No JSON can come of this any more.
    [[nodiscard]] bool broken() const noexcept { return broken_; }

private:
    std::size_t depth_ = 0;
    bool in_string_ = false, escaped_ = false, done_ = false, broken_ = false;
};

NIBBLE_NAMESPACE_END
