// SPDX-License-Identifier: Apache-2.0
#include <nibble/unicode/nfc.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "support/fnv.hpp"
#include "test.hpp"

using namespace nibble;

// The expected hashes are what tests/data/make_nfc_hashes.py prints.
TEST_CASE("nfc: every code point by itself, as Hugging Face's tokenizers have it") {
    test::fnv hash;
    std::size_t changed = 0, quick_but_changed = 0;
    for (char32_t c = 0; c < 0x110000; ++c) {
        if (c >= 0xd800 && c <= 0xdfff) continue;
        std::string text;
        append_utf8(text, c);
        const std::string normalised = to_nfc(text);
        hash.add(normalised + '\n');
        changed += normalised != text;
        quick_but_changed += normalised != text && is_surely_nfc(text);
    }
    CHECK(hash.value == 0x3ce40516aab8cae9u);
    CHECK(changed == 1120);
    CHECK(quick_but_changed == 0);
}

TEST_CASE("nfc: 200,000 texts of code points that combine, as Hugging Face's tokenizers have them") {
    static constexpr std::pair<char32_t, char32_t> ranges[] = {
        {0x61, 0x7a},       {0xc0, 0x1ff},    {0x300, 0x345},   {0x900, 0x94d},   {0x9be, 0x9d7},   {0x1100, 0x11c2},
        {0x1e00, 0x1eff},   {0x1f00, 0x1fbc}, {0x212a, 0x212b}, {0x3041, 0x309a}, {0xac00, 0xad00}, {0x1d15e, 0x1d172},
        {0x11099, 0x110ba}, {0x890, 0x8d4},   {0xc3c, 0xc4d},   {0xd3b, 0xd4d},   {0x1dc0, 0x1dff}, {0x11930, 0x11938}};
    std::uint64_t state = 1;
    const auto below = [&](std::uint64_t n) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return (state >> 33) % n;
    };
    test::fnv hash;
    std::size_t changed = 0, quick_but_changed = 0, unstable = 0;
    for (int i = 0; i < 200'000; ++i) {
        std::string text;
        for (std::uint64_t n = 1 + below(8); n > 0; --n) {
            const auto& [first, last] = ranges[below(std::size(ranges))];
            append_utf8(text, first + static_cast<char32_t>(below(last - first + 1)));
        }
        const std::string normalised = to_nfc(text);
        hash.add(normalised + '\n');
        changed += normalised != text;
        quick_but_changed += normalised != text && is_surely_nfc(text);
        unstable += to_nfc(normalised) != normalised;
    }
    CHECK(hash.value == 0xbc16210104dd7dceu);
    CHECK(changed == 63'760);
    CHECK(quick_but_changed == 0);
    CHECK(unstable == 0);
}

TEST_CASE("nfc: composition, exclusions, order of marks, syllables") {
    const std::pair<std::string_view, std::string_view> examples[] = {
        {"", ""},
        {"cafe\u0301", "caf\u00e9"},
        {"a\u0302\u0301", "\u1ea5"},        // one mark after the other
        {"a\u0301\u0302", "\u00e1\u0302"},  // both above: the first stands in the way
        {"a\u0301\u0323", "\u1ea1\u0301"},  // sorted: the dot below goes first
        {"\u0301a", "\u0301a"},             // nothing to compose with
        {"\u212b\u2126", "\u00c5\u03a9"},   // singletons
        {"\u0958", "\u0915\u093c"},         // excluded from composition
        {"\u1112\u1161\u11ab", "\ud55c"},   // Hangul
        {"\ud558\u11ab", "\ud55c"},
        {"\u1112\u1161\u11a7", "\ud558\u11a7"},
    };
    for (const auto& [text, expected] : examples) {
        CAPTURE(text);
        CHECK(to_nfc(text) == expected);
    }
    for (const std::string_view later : {"\u05d0\u0323\u0898", "\U00011935\U00011930", "e\u1df6\u0301"})
        CHECK(to_nfc(later) == later);  // of Unicode 14, 13 and 10: neither moved nor composed, nor composed over
    CHECK(is_surely_nfc("plain, caf\u00e9, \u4e2d\u6587, \ud55c"));
    CHECK_FALSE(is_surely_nfc("cafe\u0301"));
}

TEST_CASE("nfc: bytes that are no UTF-8 stay, and nothing composes over them") {
    CHECK(to_nfc("\xff\xe4\xb8") == "\xff\xe4\xb8");
    CHECK(to_nfc("e\xff\u0301") == "e\xff\u0301");
    CHECK(to_nfc("\xcc"
                 "e\u0301\xcc") == "\xcc\u00e9\xcc");
}
