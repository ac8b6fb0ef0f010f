// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/error.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "test.hpp"

using namespace nibble;

static_assert(std::is_base_of_v<std::runtime_error, error>);
static_assert(std::is_nothrow_move_constructible_v<error>);

TEST_CASE("the message is one line of place, expected, got and offset") {
    const auto text = [](auto... parts) { return std::string{error{errc::gguf_layout, parts...}.what()}; };
    CHECK(text("tensor 't'", "[2, 3]", "[3, 2]") == "tensor 't': expected [2, 3], got [3, 2]");
    CHECK(text("header", "a", "b", 7u) == "header: expected a, got b (at byte 7)");
    CHECK(text("path", "", "no such file") == "path: no such file");
    CHECK(text("path", "a number") == "path: expected a number");
    CHECK(text("path") == "path");
    CHECK(text("path", "", "", 0u) == "path (at byte 0)");
}

TEST_CASE("the parts can be asked for") {
    const error e{errc::model_wrong_shape, "where", "this", "that", 12u};
    CHECK(e.code() == errc::model_wrong_shape);
    CHECK(e.where() == "where");
    CHECK(e.expected() == "this");
    CHECK(e.got() == "that");
    CHECK(e.offset() == 12u);
    CHECK_FALSE(error(errc::ctx_full, "where").offset());
}

TEST_CASE("escaped text is printable ASCII whatever it is made from") {
    using namespace std::string_view_literals;
    CHECK(escaped("blk.0.attn_q.weight") == "blk.0.attn_q.weight");
    CHECK(escaped("a\0b\n\x1b[31m\x7f"sv) == "a\\x00b\\x0a\\x1b[31m\\x7f");
    CHECK(escaped("caf\xc3\xa9") == "caf\\xc3\\xa9");
    CHECK(escaped("\\x00") == "\\\\x00");  // no two texts look the same
    CHECK(escaped("%s%n") == "%s%n");
    CHECK(escaped("").empty());
    for (int byte = 0; byte < 256; ++byte)
        for (const char c : escaped(std::string(3, static_cast<char>(byte)))) CHECK((c >= 0x20 && c < 0x7f));
}

TEST_CASE("escaped text is cut") {
    CHECK(escaped("abcd", 4) == "abcd");
    CHECK(escaped("abcde", 4) == "abcd...");
    CHECK(escaped("abc", 0) == "...");
    CHECK(escaped(std::string(1'000'000, '\n')).size() == 128 * 4 + 3);
}
