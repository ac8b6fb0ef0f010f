// SPDX-License-Identifier: Apache-2.0
#include <nibble/json/end_finder.hpp>

#include <string_view>

#include "test.hpp"

using namespace nibble;

namespace {

/// Bytes of `text` up to the end of its JSON; 0 if there is none.
std::size_t end_of(std::string_view text) {
    json_end_finder finder;
    for (std::size_t i = 0; i < text.size(); ++i) {
        finder.feed(text[i]);
        if (finder.done()) return i + 1;
        if (finder.broken()) return 0;
    }
    return 0;
}

}  // namespace

TEST_CASE("the end of JSON is found while it arrives") {
    CHECK(end_of("{} x") == 2);
    CHECK(end_of(R"([{"a}]\"": "]"}, []] x)") == 20);
    CHECK(end_of("{\"a\": [1, 2}") == 0);
    CHECK(end_of("{\"a\n\": 1}") == 0);  // a string that ends with its line
    json_end_finder finder;
    CHECK_FALSE(finder.started());
    finder.feed('{');
    CHECK(finder.started());
    finder.feed('"');
    CHECK(finder.in_string());
}
