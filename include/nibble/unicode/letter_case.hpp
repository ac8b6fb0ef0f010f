// SPDX-License-Identifier: Apache-2.0
// Upper, lower, title and folded case of strings, as Python's str has them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include <nibble/core/config.hpp>
#include <nibble/unicode/case_tables.hpp>
#include <nibble/unicode/class_tables.hpp>
#include <nibble/unicode/code_points.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace unicode_detail {

/// The run that `c` is in, or nullptr.
template <std::size_t N>
[[nodiscard]] constexpr const case_run* find_run(const case_run (&runs)[N], char32_t c) noexcept {
    const auto* run = std::upper_bound(std::begin(runs), std::end(runs), c,
                                       [](char32_t code, const case_run& r) { return code < r.first; });
    if (run == std::begin(runs)) return nullptr;
    --run;
    return c > run->last || (c - run->first) % run->step != 0 ? nullptr : run;
}
[[nodiscard]] constexpr char32_t mapped(const case_run* run, char32_t c) noexcept {
    return run ? static_cast<char32_t>(static_cast<std::int64_t>(c) + run->difference) : c;
}

}  // namespace unicode_detail

/// Simple case mappings: one code point to one.
[[nodiscard]] constexpr char32_t to_lower(char32_t c) noexcept {
    using namespace unicode_detail;
    if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
    return mapped(find_run(to_lower_runs, c), c);
}
[[nodiscard]] constexpr char32_t to_upper(char32_t c) noexcept {
    using namespace unicode_detail;
    if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 32 : c;
    return mapped(find_run(to_upper_runs, c), c);
}
[[nodiscard]] constexpr char32_t to_title(char32_t c) noexcept {
    using namespace unicode_detail;
    const case_run* run = find_run(to_title_runs, c);
    return run ? mapped(run, c) : to_upper(c);
}
[[nodiscard]] constexpr char32_t to_folded(char32_t c) noexcept {
    using namespace unicode_detail;
    const case_run* run = find_run(to_folded_runs, c);
    return run ? mapped(run, c) : to_lower(c);
}

/// Whether a letter has a case: what str.title() takes for the inside of a word.
[[nodiscard]] constexpr bool is_cased(char32_t c) noexcept {
    const char_class k = class_of(c);
    return k == char_class::upper || k == char_class::lower || to_lower(c) != c || to_upper(c) != c;
}

enum class case_form : std::uint8_t { lower, upper, title, folded };

/// Appends the full mapping of `c`, which has several code points now and then; `bytes` is `c` as it stands, kept where
/// nothing changes or `c` is no code point.
inline void append_cased(std::string& out, char32_t c, std::string_view bytes, case_form form) {
    using namespace unicode_detail;
    if (c >= 0xdf && form != case_form::lower) {
        const auto* found = std::lower_bound(std::begin(case_expansions), std::end(case_expansions), c,
                                             [](const case_expansion& e, char32_t code) { return e.code < code; });
        if (found != std::end(case_expansions) && found->code == c) {
            const auto& codes = form == case_form::upper   ? found->upper
                                : form == case_form::title ? found->title
                                                           : found->folded;
            for (const char32_t code : codes)
                if (code != 0) append_utf8(out, code);
            return;
        }
    }
    if (c == 0x130 && form == case_form::lower) {
        out += "i\u0307";
        return;
    }
    const char32_t one = form == case_form::lower   ? to_lower(c)
                         : form == case_form::upper ? to_upper(c)
                         : form == case_form::title ? to_title(c)
                                                    : to_folded(c);
    if (one == c) {
        out += bytes;
    } else {
        append_utf8(out, one);
    }
}

/// A text on its way to another case, code point by code point. Capital sigma at the end of a word becomes U+03C2.
class case_writer {
public:
    explicit case_writer(std::string_view text) : text_(text) { out_.reserve(text.size()); }

    /// Appends the code point `c`, which `bytes`, a part of the text, spells.
    void put(char32_t c, std::string_view bytes, case_form form) {
        if (c == U'\u03a3' && form == case_form::lower && ends_word(bytes))
            out_ += "\u03c2";
        else
            append_cased(out_, c, bytes, form);
    }
    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    /// Marks and what joins parts of words stand between the letters of a word.
    [[nodiscard]] static bool is_passed_over(char32_t c) noexcept {
        return class_of(c) == char_class::mark || c == '\'' || c == '.' || c == ':' || c == 0xad || c == 0xb7 ||
               c == 0x2019;
    }
    /// True if a letter with a case stands before `sigma`, and none behind.
    [[nodiscard]] bool ends_word(std::string_view sigma) const noexcept {
        bool before = false, after = false;
        std::size_t at = static_cast<std::size_t>(sigma.data() - text_.data());
        const std::size_t end = at + sigma.size();
        for (bool seen = false; at > 0 && !seen;) {
            do --at;
            while (at > 0 && (static_cast<unsigned char>(text_[at]) & 0xc0) == 0x80);
            const char32_t c = decode_utf8(text_, at).code_point;
            seen = !is_passed_over(c);
            before = seen && is_cased(c);
        }
        at = end;
        for (bool seen = false; at < text_.size() && !seen;) {
            const utf8_unit next = decode_utf8(text_, at);
            at += next.length;
            seen = !is_passed_over(next.code_point);
            after = seen && is_cased(next.code_point);
        }
        return before && !after;
    }

    std::string_view text_;
    std::string out_;
};

/// Every code point in one case.
[[nodiscard]] inline std::string in_case(std::string_view text, case_form form) {
    case_writer out(text);
    for_each_code_point(text, [&](char32_t c, std::string_view bytes) { out.put(c, bytes, form); });
    return out.take();
}
[[nodiscard]] inline std::string lowered(std::string_view text) { return in_case(text, case_form::lower); }
[[nodiscard]] inline std::string uppered(std::string_view text) { return in_case(text, case_form::upper); }

/// str.capitalize().
[[nodiscard]] inline std::string capitalised(std::string_view text) {
    case_writer out(text);
    for_each_code_point(text, [&](char32_t c, std::string_view bytes) {
        out.put(c, bytes, bytes.data() == text.data() ? case_form::title : case_form::lower);
    });
    return out.take();
}
/// str.title(): letters after letters in lower case, all others in title case.
[[nodiscard]] inline std::string titled(std::string_view text) {
    case_writer out(text);
    bool inside = false;
    for_each_code_point(text, [&](char32_t c, std::string_view bytes) {
        out.put(c, bytes, std::exchange(inside, is_cased(c)) ? case_form::lower : case_form::title);
    });
    return out.take();
}
/// str.swapcase().
[[nodiscard]] inline std::string case_swapped(std::string_view text) {
    case_writer out(text);
    for_each_code_point(text, [&](char32_t c, std::string_view bytes) {
        out.put(c, bytes, class_of(c) == char_class::upper ? case_form::lower : case_form::upper);
    });
    return out.take();
}

NIBBLE_NAMESPACE_END
