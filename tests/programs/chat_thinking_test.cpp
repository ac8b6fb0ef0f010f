// SPDX-License-Identifier: Apache-2.0
// Thinking in chat: asked for, cut off, not to be had.
#include <cstddef>
#include <string>
#include <vector>

#include <nibble/json/json.hpp>

#include "support/chat.hpp"
#include "support/program.hpp"
#include "support/temp_dir.hpp"
#include "test.hpp"

using namespace nibble::test;

TEST_CASE("the history of a conversation has no half thoughts") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const std::string file = (dir / "saved").string();
    const auto result =
        chat_as_told({"--temp", "0", "--think", "on", "-n", "6"}, "Capital of Germany?\n/save " + file + "\n");
    REQUIRE(result.exit_code == 0);
    REQUIRE(contains(result.out, "<think>"));
    REQUIRE_FALSE(contains(result.out, "</think>"));
    const auto saved = nibble::json::parse(contents_of(file));
    const auto& reply = saved.as_array().at(1);
    CHECK(reply.find("content")->as_string() == "");
    CHECK(contains(reply.find("reasoning_content")->as_string(), "I know"));
}

TEST_CASE("chat says where a model cannot think") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const std::string file = (dir / "template").string();
    const auto noted = [&](const std::string& think) {
        const auto result = chat_as_told(
            {"--temp", "0", "-n", "1", "--chat-template-file", file, "--think", think, "--prompt", "Hello!"});
        CHECK(result.exit_code == 0);
        return contains(result.err, "note: --think " + think + " has no effect");
    };
    write_file(file, "{% for m in messages %}{{ m.content }}{% endfor %}");
    CHECK(noted("on"));
    CHECK_FALSE(noted("off"));
    CHECK_FALSE(noted("auto"));
    const auto other =
        chat_as_told({"-n", "1", "--chat-template-file", file, "--thinking-budget", "5", "--prompt", "?"});
    CHECK(contains(other.err, "note: --thinking-budget has no effect"));
    write_file(file, "{% for m in messages %}{{ m.content }}{% endfor %}<think>{# </think> #}");
    CHECK(noted("off"));
    CHECK_FALSE(noted("on"));
    CHECK_FALSE(contains(chat({"--thinking-budget", "5", "-n", "1", "--prompt", "Hello!"}).err, "note: "));
}

TEST_CASE("chat thinks when told to") {
    if (!programs_are_built()) return;
    const auto result = chat_as_told({"--temp", "0", "--think", "on", "--prompt", "Capital of Germany?"});
    CHECK(result.out == "<think>\nI know this one: Germany, Berlin.\n</think>\nThe capital of Germany is Berlin.\n");
    check_refused(chat_as_told({"--think", "perhaps", "--prompt", "Capital of Germany?"}), {"--think", "perhaps"});
}

TEST_CASE("chat says where a system message is lost") {
    if (!programs_are_built()) return;
    const std::string drops = "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}";
    const std::string note = "note: a system message has no effect";
    CHECK(contains(chat({"--chat-template", drops, "--system", "Be brief.", "-n", "1", "-p", "Hello!"}).err, note));
    CHECK(contains(chat({"--chat-template", drops}, "/system Be brief.\n").err, note));
    CHECK_FALSE(contains(chat({"--system", "Be brief.", "-n", "1", "-p", "Hello!"}).err, "note: "));
    const std::string refuses = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}";
    check_refused(chat({"--chat-template", refuses, "--system", "Be brief."}, "Hello!\n"), {"no system"});
}
