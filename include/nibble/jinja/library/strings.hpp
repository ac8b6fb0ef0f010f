// SPDX-License-Identifier: Apache-2.0
// The string operations that methods and filters share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/checked.hpp>
#include <nibble/jinja/python_text.hpp>
#include <nibble/jinja/runtime.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// Where `wanted` first occurs in `s` from `from` <= s.size() on; npos where it does not. Pays for the bytes that it
/// looks at: in a text that is made for it each place costs as much as `wanted` is long.
[[nodiscard]] inline std::size_t find_text(runtime& rt, std::string_view s, std::string_view wanted,
                                           std::size_t from = 0) {
    if (wanted.empty()) return from;
    rt.spend();
    std::uint64_t unpaid = 0;
    for (std::size_t at = from; wanted.size() <= s.size() - at; ++at) {
        const std::size_t start = std::exchange(at, s.find(wanted[0], at));
        at = std::min(at, s.size() - wanted.size() + 1);
        unpaid += at - start;
        if (at + wanted.size() > s.size()) break;
        const auto length = static_cast<std::size_t>(
            std::mismatch(wanted.begin(), wanted.end(), s.begin() + static_cast<std::ptrdiff_t>(at)).first -
            wanted.begin());
        if (length == wanted.size()) {
            rt.spend_reading(unpaid + length);
            return at;
        }
        unpaid += length;
        if (unpaid >= 4096) rt.spend_reading(std::exchange(unpaid, unpaid % 64));
    }
    rt.spend_reading(unpaid);
    return std::string_view::npos;
}
/// Where `wanted` last occurs in `s`, in the same way.
[[nodiscard]] inline std::size_t find_last_text(runtime& rt, std::string_view s, std::string_view wanted) {
    if (wanted.empty()) return s.size();
    rt.spend();
    if (wanted.size() > s.size()) return std::string_view::npos;
    std::uint64_t unpaid = 0;
    for (std::size_t end = s.size() - wanted.size() + 1; end > 0; --end) {
        const std::string_view here = s.substr(end - 1, wanted.size());
        const auto length =
            static_cast<std::size_t>(std::mismatch(wanted.begin(), wanted.end(), here.begin()).first - wanted.begin());
        if (length == wanted.size()) {
            rt.spend_reading(unpaid + length);
            return end - 1;
        }
        unpaid += 1 + length;
        if (unpaid >= 4096) rt.spend_reading(std::exchange(unpaid, unpaid % 64));
    }
    rt.spend_reading(unpaid);
    return std::string_view::npos;
}

/// Strips code points that occur in `chars` from the chosen ends.
[[nodiscard]] inline std::string_view strip_chars(runtime& rt, std::string_view s, std::string_view chars, bool left,
                                                  bool right) {
    rt.spend(chars.size() / 8);  // they are sorted
    std::vector<char32_t> set;
    for_each_code_point(chars, [&](char32_t code, std::string_view) { set.push_back(code); });
    std::sort(set.begin(), set.end());
    std::size_t first = s.size(), last = 0;  // around what stays
    std::size_t at = 0;
    for_each_code_point(s, [&](char32_t code, std::string_view bytes) {
        if (!std::binary_search(set.begin(), set.end(), code)) {
            first = std::min(first, at);
            last = at + bytes.size();
        }
        at += bytes.size();
    });
    if (!left) first = 0;
    if (!right) last = s.size();
    return first < last ? s.substr(first, last - first) : std::string_view{};
}

/// str.split(separator, most): at most `most` splits (negative: no limit), counted from the right for rsplit.
[[nodiscard]] inline std::vector<std::string_view> split(runtime& rt, std::string_view s, std::string_view separator,
                                                         std::int64_t most, bool from_right) {
    std::vector<std::string_view> parts;
    const auto limit = most < 0 ? UINT64_MAX : static_cast<std::uint64_t>(most);
    while (parts.size() < limit) {
        const std::size_t at = from_right ? find_last_text(rt, s, separator) : find_text(rt, s, separator);
        if (at == std::string_view::npos) break;
        parts.push_back(from_right ? s.substr(at + separator.size()) : s.substr(0, at));
        s = from_right ? s.substr(0, at) : s.substr(at + separator.size());
    }
    parts.push_back(s);
    if (from_right) std::reverse(parts.begin(), parts.end());
    return parts;
}

