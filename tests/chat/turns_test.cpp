// SPDX-License-Identifier: Apache-2.0
#include "test.hpp"

#include <string>
#include <vector>

#include <nibble/chat/turns.hpp>

using nibble::drop_oldest_turn;
using nibble::message;
using nibble::role;

namespace {

std::string roles_of(const std::vector<message>& messages) {
    std::string out;
    for (const auto& m : messages) out += name_of(m.role).front();
    return out;
}

}  // namespace

TEST_CASE("the oldest turn goes whole, the system's messages and the last turn stay", "[turns]") {
    std::vector<message> messages{{role::system, "Be brief."}, {role::user, "1"},      {role::assistant, "calls"},
                                  {role::tool, "answers"},     {role::assistant, "1"}, {role::user, "2"},
                                  {role::assistant, "2"},      {role::user, "3"}};
    CHECK(drop_oldest_turn(messages) == 4);
    CHECK(roles_of(messages) == "suau");
    CHECK(messages[1].content == "2");
    CHECK(drop_oldest_turn(messages) == 2);
    CHECK(roles_of(messages) == "su");
    CHECK(messages[1].content == "3");
    CHECK(drop_oldest_turn(messages) == 0);
    CHECK(roles_of(messages) == "su");
}

TEST_CASE("a conversation without a system's message or without a user's", "[turns]") {
    std::vector<message> none, only_system{{role::system, "Be brief."}}, answers{{role::assistant, "Hello!"}};
    CHECK(drop_oldest_turn(none) == 0);
    CHECK(drop_oldest_turn(only_system) == 0);
    CHECK(drop_oldest_turn(answers) == 0);
    answers.push_back({role::user, "Hello!"});
    CHECK(drop_oldest_turn(answers) == 1);
    CHECK(roles_of(answers) == "u");
}
