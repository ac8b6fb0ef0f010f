// SPDX-License-Identifier: Apache-2.0
// Messages of several lines: between """ and """, or with a backslash at the end of each line but the last.
#pragma once

#include <string>
#include <string_view>
#include <utility>

/// Takes lines until they are a message. Several lines at once are pasted text, a message as they are.
class line_joiner {
public:
    /// True when the message is complete.
    bool push(std::string_view line) {
        const bool begins = !std::exchange(pending_, true);
        text_ += line;
        if (begins && line.find('\n') != std::string_view::npos) return true;
        if (begins) in_quotes_ = line.starts_with(quotes);
        const bool complete =
            in_quotes_ ? text_.size() >= 2 * quotes.size() && text_.ends_with(quotes) : !ends_in_backslash(line);
        if (!complete && !in_quotes_) text_.pop_back();
        if (!complete) text_ += '\n';
        return complete;
    }

    /// There are lines of a message that is not complete.
    [[nodiscard]] bool pending() const noexcept { return pending_; }

    /// What there is, as a message; then the next one begins. A newline beside the quotes belongs to them.
    std::string take() {
        const line_joiner taken = std::exchange(*this, {});
        std::string_view text = taken.text_;
        if (!taken.in_quotes_) return std::string{text};
        text.remove_prefix(quotes.size());
        if (text.ends_with(quotes)) text.remove_suffix(quotes.size());
        if (text.starts_with('\n')) text.remove_prefix(1);
        if (text.ends_with('\n')) text.remove_suffix(1);
        return std::string{text};
    }

private:
    static constexpr std::string_view quotes = "\"\"\"";

    /// An odd number of backslashes: two at the end are no sign to go on.
    static bool ends_in_backslash(std::string_view line) {
        return (line.size() - (line.find_last_not_of('\\') + 1)) % 2 == 1;
    }

    std::string text_;
    bool pending_ = false, in_quotes_ = false;
};