/// The same at runs of white space, which give no empty parts.
[[nodiscard]] inline std::vector<std::string_view> split_words(runtime& rt, std::string_view s, std::int64_t most,
                                                               bool from_right) {
    std::vector<std::string_view> words;
    std::size_t at = 0;
    bool inside = false;
    for_each_code_point(s, [&](char32_t code, std::string_view bytes) {
        const bool space = is_space(code);
        if (!space && !inside) {
            rt.spend();
            words.push_back(s.substr(at, 0));
        }
        if (!space) words.back() = {words.back().data(), words.back().size() + bytes.size()};
        inside = !space;
        at += bytes.size();
    });
    if (most < 0 || words.size() <= static_cast<std::uint64_t>(most)) return words;
    const auto limit = static_cast<std::size_t>(most);
    if (from_right) {  // the words on the left stay one part, with the space before and between them
        const std::size_t joined = words.size() - limit;
        const char* end = words[joined - 1].data() + words[joined - 1].size();
        words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(joined - 1));
        words.front() = {s.data(), static_cast<std::size_t>(end - s.data())};
    } else {
        const char* begin = words[limit].data();
        words.resize(limit + 1);
        words.back() = {begin, static_cast<std::size_t>(s.data() + s.size() - begin)};
    }
    return words;
}

/// str.splitlines().
[[nodiscard]] inline std::vector<std::string_view> split_lines(runtime& rt, std::string_view s,
                                                               bool keep_ends = false) {
    std::vector<std::string_view> lines;
    std::size_t start = 0, at = 0;
    bool after_return = false;  // "\r\n" ends one line
    for_each_code_point(s, [&](char32_t code, std::string_view bytes) {
        const bool ends = (code >= 0x0a && code <= 0x0d) || (code >= 0x1c && code <= 0x1e) || code == 0x85 ||
                          code == 0x2028 || code == 0x2029;
        if (code == '\n' && after_return) {
            if (keep_ends) lines.back() = {lines.back().data(), lines.back().size() + 1};
            start = at + 1;
        } else if (ends) {
            rt.spend();
            lines.push_back(s.substr(start, at - start + (keep_ends ? bytes.size() : 0)));
            start = at + bytes.size();
        }
        after_return = code == '\r';
        at += bytes.size();
    });
    if (start < s.size()) lines.push_back(s.substr(start));
    return lines;
}

/// str.replace(old, fresh, most); most negative: all. An empty `old` lies before each code point and at the end.
[[nodiscard]] inline std::string replaced(runtime& rt, std::string_view s, std::string_view old, std::string_view fresh,
                                          std::int64_t most) {
    auto left = most < 0 ? UINT64_MAX : static_cast<std::uint64_t>(most);
    std::string out;
    while (left > 0) {
        if (old.empty()) {
            rt.append(out, fresh);
            --left;
            if (s.empty()) return out;
            const std::size_t first = decode_utf8(s, 0).length;
            rt.append(out, s.substr(0, first));
            s.remove_prefix(first);
            continue;
        }
        const std::size_t at = find_text(rt, s, old);
        if (at == std::string_view::npos) break;
        rt.append(out, s.substr(0, at));
        rt.append(out, fresh);
        s.remove_prefix(at + old.size());
        --left;
    }
    rt.append(out, s);
    return out;
}

/// The characters that mean something in HTML as entities.
[[nodiscard]] inline std::string html_escaped(runtime& rt, std::string_view s) {
    rt.spend_bytes(s.size());
    std::string out;
    for (const char c : s) {
        switch (c) {
            case '&': rt.append(out, "&amp;"); break;
            case '<': rt.append(out, "&lt;"); break;
            case '>': rt.append(out, "&gt;"); break;
            case '\'': rt.append(out, "&#39;"); break;
            case '"': rt.append(out, "&#34;"); break;
            default: out += c; break;
        }
    }
    return out;
}

/// Where padding goes: str.rjust, ljust, center.
enum class padding { left, right, both };
[[nodiscard]] inline std::string justified(runtime& rt, std::string_view s, std::int64_t width, std::string_view fill,
                                           padding where) {
    const auto have = static_cast<std::int64_t>(count_code_points(s));
    const std::int64_t missing = width > have ? width - have : 0;
    std::uint64_t bytes = 0;
    if (multiply_overflows<std::uint64_t>(static_cast<std::uint64_t>(missing), fill.size(), bytes))
        bytes = UINT64_MAX / 2;
    rt.spend_bytes(bytes + s.size());
    // Python's center(): the odd one goes left when the width is odd.
    const std::int64_t centred = missing / 2 + (missing & width & 1);
    const std::int64_t before = where == padding::left ? missing : where == padding::right ? 0 : centred;
    std::string out;
    for (std::int64_t i = 0; i < before; ++i) out += fill;
    out += s;
    for (std::int64_t i = before; i < missing; ++i) out += fill;
    return out;
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
