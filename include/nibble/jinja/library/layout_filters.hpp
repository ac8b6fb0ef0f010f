// SPDX-License-Identifier: Apache-2.0
// Filters that lay text out in lines and columns.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <nibble/jinja/library/arguments.hpp>
#include <nibble/jinja/library/strings.hpp>
#include <nibble/jinja/operators.hpp>
#include <nibble/jinja/print.hpp>
#include <nibble/jinja/python_text.hpp>
#include <nibble/jinja/runtime.hpp>
#include <nibble/unicode/code_points.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja::filters {

/// The text of a filter that takes nothing but strings.
[[nodiscard]] inline std::string_view text_of(runtime& rt, const value& v, std::string_view filter) {
    rt.require_defined(v);
    if (!v.is_string()) rt.type_error(std::string(filter) + " wants a string, not " + type_name(v));
    return v.str();
}

inline value center(runtime& rt, const value& v, const call_arguments& args) {
    const auto [width] = bind<1>(rt, args, "center", {"width"});
    const std::int64_t columns = string_methods::integer_argument(rt, width, 80, "center");
    return text::owned(justified(rt, to_text(rt, v).view(), columns, " ", padding::both));
}
inline value indent(runtime& rt, const value& v, const call_arguments& args) {
    const auto [width, first, blank] = bind<3>(rt, args, "indent", {"width", "first", "blank"});
    const std::string_view plain = text_of(rt, v, "indent");
    std::string indention(4, ' ');
    if (width && width->is_string()) {
        indention = width->str();
    } else if (width) {
        const std::int64_t columns =
            std::max<std::int64_t>(string_methods::integer_argument(rt, width, 4, "indent"), 0);
        rt.spend_bytes(static_cast<std::uint64_t>(columns));
        indention.assign(static_cast<std::size_t>(columns), ' ');
    }
    const bool also_blank = blank && truth(*blank);
    const std::string whole = std::string(plain) + "\n";  // so that a newline at the end counts as one more line
    std::string out;
    bool at_first = true;
    for (const std::string_view line : split_lines(rt, whole)) {
        if (!at_first) rt.append(out, "\n");
        if (at_first ? first && truth(*first) : also_blank || !line.empty()) rt.append(out, indention);
        rt.append(out, line);
        at_first = false;
    }
    return text::owned(std::move(out));
}

inline value truncate(runtime& rt, const value& v, const call_arguments& args) {
    const auto [most, killwords, ending, leeway] =
        bind<4>(rt, args, "truncate", {"length", "killwords", "end", "leeway"});
    const text end = ending ? to_text(rt, *ending) : text::borrowed("...");
    const std::int64_t limit = string_methods::integer_argument(rt, most, 255, "truncate");
    const std::int64_t slack = leeway && leeway->is_integer() ? leeway->integer() : 5;
    rt.spend_reading(end.view().size());
    const auto end_length = static_cast<std::int64_t>(count_code_points(end.view()));
    if (limit < end_length) rt.type_error("truncate wants a length of at least that of its end");
    if (slack < 0) rt.type_error("truncate wants a leeway of at least 0");
    if (length(rt, v) - slack <= limit) return v;
    const std::string_view whole = text_of(rt, v, "truncate");
    rt.spend(1 + whole.size() / 64);
    std::string_view kept = whole.substr(0, byte_offset(whole, static_cast<std::size_t>(limit - end_length)));
    if (!killwords || !truth(*killwords)) kept = kept.substr(0, kept.rfind(' '));
    return rt.string(std::string(kept).append(end.view()));
}

/// Lines of at most a number of columns, made of words one by one.
class line_wrapper {
public:
    line_wrapper(runtime& rt, std::int64_t columns, bool cut_words, std::string_view newline)
        : rt_(rt), columns_(columns), cut_words_(cut_words), newline_(newline) {}

