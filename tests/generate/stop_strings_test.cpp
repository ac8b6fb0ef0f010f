// SPDX-License-Identifier: Apache-2.0
#include "test.hpp"

#include <string>
#include <vector>

#include <nibble/generate/rng.hpp>
#include <nibble/generate/stop_strings.hpp>

using nibble::stop_strings;

TEST_CASE("a stop string is found however the text is cut", "[stop_strings]") {
    const std::string text = "one END two";
    for (std::size_t cut = 0; cut <= text.size(); ++cut)
        for (std::size_t second = cut; second <= text.size(); ++second) {
            stop_strings stops{{"END"}};
            stops.feed(text.substr(0, cut));
            CHECK(stops.settled() <= 4);
            stops.feed(text.substr(cut, second - cut));
            stops.feed(text.substr(second));
            REQUIRE(stops.matched());
            REQUIRE(stops.settled() == 4);
        }
}

TEST_CASE("only what may become a stop string is held back", "[stop_strings]") {
    stop_strings stops{{"</s>", "\n\nUser:"}};
    stops.feed("abc");
    CHECK(stops.settled() == 3);
    stops.feed("</");
    CHECK(stops.settled() == 3);
    stops.feed("b>");
    CHECK(stops.settled() == 7);
    stops.feed("\n\n");
    CHECK(stops.settled() == 7);
    stops.feed("\n");
    CHECK(stops.settled() == 8);  // two line ends may still be the start
    stops.feed("User");
    CHECK_FALSE(stops.matched());
    stops.feed(": more");
    CHECK(stops.matched());
    CHECK(stops.settled() == 8);
    stops.feed("</s>");
    CHECK(stops.settled() == 8);
}

TEST_CASE("of several stop strings the one complete first counts", "[stop_strings]") {
    stop_strings inner{{"abcd", "bc"}};
    inner.feed("xabcd");
    CHECK(inner.matched());
    CHECK(inner.settled() == 2);
    stop_strings same_end{{"c", "abc"}};
    same_end.feed("xabc");
    CHECK(same_end.settled() == 1);
    stop_strings none{{}};
    none.feed("anything");
    CHECK_FALSE(none.matched());
    CHECK(none.settled() == 8);
    stop_strings empty{{""}};
    empty.feed("anything");
    CHECK_FALSE(empty.matched());
}

TEST_CASE("stop strings agree with a plain search", "[stop_strings]") {
    nibble::random_generator random{5};
    const auto some_text = [&](std::size_t n) {
        std::string text;
        while (text.size() < n) text += static_cast<char>('a' + random.next() % 2);
        return text;
    };
    for (int round = 0; round < 500; ++round) {
        const std::vector<std::string> strings{some_text(1 + random.next() % 8), some_text(4 + random.next() % 8)};
        const std::string text = some_text(40);
        stop_strings stops{strings};
        for (std::size_t n = 1; n <= text.size() && !stops.matched(); ++n) {
            stops.feed(text.substr(n - 1, 1));
            std::size_t partial = 0, complete = 0;
            for (const auto& string : strings)
                for (std::size_t length = 1; length <= std::min(string.size(), n); ++length)
                    if (text.compare(n - length, length, string, 0, length) == 0) {
                        if (length == string.size()) complete = std::max(complete, length);
                        partial = std::max(partial, length);
                    }
            REQUIRE(stops.matched() == (complete > 0));
            REQUIRE(stops.settled() == n - (complete > 0 ? complete : partial));
        }
    }
}

TEST_CASE("what is skipped neither is nor completes a stop string, and which one matched is known", "[stop_strings]") {
    stop_strings stops{{"END", "", "STOP"}};
    stops.feed("a EN");
    CHECK(stops.settled() == 2);
    stops.skip(3);  // D: what was held back is text
    CHECK(stops.settled() == 7);
    stops.feed("D ST");
    CHECK_FALSE(stops.matched());
    stops.feed("OP");
    REQUIRE(stops.matched());
    CHECK(stops.settled() == 9);
    CHECK(stops.which() == 2);
    stops.skip(5);
    CHECK(stops.settled() == 9);
}
