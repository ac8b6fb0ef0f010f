// SPDX-License-Identifier: Apache-2.0
#include <nibble/gguf/value.hpp>

#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "support/gguf_files.hpp"
#include "test.hpp"

using namespace nibble;
using namespace nibble::test;
using gguf::value;
using gguf::value_type;

static_assert(std::is_trivially_copyable_v<value> && sizeof(value) == 32);
static_assert(std::forward_iterator<gguf::string_range::iterator>);
static_assert(std::input_iterator<gguf::number_range<float>::iterator>);
static_assert(gguf::type_of<long>() == (sizeof(long) == 8 ? value_type::i64 : value_type::i32));
static_assert(gguf::type_of<unsigned long long>() == value_type::u64);
static_assert(gguf::type_of<bool>() == value_type::boolean);

namespace {

constexpr std::uint64_t max64 = std::numeric_limits<std::uint64_t>::max();

/// A number and the value that views it.
template <class T>
struct stored {
    explicit stored(T number) : storage(packed(number)), view(gguf::type_of<T>(), storage) {}
    bytes storage;
    value view;
};

}  // namespace

TEST_CASE("integers convert when the value fits, whatever the stored width") {
    CHECK(stored{std::uint8_t{255}}.view.as_unsigned() == 255u);
    CHECK(stored{std::uint8_t{255}}.view.as_signed() == 255);
    CHECK(stored{std::int8_t{-1}}.view.as_signed() == -1);
    CHECK_FALSE(stored{std::int8_t{-1}}.view.as_unsigned());
    CHECK_FALSE(stored{std::int16_t{-1}}.view.as_unsigned());
    CHECK_FALSE(stored{std::int32_t{-1}}.view.as_unsigned());
    CHECK_FALSE(stored{std::int64_t{-1}}.view.as_unsigned());
    CHECK(stored{std::int64_t{7}}.view.as_unsigned() == 7u);
    CHECK(stored{std::uint64_t{(1ull << 32) + 4096}}.view.as_unsigned() == (1ull << 32) + 4096);
    CHECK(stored{max64}.view.as_unsigned() == max64);
    CHECK_FALSE(stored{max64}.view.as_signed());
    CHECK(stored{std::numeric_limits<std::int64_t>::min()}.view.as_signed() ==
          std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("floats, bools and texts are no integers") {
    CHECK_FALSE(stored{4096.0f}.view.as_unsigned());
    CHECK_FALSE(stored{4096.0}.view.as_signed());
    CHECK_FALSE(stored{true}.view.as_unsigned());
    CHECK_FALSE(stored{true}.view.as_double());
    CHECK_FALSE(stored{std::uint8_t{1}}.view.as_bool());
    CHECK_FALSE(stored{std::uint8_t{'a'}}.view.as_string());
    CHECK(stored{true}.view.as_bool() == true);
    CHECK(stored{false}.view.as_bool() == false);
    const bytes text = bytes_of("12");
    const value string{value_type::string, text};
    CHECK(string.as_string() == "12");
    CHECK_FALSE(string.as_unsigned());
    CHECK_FALSE(string.as_double());
    CHECK_FALSE(string.as_bool());
}

TEST_CASE("numbers convert to double when nothing is lost") {
    CHECK(stored{0.1f}.view.as_double() == static_cast<double>(0.1f));
    CHECK(stored{0.1}.view.as_double() == 0.1);
    CHECK(std::isnan(*stored{std::numeric_limits<float>::quiet_NaN()}.view.as_double()));
    CHECK(stored{std::int32_t{-5}}.view.as_double() == -5.0);
    CHECK(stored{std::uint64_t{1} << 53}.view.as_double() == 0x1p53);
    CHECK_FALSE(stored{(std::uint64_t{1} << 53) + 1}.view.as_double());
    CHECK_FALSE(stored{max64}.view.as_double());
    CHECK_FALSE(stored{-(std::int64_t{1} << 53) - 1}.view.as_double());
}

TEST_CASE("arrays are read as what they hold and nothing else") {
    const bytes numbers = packed(std::int32_t{-1}, std::int32_t{2}, std::int32_t{3});
    const value array{value_type::i32, 3, numbers};
    CHECK(array.is_array());
    CHECK(array.type() == value_type::array);
    CHECK(array.element_type() == value_type::i32);
    CHECK(array.is_array_of(value_type::i32));
    CHECK_FALSE(array.is_array_of(value_type::u32));
    CHECK(array.array_size() == 3);
    const auto range = array.numbers<std::int32_t>();
    CHECK((std::vector<std::int32_t>(range.begin(), range.end()) == std::vector<std::int32_t>{-1, 2, 3}));
    CHECK(range[1] == 2);
    CHECK(array.numbers<std::uint32_t>().empty());
    CHECK(array.numbers<float>().empty());
    CHECK(array.numbers<std::int8_t>().empty());
    CHECK(array.strings().empty());
    CHECK_FALSE(array.as_signed());
    CHECK_FALSE(array.as_double());
    CHECK_FALSE(array.as_string());

    CHECK(stored{std::int32_t{1}}.view.numbers<std::int32_t>().empty());
    CHECK(stored{std::int32_t{1}}.view.array_size() == 0);
    CHECK(stored{std::int32_t{1}}.view.element_type() == value_type::i32);
}

TEST_CASE("elements need no alignment") {
    bytes storage(1);
    for (const float number : {1.5f, -2.5f}) gguf::append(storage, number);
    const value array{value_type::f32, 2, std::span{storage}.subspan(1)};
    CHECK(array.numbers<float>()[0] == 1.5f);
    CHECK(array.numbers<float>()[1] == -2.5f);
}

TEST_CASE("a walk over strings stays inside its bytes when they change after validation") {
    bytes storage;
    for (const char* text : {"first", "second", "third"}) gguf::append(storage, std::string_view{text});
    const value array{value_type::string, 3, storage};
    patch(storage, 8 + 5, max64);  // the length of "second"
    std::vector<std::string_view> seen;
    for (const std::string_view text : array.strings()) seen.push_back(text);
    REQUIRE(seen.size() == 3);
    CHECK(seen[0] == "first");
    const auto* end = reinterpret_cast<const char*>(storage.data() + storage.size());
    CHECK(seen[1].data() + seen[1].size() == end);
    CHECK(seen[2].empty());
}

TEST_CASE("a range of strings can be walked again") {
    bytes storage;
    for (const char* text : {"", "b"}) gguf::append(storage, std::string_view{text});
    const auto range = value{value_type::string, 2, storage}.strings();
    CHECK(range.size() == 2);
    CHECK(std::distance(range.begin(), range.end()) == 2);
    auto at = range.begin();
    const auto before = at++;
    CHECK(*before == "");
    CHECK(*at == "b");
    CHECK(at->size() == 1);
    CHECK(++at == range.end());
}

TEST_CASE("names and sizes of value types") {
    CHECK(gguf::name_of(value_type::boolean) == "bool");
    CHECK(gguf::name_of(value_type::f64) == "f64");
    CHECK(gguf::name_of(static_cast<value_type>(13)) == "unknown");
    CHECK(gguf::fixed_size(value_type::u64) == 8);
    CHECK(gguf::fixed_size(value_type::string) == 0);
    CHECK(gguf::fixed_size(static_cast<value_type>(13)) == 0);
}
