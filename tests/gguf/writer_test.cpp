// SPDX-License-Identifier: Apache-2.0
#include <nibble/gguf/writer.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "support/gguf_files.hpp"
#include "support/temp_dir.hpp"
#include "test.hpp"

using namespace nibble;
using namespace nibble::test;
using gguf::writer;

TEST_CASE("the bytes of a small file, one by one") {
    using namespace std::string_view_literals;
    gguf::tensor_entry t = tensor("t", {2, 1}, data_type::f16, 0xab);
    const bytes file = writer{}.add("k", std::uint16_t{0x0102}).add_tensor(t).bytes();
    std::string expected{"GGUF\3\0\0\0"
                         "\1\0\0\0\0\0\0\0"                  // tensors
                         "\1\0\0\0\0\0\0\0"                  // metadata
                         "\1\0\0\0\0\0\0\0k\2\0\0\0\2\1"     // k: u16
                         "\1\0\0\0\0\0\0\0t\2\0\0\0"         // t: two dimensions
                         "\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"  // 2, 1
                         "\1\0\0\0\0\0\0\0\0\0\0\0"sv};      // F16 at 0
    expected.resize(96);
    expected += "\xab\xab\xab\xab";
    expected.resize(128);
    CHECK((file == bytes_of(expected)));
}

TEST_CASE("what is written is read back") {
    const bytes file = seed_files().at(1);
    const auto parsed = gguf::file::parse(file);
    REQUIRE(parsed.metadata().size() == 18);
    CHECK(parsed.find("a.u8")->as_unsigned() == 200u);
    CHECK(parsed.find("a.i8")->as_signed() == -7);
    CHECK(parsed.find("a.u16")->as_unsigned() == 60'000u);
    CHECK(parsed.find("a.i16")->as_signed() == -300);
    CHECK(parsed.find("a.u32")->as_unsigned() == 4'000'000'000u);
    CHECK(parsed.find("a.i32")->as_signed() == -70'000);
    CHECK(parsed.find("a.u64")->as_unsigned() == ~std::uint64_t{0});
    CHECK(parsed.find("a.i64")->as_signed() == -5'000'000'000);
    CHECK(parsed.find("a.f32")->as_double() == static_cast<double>(0.1f));
    CHECK(parsed.find("a.f64")->as_double() == 0.2);
    CHECK(parsed.find("a.bool")->as_bool() == true);
    CHECK(parsed.find("a.string")->as_string() == "caf\xc3\xa9");
    CHECK(parsed.find("a.empty")->as_string() == "");
    std::vector<std::string> texts;
    for (const std::string_view text : parsed.find("b.strings")->strings()) texts.emplace_back(text);
    CHECK(texts == std::vector<std::string>{"one", "", "three"});
    CHECK(parsed.find("b.floats")->numbers<float>()[2] == 3.0f);
    CHECK(parsed.find("b.bools")->numbers<bool>()[1] == false);
    CHECK(parsed.find("b.bytes")->numbers<std::uint8_t>().size() == 5);
    CHECK(parsed.find("b.none")->is_array_of(gguf::value_type::i32));
    CHECK(parsed.find("b.none")->array_size() == 0);
    CHECK(parsed.metadata()[3].key == "a.i16");
    CHECK(parsed.metadata()[0].offset == 24);
    CHECK(parsed.metadata()[1].offset == 24 + 8 + 4 + 4 + 1);
}

TEST_CASE("write makes the file that bytes describes") {
    const temp_dir dir;
    const writer w = writer{}.add("k", 1).add_tensor(tensor("t", {8}));
    w.write(dir / "file.gguf");
    const auto mapped = mapped_file::open(dir / "file.gguf");
    CHECK((bytes(mapped.bytes().begin(), mapped.bytes().end()) == w.bytes()));
    CHECK(refusal_of([&] {
              w.write(dir / "no" / "such");
              return 0;
          }).code == errc::io_open);
}
