// SPDX-License-Identifier: Apache-2.0
#include <nibble/unicode/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "test.hpp"

using namespace nibble;

namespace {

bool is_scalar(char32_t c) { return c < 0x110000 && (c < 0xd800 || c > 0xdfff); }

/// What a text is with U+FFFD for every invalid unit, in one go.
std::string repaired(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const utf8_unit unit = decode_utf8(text, at);
        append_utf8(out, unit.code_point == invalid_code_point ? 0xfffd : unit.code_point);
        at += unit.length;
    }
    return out;
}

struct streamed {
    std::string text;
    bool pieces_are_whole = true;
};

/// Pushes `text` in random pieces.
streamed stream(std::string_view text, invalid_utf8 policy, std::mt19937& random) {
    utf8_stream stream(policy);
    streamed result;
    while (!text.empty()) {
        const std::size_t n = std::min<std::size_t>(random() % 4, text.size());
        const std::string_view piece = stream.push(text.substr(0, n));
        result.pieces_are_whole = result.pieces_are_whole && incomplete_utf8_tail(piece) == 0;
        result.text += piece;
        text.remove_prefix(n);
    }
    result.text += stream.finish();
    return result;
}

}  // namespace

TEST_CASE("utf8: every scalar value is encoded and decoded, every other value is invalid") {
    std::size_t wrong = 0;
    for (char32_t c = 0; c < 0x110000; ++c) {
        std::string text;
        append_utf8(text, c);
        const utf8_unit unit = decode_utf8(text, 0);
        if (is_scalar(c))
            wrong += unit.code_point != c || unit.length != text.size() || find_invalid_utf8(text).has_value();
        else
            wrong += unit.code_point != invalid_code_point || unit.length != 1;
    }
    CHECK(wrong == 0);
}

TEST_CASE("utf8: an invalid unit is the longest start of a character, or one byte") {
    struct example {
        std::string_view text;
        std::uint32_t length;
    };
    const example examples[] = {
        {"\x80", 1},         {"\xbf\x80", 1},         {"\xc0\x80", 1},     {"\xc1\xbf", 1},
        {"\xc2", 1},         {"\xc2\x41", 1},         {"\xe0\x80\x80", 1}, {"\xe0\xa0", 2},
        {"\xe0\xa0\x41", 2}, {"\xed\xa0\x80", 1},     {"\xef\xbf", 2},     {"\xf0\x80\x80\x80", 1},
        {"\xf0\x90\x80", 3}, {"\xf0\x90\x80\x41", 3}, {"\xf0\x90", 2},     {"\xf4\x90\x80\x80", 1},
        {"\xf4\x8f\xbf", 3}, {"\xf5\x80\x80\x80", 1}, {"\xff", 1},         {"\xfe\xfe", 1},
    };
    for (const auto& [text, length] : examples) {
        const utf8_unit unit = decode_utf8(text, 0);
        CAPTURE(static_cast<unsigned>(static_cast<unsigned char>(text[0])), text.size());
        CHECK(unit.code_point == invalid_code_point);
        CHECK(unit.length == length);
    }
    CHECK(find_invalid_utf8("caf\xc3\xa9 \xf0\x9f\x99") == std::optional<std::size_t>(6));
    CHECK(find_invalid_utf8("caf\xc3\xa9") == std::nullopt);
    CHECK(find_invalid_utf8("") == std::nullopt);
}

TEST_CASE("utf8: the tail that waits for the rest of its character") {
    CHECK(incomplete_utf8_tail("") == 0);
    CHECK(incomplete_utf8_tail("a") == 0);
    CHECK(incomplete_utf8_tail("\xc3\xa9") == 0);
    CHECK(incomplete_utf8_tail("a\xc3") == 1);
    CHECK(incomplete_utf8_tail("a\xe4\xb8") == 2);
    CHECK(incomplete_utf8_tail("a\xf0\x9f\x99") == 3);
    CHECK(incomplete_utf8_tail("\xf0\x9f\x99\x82") == 0);
    CHECK(incomplete_utf8_tail("\xe0\x80") == 0);      // overlong: can become nothing
    CHECK(incomplete_utf8_tail("\xed\xa0") == 0);      // surrogate
    CHECK(incomplete_utf8_tail("\xf4\x90\x80") == 0);  // above U+10FFFF
    CHECK(incomplete_utf8_tail("\x80\x80\x80\x80") == 0);
    CHECK(incomplete_utf8_tail("\xff") == 0);
}

TEST_CASE("utf8_stream: holds back what is not complete") {
    utf8_stream stream;
    CHECK(stream.push("a\xf0\x9f") == "a");
    CHECK(stream.held() == "\xf0\x9f");
    CHECK(stream.push("\x99") == "");
    CHECK(stream.push("\x82!") == "\xf0\x9f\x99\x82!");
    CHECK(stream.held().empty());
    CHECK(stream.push("\xe4") == "");
    CHECK(stream.finish() == "\xe4");
    CHECK(stream.finish() == "");
    CHECK(stream.push("b") == "b");

    utf8_stream repairing(invalid_utf8::replace);
    CHECK(repairing.push("\xe4\xb8") == "");
    CHECK(repairing.push("x") == "\xef\xbf\xbdx");
    CHECK(repairing.push("\xff\xff") == "\xef\xbf\xbd\xef\xbf\xbd");
    CHECK(repairing.push("\xf0\x9f\x99") == "");
    CHECK(repairing.finish() == "\xef\xbf\xbd");
}

TEST_CASE("utf8_stream: the same text however it is cut") {
    std::mt19937 random(1);
    const std::string_view parts[] = {"a",    "\xc3\xa9",     "\xe4\xb8\xad", "\xf0\x9f\x99\x82",
                                      "\xc3", "\xe4\xb8",     "\xf0\x9f\x99", "\x80",
                                      "\xff", "\xed\xa0\x80", "\xf4\x90",     "\xe0\x80"};
    std::size_t wrong = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        const std::size_t n_parts = i % 2 == 0 ? 4 : std::size(parts);  // the first four are whole characters
        for (auto n = random() % 8; n > 0; --n) text += parts[random() % n_parts];
        const streamed passed = stream(text, invalid_utf8::pass, random);
        const streamed replaced = stream(text, invalid_utf8::replace, random);
        wrong += passed.text != text;
        wrong += !passed.pieces_are_whole && !find_invalid_utf8(text);
        wrong += replaced.text != repaired(text) || find_invalid_utf8(replaced.text).has_value();
    }
    CHECK(wrong == 0);
}