    void begin_paragraph() {
        if (std::exchange(any_paragraph_, true)) rt_.append(out_, newline_);
        used_ = 0;
        any_word_ = false;
        space_ = {};
    }
    /// White space that waits for the word after it.
    void space(std::string_view space) noexcept { space_ = space; }
    /// A word goes on the current line where it fits, with the space before it, else on a new one.
    void word(std::string_view word) {
        auto size = static_cast<std::int64_t>(count_code_points(word));
        const auto gap = static_cast<std::int64_t>(count_code_points(space_));
        if (any_word_ && used_ + gap + size > columns_ && !(cut_words_ && size > columns_ && used_ + gap < columns_)) {
            end_line();
        } else {
            rt_.append(out_, space_);
            used_ += gap;
        }
        space_ = {};
        while (cut_words_ && used_ + size > columns_) {
            const std::size_t bytes = byte_offset(word, static_cast<std::size_t>(columns_ - used_));
            rt_.append(out_, word.substr(0, bytes));
            word.remove_prefix(bytes);
            size -= columns_ - used_;
            end_line();
        }
        rt_.append(out_, word);
        used_ += size;
        any_word_ = true;
    }
    [[nodiscard]] std::string take() noexcept { return std::move(out_); }

private:
    void end_line() {
        rt_.append(out_, newline_);
        used_ = 0;
    }

    runtime& rt_;
    std::int64_t columns_;
    bool cut_words_;
    std::string_view newline_;
    std::string out_;
    std::string_view space_;
    std::int64_t used_ = 0;  // columns of the current line
    bool any_paragraph_ = false, any_word_ = false;
};

/// Length of the word that `text` begins with: up to white space or, `at_hyphens`, behind a hyphen between letters.
[[nodiscard]] inline std::size_t word_length(std::string_view text, bool at_hyphens) noexcept {
    std::size_t end = 0, letters = 0;
    while (end < text.size()) {
        const utf8_unit next = decode_utf8(text, end);
        if (is_space(next.code_point)) break;
        end += next.length;
        letters = is_letter(next.code_point) ? letters + 1 : next.code_point == '-' ? letters : 0;
        const bool hyphen = at_hyphens && next.code_point == '-' && letters >= 2 && end + 1 < text.size() &&
                            is_letter(decode_utf8(text, end).code_point) &&
                            is_letter(decode_utf8(text, end + 1).code_point);
        if (hyphen) break;
    }
    return end;
}

/// Lines of at most `width` code points, broken at white space, and inside of words that are longer.
inline value wordwrap(runtime& rt, const value& v, const call_arguments& args) {
    const auto [width, break_long, wrap, hyphens] =
        bind<4>(rt, args, "wordwrap", {"width", "break_long_words", "wrapstring", "break_on_hyphens"});
    const std::int64_t columns = string_methods::integer_argument(rt, width, 79, "wordwrap");
    if (columns <= 0) rt.type_error("wordwrap wants a width above 0");
    const bool cut_words = !break_long || truth(*break_long), at_hyphens = !hyphens || truth(*hyphens);
    const text newline = wrap && wrap->is_string() ? wrap->as_text() : text::borrowed("\n");
    const std::string_view whole = text_of(rt, v, "wordwrap");
    rt.spend(1 + whole.size() / 8);
    line_wrapper lines(rt, columns, cut_words, newline.view());
    for (std::string_view rest : split_lines(rt, whole)) {
        lines.begin_paragraph();
        while (!rest.empty()) {
            const std::string_view trimmed = strip_space(rest, true, false);
            if (trimmed.size() != rest.size()) lines.space(rest.substr(0, rest.size() - trimmed.size()));
            rest = trimmed;
            if (rest.empty()) break;
            const std::size_t length = word_length(rest, at_hyphens);
            lines.word(rest.substr(0, length));
            rest.remove_prefix(length);
        }
    }
    return text::owned(lines.take());
}

}  // namespace jinja::filters

NIBBLE_NAMESPACE_END
