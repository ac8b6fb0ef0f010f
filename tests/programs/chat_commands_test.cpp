// SPDX-License-Identifier: Apache-2.0
// What a conversation with chat does besides answering: messages of several lines, commands, its memory.
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <nibble/json/json.hpp>

#include "support/chat.hpp"
#include "support/program.hpp"
#include "support/temp_dir.hpp"
#include "test.hpp"

using namespace nibble::test;

TEST_CASE("lines that belong together are one message") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const std::string saved = (dir / "saved").string();
    const auto content_of = [&](const std::string& lines) {
        REQUIRE(chat({"-n", "1"}, lines + "/save " + saved + "\n").exit_code == 0);
        return nibble::json::parse(contents_of(saved)).as_array().at(0).find("content")->as_string();
    };
    CHECK(content_of("\"\"\"\na\n\n/exit\n\"\"\"\n") == "a\n\n/exit");
    CHECK(content_of("\"\"\"a\nb\"\"\"\n") == "a\nb");
    CHECK(content_of("\"\"\"a\"\"\"\n") == "a");
    CHECK(content_of("a\\\n\\\nb\n") == "a\n\nb");
    CHECK(content_of("a\\\\\n") == "a\\\\");
    const std::string line(60'000, 'a');
    REQUIRE(chat({}, "/system " + line + "\n/save " + saved + "\n").exit_code == 0);
    CHECK(contains(contents_of(saved), '"' + line + '"'));
}

TEST_CASE("chat knows its commands and what is none") {
    if (!programs_are_built()) return;
    for (const std::string leave : {"/exit", "/exit ", "/quit", "/bye", "/EXIT", "/Bye\t"}) {
        INFO("command: " << leave);
        const auto result = chat({"-n", "1"}, "Hello!\n" + leave + "\nHello!\n");
        CHECK(result.exit_code == 0);
        CHECK(lines_of(result.out).size() == 1);
    }
    CHECK(contains(chat({}, "/HELP \n").err, "/regen"));
    check_refused(chat({}, "/nothing\n"), {"unknown command", "/nothing", "/help"});
    check_refused(chat({}, "/clear all\n"), {"/clear", "all"});
    check_refused(chat({}, "/save\n"), {"/save", "FILE"});
    check_refused(chat({}, "/undo\n"), {"/undo"});
    check_refused(chat({}, "/regen\n"), {"/regen"});
    check_refused(chat({}, "/set temp -1\n"), {"temperature"});
    check_refused(chat({}, "/set heat 1\n"), {"heat"});
    check_refused(chat({}, "/load /nowhere\n"), {"/nowhere"});
    CHECK(chat({"-n", "1"}, "/usr/bin/true is a path\n").exit_code == 0);
}

TEST_CASE("a conversation is saved, taken back and gone on with") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const std::string file = (dir / "saved").string();
    const std::vector<std::string> told{"--system", "You are a helpful assistant."};
    const std::string name = "Your name is Omar.\n", greeting = "Nice to meet you, Omar!\n";
    CHECK(chat(told, "Hi, I am Omar.\n/save " + file + "\n/clear\n/load " + file + "\nWhat is my name?\n").out ==
          greeting + name);
    CHECK(chat({}, "/load " + file + "\nWhat is my name?\n/undo\nWhat is my name?\n/regen\n").out ==
          name + name + name);
    CHECK(chat({}, "/system You are a helpful assistant.\nHi, I am Omar.\n").out == greeting);
    CHECK(contains(chat({}, "/load " + file + "\n/tokens\n/stats\n/set\n").err, "[ 3 messages, "));
    write_file(file, "[{\"role\": \"wizard\"}]");
    check_refused(chat({}, "/load " + file + "\n"), {"saved", "wizard"});
    std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    const auto permissions = std::filesystem::status(file).permissions();  // Windows has others besides
    CHECK(chat({}, "/save " + file + "\n").exit_code == 0);
    CHECK(std::filesystem::status(file).permissions() == permissions);
    CHECK(chat({}, "/set predict 1\nWhat is the capital of Austria?\n").out.size() < 10);
}

TEST_CASE("a conversation that outgrows its context goes on") {
    if (!programs_are_built()) return;
    std::string questions;
    for (int i = 0; i < 12; ++i) questions += "Hello!\n";
    const auto result = chat({"--context", "160", "-n", "16"}, questions);
    INFO(result.err);
    CHECK(result.exit_code == 0);
    CHECK(lines_of(result.out).size() == 12);
    CHECK(contains(result.err, "dropped the oldest"));
}
