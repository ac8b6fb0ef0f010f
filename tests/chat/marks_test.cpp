// SPDX-License-Identifier: Apache-2.0
#include <nibble/chat/marks.hpp>

#include <string>
#include <string_view>

#include <nibble/unicode/utf8.hpp>

#include "support/refusal.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

/// Stretches in brackets, the number of the mark behind each.
std::string parts(const text_marks& marks, std::string_view text) {
    std::string out;
    marks.split(text, [&](std::string_view stretch, std::size_t number) {
        out += "[" + std::string{stretch} + "]" + (number == text_marks::none ? "" : std::to_string(number));
    });
    return out;
}

/// All characters of plane 15 but the last `free`.
std::string plane_15(std::uint32_t free) {
    std::string out;
    for (char32_t c = 0xf0000; c < 0x100000 - free; ++c) append_utf8(out, c);
    return out;
}

}  // namespace

TEST_CASE("marks are found again, in any order, as often as they stand there") {
    text_marks marks;
    const std::string a = marks.next(), b = marks.next();
    CHECK(a != b);
    CHECK(parts(marks, "x" + b + "y" + a + a + "z") == "[x]1[y]0[]0[z]");
    CHECK(parts(marks, "no mark") == "[no mark]");
    CHECK(parts(marks, "") == "[]");
}

TEST_CASE("what a text contains is no mark, nor is any other private-use character") {
    text_marks marks;
    marks.avoid("a\U000f0000b\U000f0002c\U00100000d\xf3\xb0");
    const std::string a = marks.next(), b = marks.next();
    CHECK(a == "\U000f0001");
    CHECK(b == "\U000f0003");
    CHECK(parts(marks, "\U000f0000" + b + "\U000f0002\U000f0004" + a) == "[\U000f0000]1[\U000f0002\U000f0004]0[]");
    // Bytes that break off are no mark either.
    CHECK(parts(marks, a.substr(0, 3) + "x") == "[" + a.substr(0, 3) + "x]");
}

TEST_CASE("the marks may run out") {
    text_marks marks;
    marks.avoid(plane_15(2));
    CHECK(marks.next() == "\U000ffffe");
    CHECK(marks.next() == "\U000fffff");
    CHECK(test::refusal_of([&] { return marks.next(); }).code == errc::limit_exceeded);
}

TEST_CASE("marks are found as templates may escape them") {
    text_marks marks;
    marks.avoid("\\U000f0000 \\udb80\\udc01");
    const std::string mark = marks.next();
    CHECK(mark == "\U000f0002");
    CHECK(parts(marks, "a\\U000f0002b\\udb80\\udc02c") == "[a]0[b]0[c]");
    CHECK(parts(marks, "\\U000f000") == "[\\U000f000]");
    CHECK(parts(marks, "\\udb80\\udc0 \\udb80\\ud \\U000fzzzz") == "[\\udb80\\udc0 \\udb80\\ud \\U000fzzzz]");
}
