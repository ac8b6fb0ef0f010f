// SPDX-License-Identifier: Apache-2.0
// Pieces of whole characters, held back where they may become a stop string.
#include <nibble/generate/reply_text.hpp>

#include <string>

#include "test.hpp"

using nibble::detail::reply_text;

TEST_CASE("pieces are what became certain since the last one", "[reply_text]") {
    reply_text text{{"stop", "over"}};
    CHECK(text.piece().empty());
    CHECK(text.add("one \xc3", true));
    CHECK(text.piece() == "one ");
    text.begin_piece();
    CHECK(text.piece().empty());
    CHECK(text.add("\xa4 st", true));
    CHECK(text.piece() == "ä ");
    CHECK(text.add("a", true));
    CHECK(text.piece() == "ä sta");
    CHECK(text.given() == "one ä sta");
    text.begin_piece();
    CHECK(text.finish(true));
    CHECK(text.piece().empty());
    CHECK_FALSE(text.stopped());
}

TEST_CASE("a text ends before a stop string, unless it does not count", "[reply_text]") {
    reply_text text{{"never", "stop"}};
    CHECK(text.add("a stop ", false));
    CHECK(text.add("b st", true));
    CHECK_FALSE(text.add("op c", true));
    CHECK(text.given() == "a stop b ");
    CHECK(text.stopped());
    CHECK(text.stopped_by() == 1);
    CHECK_FALSE(text.finish(true));
    CHECK(text.given() == "a stop b ");
}

TEST_CASE("the end gives out what was held back, bytes of a cut character as U+FFFD", "[reply_text]") {
    reply_text text{{"stop"}};
    CHECK(text.add("a sto\xe2\x82", true));
    CHECK(text.given() == "a ");
    CHECK(text.add("x st", true));
    text.begin_piece();
    CHECK(text.finish(true));
    CHECK(text.piece() == "st");
    CHECK(text.given() == "a sto\xef\xbf\xbdx st");
}
