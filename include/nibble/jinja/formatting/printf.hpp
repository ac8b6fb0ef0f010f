// SPDX-License-Identifier: Apache-2.0
// Python's printf-style formatting: "%d" % x.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nibble/jinja/formatting/format_spec.hpp>
#include <nibble/jinja/print.hpp>
#include <nibble/jinja/runtime.hpp>
#include <nibble/unicode/code_points.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// One pattern % arguments. `given`: a tuple of arguments, a dictionary for %(name)s, or the one argument.
class printf_formatter {
public:
    printf_formatter(runtime& rt, std::string_view pattern, const value& given)
        : rt_(rt),
          pattern_(pattern),
          given_(given),
          is_tuple_(given.is_sequence() && given.seq().form == sequence::flavor::tuple) {}

    [[nodiscard]] value run() {
        while (at_ < pattern_.size()) {
            const std::size_t percent = std::min(pattern_.find('%', at_), pattern_.size());
            rt_.append(out_, pattern_.substr(at_, percent - at_));
            at_ = percent + 1;
            if (percent < pattern_.size()) directive();
        }
        const bool may_stay =
            given_.is_undefined() || given_.is_mapping() || (given_.is_sequence() && given_.seq().is_indexable());
        if (is_tuple_ ? used_ < given_.seq().elements.size() : used_ == 0 && !may_stay)
            rt_.type_error("not all arguments converted during string formatting");
        return rt_.string(std::move(out_));
    }

private:
    [[nodiscard]] char peek() const noexcept { return at_ < pattern_.size() ? pattern_[at_] : '\0'; }
    [[nodiscard]] bool peek_is_one_of(std::string_view characters) const noexcept {
        return at_ < pattern_.size() && characters.find(pattern_[at_]) != std::string_view::npos;
    }

    const value& next_argument() {
        if (is_tuple_ ? used_ >= given_.seq().elements.size() : used_ > 0)
            rt_.type_error("not enough arguments for format string");
        return is_tuple_ ? given_.seq().elements[used_++] : (++used_, given_);
    }
    /// The argument of %(name)s; nullptr where the directive has no name.
    const value* named_argument() {
        if (peek() != '(') return nullptr;
        const std::size_t end = pattern_.find(')', at_);
        if (!given_.is_mapping() || end == std::string_view::npos) rt_.type_error("format requires a mapping");
        const std::string_view key = pattern_.substr(at_ + 1, end - at_ - 1);
        const value* named = look_up(rt_, given_.map(), key);
        if (!named) rt_.type_error("the mapping has no key " + escaped(quoted(key)));
        at_ = end + 1;
        used_ = 1;
        return named;
    }
    std::optional<std::int64_t> star_or_count() {
        if (peek() != '*') return read_count(rt_, pattern_, at_);
        ++at_;
        const value& v = next_argument();
        if (!v.is_integer() || v.integer() > INT32_MAX || v.integer() < -INT32_MAX) rt_.type_error("* wants int");
        return v.integer();
    }

    /// [flags][width][.precision][length], of which the length means nothing. The flag 0 is said by `zero`.
    [[nodiscard]] format_spec spec(bool& zero) {
        format_spec out;
        for (; peek_is_one_of("-+ #0"); ++at_) {
            const char flag = peek();
            if (flag == '-') out.align = '<';
            if (flag == '+' || (flag == ' ' && out.sign != '+')) out.sign = flag;
            if (flag == '#') out.alternate = true;
            if (flag == '0') zero = true;
        }
        out.width = star_or_count().value_or(0);
        if (out.width < 0) {
            out.align = '<';
            out.width = -out.width;
        }
        if (peek() == '.') {
            ++at_;
            out.precision = std::max<std::int64_t>(star_or_count().value_or(0), 0);
        }
        while (peek_is_one_of("hlL")) ++at_;
        return out;
    }

    /// What follows a '%'.
    void directive() {
        const value* named = named_argument();
        bool zero = false;
        format_spec s = spec(zero);
        if (at_ >= pattern_.size()) rt_.type_error("incomplete format");
        const char conversion = pattern_[at_++];
        if (conversion == '%') return rt_.append(out_, "%");
        const value& v = named ? *named : next_argument();
        if (std::string_view("diuxXo").find(conversion) != std::string_view::npos) {
            const value whole = whole_number(v, conversion);
            set_number(s, conversion, zero);
            out_ += format_integer(rt_, s, whole);
        } else if (std::string_view("eEfFgG").find(conversion) != std::string_view::npos) {
            require_number(v, conversion);
            set_number(s, conversion, zero);
            out_ += format_float(rt_, s, v.number());
        } else if (conversion == 's') {
            out_ += format_text(rt_, s, to_text(rt_, v).view(), '>');
        } else if (conversion == 'r' || conversion == 'a') {
            out_ += format_text(rt_, s, represented(rt_, v, conversion == 'a'), '>');
        } else if (conversion == 'c') {
            s.precision = -1;
            out_ += format_text(rt_, s, one_character(v), '>');
        } else {
            rt_.type_error("unsupported format character '" + escaped(std::string(1, conversion)) + "'");
        }
    }
    static void set_number(format_spec& s, char conversion, bool zero) {
        s.type = conversion;
        if (zero && s.align == '\0') s.align = '=', s.fill = "0";
    }
    void require_number(const value& v, char conversion) const {
        if (!v.is_number())
            rt_.type_error(std::string("%") + conversion + " format: a number is required, not " + type_name(v));
    }
    [[nodiscard]] value whole_number(const value& v, char conversion) const {
        require_number(v, conversion);
        if (v.type() != kind::number) return v;
        if (conversion == 'x' || conversion == 'X' || conversion == 'o' || !(std::fabs(v.number()) < 9.2e18))
            rt_.type_error(std::string("%") + conversion + " format: an integer is required, not float");
        return static_cast<std::int64_t>(v.number());
    }
    [[nodiscard]] std::string one_character(const value& v) const {
        std::string one;
        if (v.is_integer() && v.integer() >= 0 && v.integer() < 0x110000 &&
            (v.integer() < 0xd800 || v.integer() > 0xdfff)) {
            append_utf8(one, static_cast<char32_t>(v.integer()));
        } else if (v.is_string() && count_code_points(v.str()) == 1) {
            one = v.str();
        } else {
            rt_.type_error("%c requires int or char");
        }
        return one;
    }

    runtime& rt_;
    std::string_view pattern_;
    const value& given_;
    bool is_tuple_;
    std::size_t at_ = 0, used_ = 0;  // of the pattern, of the arguments
    std::string out_;
};

[[nodiscard]] inline value printf_format(runtime& rt, std::string_view pattern, const value& given) {
    return printf_formatter(rt, pattern, given).run();
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
