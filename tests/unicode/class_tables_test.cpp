// SPDX-License-Identifier: Apache-2.0
#include <nibble/unicode/class_tables.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "test.hpp"

using namespace nibble;

TEST_CASE("unicode tables: one code point of every category") {
    using enum char_class;
    const std::pair<char32_t, char_class> examples[] = {
        {U'A', upper},       {0x1c5, upper},      {U'a', lower},       {0xdf, lower},       {0x2b0, letter},
        {0x4e2d, letter},    {0x9fff, letter},    {0xac00, letter},    {0xd7a3, letter},    {0x2a6df, letter},
        {0x2a6e0, other},    {0x323af, letter},   {0x323b0, other},    {0x301, mark},       {0x903, mark},
        {0x20dd, mark},      {U'7', number},      {0x2160, number},    {0xbd, number},      {0x3007, number},
        {U'_', punctuation}, {U'-', punctuation}, {U'(', punctuation}, {U')', punctuation}, {0xab, punctuation},
        {0xbb, punctuation}, {U'!', punctuation}, {U'+', symbol},      {U'$', symbol},      {U'^', symbol},
        {0x1f642, symbol},   {U' ', space},       {U'\t', space},      {U'\n', space},      {U'\r', space},
        {0x0b, space},       {0x85, space},       {0xa0, space},       {0x2028, space},     {0x3000, space},
        {0x180e, other},     {0x200b, other},     {0x1c, other},       {0, other},          {0x7f, other},
        {0xd800, other},     {0xe000, other},     {0x378, other},      {0xe0001, other},    {0xe00ff, other},
        {0xe0100, mark},     {0xe01ef, mark},     {0xe01f0, other},    {0x10ffff, other},   {0x110000, other},
        {0xffffffff, other}, {0x1fae9, symbol},   {0x116e0, number},   {0x1fac8, other},  // Unicode 16, 16, 17
    };
    for (const auto& [code_point, expected] : examples) {
        CAPTURE(static_cast<unsigned long>(code_point));
        CHECK(class_of(code_point) == expected);
    }
    CHECK(std::string_view(unicode_version) == "16.0.0");
}

TEST_CASE("unicode tables: as many code points of each class as the database has") {
    std::array<std::size_t, 9> count{};
    for (char32_t c = 0; c < 0x110000; ++c) ++count[static_cast<std::size_t>(class_of(c))];
    // Counted in the Unicode Character Database, version 16.0.
    const std::array<std::size_t, 9> expected{959278, 1889, 2258, 136881, 2501, 1911, 855, 8514, 25};
    CHECK(count == expected);
}
