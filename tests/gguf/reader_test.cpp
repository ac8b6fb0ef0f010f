// SPDX-License-Identifier: Apache-2.0
#include <nibble/gguf/reader.hpp>

#include <limits>
#include <span>
#include <string>

#include "support/gguf_files.hpp"
#include "test.hpp"

using namespace nibble;
using namespace nibble::test;
using gguf::reader;

TEST_CASE("a reader reads forward and knows where it is") {
    const bytes data = packed(std::uint32_t{7}, 2.5, std::uint64_t{2}, 'h', 'i', true);
    reader in{data};
    CHECK(in.read<std::uint32_t>("a") == 7);
    CHECK(in.offset() == 4);
    CHECK(in.read<double>("b") == 2.5);
    CHECK(in.read_string("c", 10, errc::gguf_bad_key) == "hi");
    CHECK(in.left() == 1);
    CHECK(in.read<bool>("d"));
    CHECK(in.left() == 0);
    CHECK(in.take(0, "nothing").empty());
}

TEST_CASE("a read past the end changes nothing and says what it was for") {
    const bytes data = packed(std::uint32_t{7}, std::uint16_t{1});
    reader in{data};
    (void)in.read<std::uint32_t>("first");
    CHECK(refusal_of([&] { return in.read<std::uint32_t>("second"); }) ==
          refusal{errc::gguf_truncated, "header: second", 4});
    CHECK(refusal_of([&] {
              return in.take(std::numeric_limits<std::uint64_t>::max(), {"part", 3});
          }) == refusal{errc::gguf_truncated, "header: part 3", 4});
    CHECK(in.offset() == 4);
    CHECK(in.read<std::uint16_t>("third") == 1);
}

TEST_CASE("errors name the entry by number until its name is known") {
    const bytes data = packed(std::uint8_t{1});
    reader in{data};
    const auto refused = [&] { return refusal_of([&] { return in.read<std::uint64_t>("size"); }).where; };
    CHECK(refused() == "header: size");
    in.begin_entry("tensor", 5);
    CHECK(refused() == "tensor 5: size");
    in.name_entry("a\nb");
    CHECK(refused() == "tensor 'a\\x0ab': size");
    in.begin_entry("tensor", 6);
    CHECK(refused() == "tensor 6: size");
}

TEST_CASE("strings are bounded by the bytes left and by the caller") {
    const bytes data = packed(std::uint64_t{3}, 'a', 'b', 'c');
    CHECK(reader{data}.read_string("s", 3, errc::gguf_bad_key) == "abc");
    CHECK(refusal_of([&] { return reader{data}.read_string("s", 2, errc::gguf_bad_key); }) ==
          refusal{errc::gguf_bad_key, "header: s", 0});
    const std::span cut = std::span{data}.first(10);
    CHECK(refusal_of([&] { return reader{cut}.read_string("s", 2, errc::gguf_bad_key); }) ==
          refusal{errc::gguf_string_too_long, "header: s", 0});
}

TEST_CASE("strings taken together obey the same bounds as strings read one by one") {
    bytes data;
    for (const char* text : {"one", "", "three"}) gguf::append(data, std::string_view{text});
    for (std::size_t size = 0; size <= data.size(); ++size)
        for (const std::uint64_t most : {0u, 2u, 3u, 4u, 5u, 100u}) {
            const bytes part(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(size));
            reader one_by_one{part}, together{part};
            const auto expected = refusal_of([&] {
                for (std::uint64_t i = 0; i < 3; ++i)
                    (void)one_by_one.read_string({"element", i}, most, errc::gguf_string_too_long);
                return 0;
            });
            const auto got = refusal_of([&] { return together.take_strings(3, most); });
            CHECK(got == expected);
            CHECK(got.text == expected.text);
            CHECK((got.where == "accepted") == (size == data.size() && most >= 5));
        }
    reader in{data};
    CHECK(in.take_strings(3, 5).size() == data.size());
    CHECK(in.left() == 0);
}
