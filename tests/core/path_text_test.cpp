// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/path_text.hpp>

#include <filesystem>
#include <string>

#include "support/refusal.hpp"
#include "test.hpp"

using namespace nibble;
namespace fs = std::filesystem;

TEST_CASE("paths are UTF-8 in both directions, whatever a system makes of narrow names") {
    const std::string name = "\u00e9t\u00e9 \u65e5\u672c \U0001f40b";
    CHECK(path_of(name) == fs::path{u8"\u00e9t\u00e9 \u65e5\u672c \U0001f40b"});
    CHECK(path_text(path_of(name)) == name);
    CHECK(path_text(path_of("folder") / path_of(name)).ends_with(name));
    CHECK(path_text({}).empty());
}

TEST_CASE("a place is printable") { CHECK(file_place(path_of("\u00e9\n")) == "file '\\xc3\\xa9\\x0a'"); }

#if defined(_WIN32)
TEST_CASE("a name that is no UTF-8 is refused") {
    const auto refused = test::refusal_of([] { return path_of("name \xe2\x82"); });
    CHECK(refused.code == errc::io_open);
    CHECK(refused.text == "file 'name \\xe2\\x82': expected a name in UTF-8, got other bytes");
}
#else
TEST_CASE("names that are bytes and no UTF-8 stay what they are") {
    CHECK(path_of("\xff\xfe").native() == "\xff\xfe");
    CHECK(path_text("\xff\xfe") == "\xff\xfe");
}
#endif
