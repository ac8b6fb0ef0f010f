// SPDX-License-Identifier: Apache-2.0
// Standard input by lines or as a whole. What cannot be read (a directory) is an error, not the end of the text.
#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "system.hpp"

/// Reads the file descriptor itself, so that what has not been asked for is left in it or in here, and that errors are
/// those of the system. One per program.
class standard_input {
public:
    /// Asked before each wait for more; false ends the text.
    using permission = bool (*)();

    explicit standard_input(permission may_wait = [] { return true; }) : may_wait_(may_wait) {}

    /// The next line without its end, which is LF or CR LF; false at the end of the text. Throws std::system_error.
    bool next_line(std::string& line) {
        line.clear();
        do {
            const std::size_t end = unread_.find('\n');
            line += unread_.substr(0, end);
            if (end != std::string_view::npos) {
                unread_.remove_prefix(end + 1);
                if (line.ends_with('\r')) line.pop_back();
                return true;
            }
        } while (read_more());
        return !line.empty();
    }

    /// All that is left, byte for byte. Throws std::system_error.
    std::string rest() {
        std::string text;
        do {
            text += unread_;
        } while (read_more());
        return text;
    }

private:
    /// Replaces what is unread, which has been taken.
    bool read_more() {
        unread_ = {};
        if (!may_wait_()) return false;
        std::ptrdiff_t n = 0;
        do {
            n = os::read_input(buffer_.data(), buffer_.size());
        } while (n < 0 && errno == EINTR && may_wait_());
        if (n < 0 && errno != EINTR)
            throw std::system_error(errno, std::generic_category(), "standard input cannot be read");
        unread_ = {buffer_.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
        return n > 0;
    }

    permission may_wait_;
    std::array<char, 65'536> buffer_;
    std::string_view unread_;  // in buffer_
};
