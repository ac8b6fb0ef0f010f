// SPDX-License-Identifier: Apache-2.0
// Calls of tools that a model writes as Python: f(x=1, s="text"), one after the other or in a list.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/message.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/json/json.hpp>
#include <nibble/unicode/white_space.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// Reads calls with keyword arguments whose values are literals: strings, numbers, True, False, None, lists and
/// dictionaries. Throws errc::json_syntax for anything else.
class python_call_reader {
public:
    explicit python_call_reader(std::string_view text) noexcept : text_(text) {}

    [[nodiscard]] std::vector<tool_call> read() {
        std::vector<tool_call> out;
        const bool in_list = take("[");
        while (!ended() && !(in_list && next() == ']')) {
            out.push_back(read_call());
            static_cast<void>(take(","));
        }
        if (in_list) expect("]");
        if (!ended() || out.empty()) fail("a call such as f(x=1)");
        return out;
    }

private:
    static constexpr std::size_t max_depth = 64;

    [[noreturn]] void fail(const char* expected) const {
        throw error(errc::json_syntax, "tool call", expected, "'" + escaped(text_.substr(at_, 20)) + "'");
    }
    [[nodiscard]] bool ended() {
        at_ = text_.size() - trim_start(text_.substr(at_)).size();
        return at_ == text_.size();
    }
    /// The next character that is no white space; 0 at the end.
    [[nodiscard]] char next() { return ended() ? '\0' : text_[at_]; }
    bool take(std::string_view part) {
        if (ended() || !text_.substr(at_).starts_with(part)) return false;
        at_ += part.size();
        return true;
    }
    void expect(const char* part) {
        if (!take(part)) fail(part);
    }

    [[nodiscard]] std::string_view read_name() {
        static_cast<void>(ended());
        const std::size_t end = std::min(text_.find_first_of(" \t\r\n()[]{}<>,=:'\"", at_), text_.size());
        if (end == at_) fail("a name");
        return text_.substr(std::exchange(at_, end), end - at_);
    }

    [[nodiscard]] tool_call read_call() {
        const std::string name{read_name()};
        json::object arguments;
        expect("(");
        while (!take(")")) {
            const std::string key{read_name()};
            expect("=");
            arguments.set(key, read_value(0));
            if (!take(",") && next() != ')') fail(", or )");
        }
        return {"", name, std::move(arguments)};
    }

    [[nodiscard]] json read_value(std::size_t depth) {
        if (depth == max_depth) fail("at most 64 levels");
        const char first = next();
        if (first == '"' || first == '\'') return read_string();
        if (take("[")) {
            json::array list;
            while (!take("]")) {
                list.push_back(read_value(depth + 1));
                if (!take(",") && next() != ']') fail(", or ]");
            }
            return list;
        }
        if (take("{")) {
            json::object members;
            while (!take("}")) {
                if (next() != '"' && next() != '\'') fail("a string");
                const std::string key = read_string();
                expect(":");
                members.set(key, read_value(depth + 1));
                if (!take(",") && next() != '}') fail(", or }");
            }
            return members;
        }
        const std::string_view word = read_name();
        if (word == "True") return true;
        if (word == "False") return false;
        if (word == "None") return nullptr;
        return json::parse(word);  // a number, or true, false, null, as models write them too
    }

    /// The escapes that Python and JSON share; any other backslash is one.
    [[nodiscard]] std::string read_string() {
        static constexpr std::string_view letters = "nrt\\'\"/", meanings = "\n\r\t\\'\"/";
        const char quote = text_[at_++];
        std::string out;
        for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
            const std::size_t letter =
                text_[at_] == '\\' && at_ + 1 < text_.size() ? letters.find(text_[at_ + 1]) : std::string_view::npos;
            if (letter == std::string_view::npos) {
                out += text_[at_];
            } else {
                out += meanings[letter];
                ++at_;
            }
        }
        if (at_ == text_.size()) fail("the end of a string");
        ++at_;
        return out;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

/// A value as a literal that python_call_reader reads.
[[nodiscard]] inline std::string python_literal(const json& value) {
    if (value.is_null()) return "None";
    if (value.is_boolean()) return value.as_boolean() ? "True" : "False";
    std::string out;
    const auto separate = [&] { out += out.size() > 1 ? ", " : ""; };
    if (value.is_array()) {
        out += '[';
        for (const json& item : value.as_array()) {
            separate();
            out += python_literal(item);
        }
        return out + ']';
    }
    if (!value.is_object()) return value.dump();
    out += '{';
    for (const auto& [key, inner] : value.as_object()) {
        separate();
        out += json{key}.dump() + ": " + python_literal(inner);
    }
    return out + '}';
}

/// f(x=1, s="text")
[[nodiscard]] inline std::string written_python_call(const tool_call& call) {
    std::string out;
    for (const auto& [name, value] : call.arguments.as_object())
        out += (out.empty() ? "" : ", ") + name + '=' + python_literal(value);
    return call.name + '(' + out + ')';
}

}  // namespace detail
NIBBLE_NAMESPACE_END
