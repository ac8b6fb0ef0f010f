// SPDX-License-Identifier: Apache-2.0
#include <nibble/gguf/parse_metadata.hpp>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "support/gguf_files.hpp"
#include "test.hpp"

using namespace nibble;
using namespace nibble::test;
using gguf::value_type;
using gguf::writer;

namespace {

constexpr std::uint64_t max64 = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t header_end = 24;

// Offsets in a file whose first entry has the key "k".
constexpr std::uint64_t key_at = header_end, type_at = header_end + 9, value_at = header_end + 13;
constexpr std::uint64_t element_at = value_at, length_at = value_at + 4, elements_at = value_at + 12;

bytes cut(bytes file, std::size_t size) {
    file.resize(size);
    file.shrink_to_fit();
    return file;
}

/// A file of one entry with key "k", type id 9 and these bytes as its value.
writer array_file(const bytes& value) {
    return writer{}.add_raw("k", static_cast<std::uint32_t>(value_type::array), value);
}

template <class T>
std::uint32_t id_of() {
    return static_cast<std::uint32_t>(gguf::type_of<T>());
}
const auto string_id = static_cast<std::uint32_t>(value_type::string);

}  // namespace

TEST_CASE("a file that ends inside the header names the field it ends in") {
    const bytes whole = writer{}.bytes();
    for (std::size_t size = 0; size < header_end; ++size) {
        const auto [where, offset] = size < 4    ? std::pair{"header: magic", 0}
                                     : size < 8  ? std::pair{"header: version", 4}
                                     : size < 16 ? std::pair{"header: tensor count", 8}
                                                 : std::pair{"header: metadata count", 16};
        CHECK(refusal_of(cut(whole, size)) == refusal{errc::gguf_truncated, where, static_cast<std::uint64_t>(offset)});
    }
    for (std::size_t size = 0; size < 4; ++size)
        CHECK(refusal_of(cut(whole, size)).text.find("24 bytes") != std::string::npos);
}

TEST_CASE("another kind of file is named as what it seems to be") {
    const auto text_for = [](std::string magic) {
        const auto r = refusal_of(writer{{.magic = std::move(magic)}});
        CHECK(r == refusal{errc::gguf_bad_magic, "header: magic", 0});
        return r.text;
    };
    for (const char* magic : {"gguf",
                              "\x7f"
                              "ELF",
                              "PK\x03\x04"})
        text_for(magic);
    CHECK(text_for("\x7f"
                   "ELF")
              .find("\\x7fELF") != std::string::npos);
    CHECK(text_for("<!DO").find("web page") != std::string::npos);
    CHECK(text_for("vers").find("Git LFS") != std::string::npos);
    CHECK(text_for("GGML").find("older") != std::string::npos);
    CHECK(text_for("GGJT").find("older") != std::string::npos);
    CHECK(text_for("FUGG").find("big-endian") != std::string::npos);
}

TEST_CASE("versions 2 and 3 are read, others are not") {
    const auto with_version = [](std::uint32_t version) { return refusal_of(writer{{.version = version}}); };
    CHECK(with_version(2).where == "accepted");
    CHECK(with_version(3).where == "accepted");
    for (const std::uint32_t version : {0u, 1u, 4u, 0xffffffffu})
        CHECK(with_version(version) == refusal{errc::gguf_bad_version, "header: version", 4});
    CHECK(with_version(1).text.find("1 (not supported)") != std::string::npos);
    CHECK(with_version(0x03000000u) == refusal{errc::gguf_wrong_endian, "header: version", 4});
    CHECK(with_version(0x02000000u) == refusal{errc::gguf_wrong_endian, "header: version", 4});
}

TEST_CASE("counts are compared with the bytes left before anything is reserved") {
    for (const std::uint64_t count : {max64, std::uint64_t{1} << 63, std::uint64_t{1} << 61, std::uint64_t{1} << 32,
                                      max64 / 33 + 1, max64 / 14 + 1, std::uint64_t{1}}) {
        CHECK(refusal_of(writer{{.tensor_count = count}}) ==
              refusal{errc::gguf_count_too_large, "header: tensor count", 8});
        CHECK(refusal_of(writer{{.metadata_count = count}}) ==
              refusal{errc::gguf_count_too_large, "header: metadata count", 16});
    }
    SECTION("the smallest entries there are") {
        const bytes pair = cut(writer{}.add("k", std::uint8_t{1}).bytes(), header_end + 14);
        CHECK(refusal_of(pair).where == "accepted");
        CHECK(refusal_of(cut(pair, header_end + 13)) ==
              refusal{errc::gguf_count_too_large, "header: metadata count", 16});
        // a count is seen from where it ends: 8 bytes of the header follow that of the tensors
        const bytes table = cut(writer{}.add_tensor(tensor("t", {1})).bytes(), header_end + 33);
        CHECK(refusal_of(table).where == "tensor data");
        CHECK(refusal_of(cut(table, header_end + 25)).where == "tensor 't': offset");
        CHECK(refusal_of(cut(table, header_end + 24)) ==
              refusal{errc::gguf_count_too_large, "header: tensor count", 8});
    }
    SECTION("many entries in zeros end at the first of them") {
        bytes zeros = writer{{.tensor_count = 100, .metadata_count = 100}}.bytes();
        zeros.resize(10'000'000);
        CHECK(refusal_of(zeros) == refusal{errc::gguf_bad_key, "key 0: key", header_end});
    }
    SECTION("more entries than the limit") {
        const bytes file = writer{}.add("a", 1).add("b", 2).bytes();
        CHECK(refusal_of(file, {.metadata_entries = 2}).where == "accepted");
        CHECK(refusal_of(file, {.metadata_entries = 1}) ==
              refusal{errc::gguf_count_too_large, "header: metadata count", 16});
    }
}

TEST_CASE("a metadata count that is off by one ends in an error at the right place") {
    const auto file = [](std::uint64_t count) {
        const bytes whole = writer{{.metadata_count = count}}.add("first", 1).add("second", "text").bytes();
        return cut(whole, header_end + (8 + 5 + 4 + 4) + (8 + 6 + 4 + 8 + 4));  // without the padding
    };
    CHECK(refusal_of(file(2)).where == "accepted");
    CHECK(refusal_of(file(3)) == refusal{errc::gguf_truncated, "key 2: key", file(3).size()});

    SECTION("one less: the last entry is read as a tensor") {
        auto one_less =
            writer{{.metadata_count = 1}}.add("first", 1).add("second", "text").add_tensor(tensor("t", {8}));
        CHECK(refusal_of(one_less) == refusal{errc::gguf_bad_dims, "tensor 'second': number of dimensions", 59});
    }
}

TEST_CASE("an empty file of nothing but a header is accepted") {
    const bytes header = cut(writer{}.bytes(), header_end);
    const auto file = gguf::file::parse(header);
    CHECK(file.metadata().empty());
    CHECK(file.tensors().empty());
    CHECK(file.alignment() == 32);
    CHECK(file.data_end() == header_end);
    CHECK(file.find("general.architecture") == nullptr);
    CHECK(file.find_tensor("output.weight") == nullptr);
}

TEST_CASE("key lengths") {
    const auto refused_length = [](std::uint64_t length, errc code) {
        bytes entry = packed(length);
        entry.resize(100);
        const auto r = refusal_of(writer{}.add_bytes(entry, 1));
        CHECK(r == refusal{code, "key 0: key", key_at});
        return r.text;
    };
    // the file is padded to 128 bytes, of which 96 follow the length
    CHECK(refused_length(97, errc::gguf_string_too_long).find("96 bytes left, got length 97") != std::string::npos);
    refused_length(max64, errc::gguf_string_too_long);
    refused_length(max64 - 7, errc::gguf_string_too_long);
    refused_length(0, errc::gguf_bad_key);

    CHECK(refusal_of(writer{}.add(std::string(65'535, 'k'), 1)).where == "accepted");
    CHECK(refusal_of(writer{}.add(std::string(65'536, 'k'), 1)) == refusal{errc::gguf_bad_key, "key 0: key", key_at});
}

TEST_CASE("keys are printable ASCII, and messages show others escaped") {
    using namespace std::string_view_literals;
    for (const std::string_view key : {"a\0b"sv, "a\nb"sv, "\x1b[31m"sv, "caf\xc3\xa9"sv, "a\x7f"sv, "\t"sv}) {
        const auto r = refusal_of(writer{}.add(key, 1));
        CHECK(r == refusal{errc::gguf_bad_key, "key 0: key", key_at});
        for (const char c : r.text) CHECK((c >= 0x20 && c < 0x7f));
    }
    CHECK(refusal_of(writer{}.add("%s%n ../x", 1)).where == "accepted");
}

TEST_CASE("duplicate keys") {
    SECTION("of one type") {
        const auto r = refusal_of(writer{}.add("k", 1u).add("x", 2u).add("k", 1u));
        CHECK(r == refusal{errc::gguf_duplicate_key, "key 'k'", header_end + 2 * 17});
        CHECK(r.text.find("at byte 24 ") != std::string::npos);
    }
    SECTION("of two types") {
        CHECK(refusal_of(writer{}.add("k", 1u).add("k", "text")) ==
              refusal{errc::gguf_duplicate_key, "key 'k'", header_end + 17});
    }
    SECTION("the first repetition in file order is reported") {
        CHECK(refusal_of(writer{}.add("z", 1u).add("a", 1u).add("z", 1u).add("a", 1u)) ==
              refusal{errc::gguf_duplicate_key, "key 'z'", header_end + 2 * 17});
    }
    SECTION("a key that begins like another is another") {
        CHECK(refusal_of(writer{}.add("k", 1u).add("kk", 1u).add("K", 1u)).where == "accepted");
    }
}

TEST_CASE("many keys take no more than sorting them") {
    constexpr std::uint64_t count = 300'000;  // pairwise comparison would take minutes
    bytes entries;
    for (std::uint64_t i = 0; i < count; ++i) {
        gguf::append(entries, std::string_view{"a.common.prefix." + std::to_string(i)});
        gguf::append(entries, std::uint32_t{0});
        gguf::append(entries, std::uint8_t{1});
    }
    writer w;
    w.add_bytes(entries, count);
    CHECK(refusal_of(w) == refusal{errc::gguf_count_too_large, "header: metadata count", 16});
    const bytes file = w.bytes();
    const auto parsed = gguf::file::parse(file, {.metadata_entries = 1'000'000});
    REQUIRE(parsed.metadata().size() == count);
    CHECK(parsed.find("a.common.prefix.299999") == &parsed.metadata().back().val);
    CHECK(parsed.find("a.common.prefix.300000") == nullptr);
}

TEST_CASE("unknown value types") {
    for (const std::uint32_t id : {13u, 255u, 1u << 31, 0xffffffffu}) {
        CHECK(refusal_of(writer{}.add_raw("k", id, packed(std::uint64_t{0}))) ==
              refusal{errc::gguf_bad_value_type, "key 'k': value type", type_at});
        CHECK(refusal_of(array_file(packed(id, std::uint64_t{0}))) ==
              refusal{errc::gguf_bad_value_type, "key 'k': array element type", element_at});
    }
}

TEST_CASE("a bool is 0 or 1") {
    for (const unsigned stored : {2u, 7u, 255u}) {
        const auto byte = static_cast<std::uint8_t>(stored);
        CHECK(refusal_of(writer{}.add_raw("k", id_of<bool>(), packed(byte))) ==
              refusal{errc::gguf_bad_bool, "key 'k': value", value_at});
        CHECK(refusal_of(array_file(packed(id_of<bool>(), std::uint64_t{3}, true, byte, false))) ==
              refusal{errc::gguf_bad_bool, "key 'k': element 1", elements_at});
    }
    CHECK(refusal_of(writer{}.add("k", true).add("l", false)).where == "accepted");
}

TEST_CASE("a value cut in the middle, for each scalar type") {
    constexpr std::uint64_t start = header_end + 8 + 4 + 4;
    for (std::uint32_t id = 0; id <= 12; ++id) {
        const std::uint32_t size = gguf::fixed_size(static_cast<value_type>(id));
        if (size == 0) continue;
        const bytes whole = writer{}.add_raw("long", id, bytes(size)).bytes();
        for (std::uint32_t present = 0; present < size; ++present)
            CHECK(refusal_of(cut(whole, start + present)) == refusal{errc::gguf_truncated, "key 'long': value", start});
        CHECK(refusal_of(cut(whole, start + size)).where == "accepted");
    }
    CHECK(refusal_of(cut(writer{}.add("long", 1).bytes(), start - 1)) ==
          refusal{errc::gguf_truncated, "key 'long': value type", start - 4});
}

TEST_CASE("the length of a string value") {
    const auto with_length = [](std::uint64_t length) {
        bytes value = packed(length);
        value.resize(8 + 51);  // 24 + 13 + 59 is a multiple of 32: nothing follows
        return refusal_of(writer{}.add_raw("k", string_id, value));
    };
    CHECK(with_length(51).where == "accepted");
    CHECK(with_length(0).where == "accepted");
    for (const std::uint64_t length : {std::uint64_t{52}, std::uint64_t{1} << 63, max64, max64 - 7})
        CHECK(with_length(length) == refusal{errc::gguf_string_too_long, "key 'k': value", value_at});

    const writer text = writer{}.add("k", "0123456789");
    CHECK(refusal_of(text, {.string_bytes = 10}).where == "accepted");
    CHECK(refusal_of(text, {.string_bytes = 9}) == refusal{errc::gguf_string_too_long, "key 'k': value", value_at});
}

TEST_CASE("text need not be UTF-8, floats need not be finite") {
    const bytes file = writer{}
                           .add("general.name", "\xff\xfe\x80")
                           .add("nan", std::numeric_limits<float>::quiet_NaN())
                           .add("inf", std::numeric_limits<double>::infinity())
                           .add("denormal", std::numeric_limits<float>::denorm_min())
                           .bytes();
    const auto parsed = gguf::file::parse(file);
    CHECK(parsed.find("general.name")->as_string() == "\xff\xfe\x80");
    CHECK(parsed.find("denormal")->as_double() == 0x1p-149);
}

TEST_CASE("the alignment") {
    const std::string key = "key 'general.alignment'";
    SECTION("32 unless it is given") { CHECK(gguf::file::parse(writer{}.add("k", 1).bytes()).alignment() == 32); }
    SECTION("powers of two from 8 to 65536") {
        for (const std::uint64_t alignment : {8u, 16u, 64u, 4096u, 65'536u}) {
            const bytes file =
                writer{{.alignment = alignment}}.add_tensor(tensor("a", {3})).add_tensor(tensor("b", {3})).bytes();
            const auto parsed = gguf::file::parse(file);
            CHECK(parsed.alignment() == alignment);
            CHECK(parsed.data_offset() % alignment == 0);
            CHECK(parsed.offset_of(parsed.tensors()[1]) ==
                  parsed.data_offset() + std::max<std::uint64_t>(alignment, 16));
        }
    }
    SECTION("nothing else") {
        for (const std::uint32_t alignment : {0u, 1u, 2u, 3u, 4u, 24u, 33u, 1u << 17, 1u << 20, 1u << 31, 0xffffffffu})
            CHECK(refusal_of(writer{}.add("general.alignment", alignment)) ==
                  refusal{errc::gguf_bad_alignment, key, header_end});
    }
    SECTION("stored as u32") {
        CHECK(refusal_of(writer{}.add("general.alignment", 32)) == refusal{errc::model_wrong_type, key, header_end});
        CHECK(refusal_of(writer{}.add("general.alignment", std::uint64_t{32})) ==
              refusal{errc::model_wrong_type, key, header_end});
        CHECK(refusal_of(writer{}.add("general.alignment", "32")) == refusal{errc::model_wrong_type, key, header_end});
        CHECK(refusal_of(writer{}.add_array("general.alignment", std::vector<std::uint32_t>{32})) ==
              refusal{errc::model_wrong_type, key, header_end});
    }
    SECTION("one whose padding passes the end of the file") {
        bytes file = writer{{.alignment = 65'536}}.add_tensor(tensor("t", {8})).bytes();
        CHECK(refusal_of(cut(file, 1000)).code == errc::gguf_truncated);
        CHECK(refusal_of(cut(file, 1000)).where == "tensor data");
    }
}

TEST_CASE("unknown keys are kept and ignored") {
    writer w;
    for (int i = 0; i < 1000; ++i) w.add("some.other.program." + std::to_string(i), i);
    const bytes file = w.bytes();
    CHECK(gguf::file::parse(file).metadata().size() == 1000);
}

TEST_CASE("arrays of arrays are refused at the first level") {
    bytes nested;
    for (int level = 0; level < 100'000; ++level) {
        gguf::append(nested, std::uint32_t{9});
        gguf::append(nested, std::uint64_t{1});
    }
    CHECK(refusal_of(array_file(nested)) ==
          refusal{errc::gguf_nested_array, "key 'k': array element type", element_at});
}

TEST_CASE("array lengths are compared with the bytes left") {
    const auto with_length = [](std::uint32_t element, std::uint64_t length, std::size_t present) {
        bytes value = packed(element, length);
        value.resize(12 + present);
        return refusal_of(cut(array_file(value).bytes(), static_cast<std::size_t>(elements_at) + present),
                          {.array_elements = max64});
    };
    const refusal too_long{errc::gguf_array_too_long, "key 'k': array length", length_at};
    for (std::uint32_t id = 0; id <= 12; ++id) {
        if (id == 9) continue;
        const std::uint32_t size = id == string_id ? 8 : gguf::fixed_size(static_cast<value_type>(id));
        CHECK(with_length(id, 0, 0).where == "accepted");
        CHECK(with_length(id, 3, 3 * size).where == "accepted");
        CHECK(with_length(id, 4, 3 * size) == too_long);
        CHECK(with_length(id, 3, 3 * size - 1) == too_long);
        for (const std::uint64_t length : {max64, max64 / size, std::uint64_t{1} << 63, (std::uint64_t{1} << 63) + 1,
                                           (std::uint64_t{1} << 62) + 1, (std::uint64_t{1} << 61) + 1})
            CHECK(with_length(id, length, 64) == too_long);
    }
    const writer three = writer{}.add_array("k", std::vector<std::uint8_t>{1, 2, 3});
    CHECK(refusal_of(three, {.array_elements = 3}).where == "accepted");
    CHECK(refusal_of(three, {.array_elements = 2}) == too_long);
}

TEST_CASE("elements of a string array") {
    const auto prefix = packed(string_id, std::uint64_t{3}, std::uint64_t{1}, 'a', std::uint64_t{0});
    const std::uint64_t third_at = elements_at + 9 + 8;
    const auto with_third = [&](const bytes& third) {
        bytes value = prefix;
        value.insert(value.end(), third.begin(), third.end());
        return cut(array_file(value).bytes(), static_cast<std::size_t>(third_at) + third.size());
    };
    CHECK(refusal_of(with_third(packed(std::uint64_t{2}, 'b', 'c'))).where == "accepted");
    for (const std::uint64_t length : {std::uint64_t{3}, max64, max64 - 7, std::uint64_t{1} << 63})
        CHECK(refusal_of(with_third(packed(length, 'b', 'c'))) ==
              refusal{errc::gguf_string_too_long, "key 'k': element 2", third_at});
    // the length passes the first check, 8 bytes an element, but the last element's length is cut
    CHECK(refusal_of(with_third(packed(std::uint32_t{0}, std::uint16_t{0}, 'x'))) ==
          refusal{errc::gguf_truncated, "key 'k': element 2", third_at});
    CHECK(refusal_of(with_third(packed(std::uint64_t{2}, 'b', 'c')), {.string_bytes = 1}) ==
          refusal{errc::gguf_string_too_long, "key 'k': element 2", third_at});

    SECTION("a million empty strings") {
        bytes value = packed(string_id, std::uint64_t{1'000'000});
        value.resize(12 + 8'000'000);
        const bytes file = array_file(value).bytes();
        const auto parsed = gguf::file::parse(file);
        std::size_t seen = 0;
        for (const std::string_view text : parsed.find("k")->strings()) seen += text.empty() ? 1 : 0;
        CHECK(seen == 1'000'000);
    }
}

TEST_CASE("the metadata section as a whole has a limit") {
    const writer w = writer{}.add("k", std::string(500, 'x')).add("l", std::string(500, 'x'));
    CHECK(refusal_of(w, {.metadata_bytes = 2000}).where == "accepted");
    CHECK(refusal_of(w, {.metadata_bytes = 1000}).code == errc::limit_exceeded);
    CHECK(refusal_of(w, {.metadata_bytes = 1000}).where == "key 'l': end of the value");
}
