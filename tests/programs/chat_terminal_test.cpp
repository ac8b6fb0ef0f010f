// SPDX-License-Identifier: Apache-2.0
// chat in a terminal: lines that are edited, keys that interrupt, pasted text, a history. What was said is looked up in
// what /save has written.
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include <nibble/json/json.hpp>

#include "support/program.hpp"
#include "support/pseudo_terminal.hpp"
#include "support/temp_dir.hpp"
#include "test.hpp"

using namespace nibble::test;

namespace {

constexpr std::string_view up = "\033[A", left = "\033[D", ctrl_c = "\003", ctrl_d = "\004";
constexpr std::string_view paste_begins = "\033[200~", paste_ends = "\033[201~";
constexpr std::string_view prompt = "> ";

/// False, and a message, where chat takes plain lines.
bool lines_are_edited() {
#ifdef NIBBLE_TEST_LIBEDIT
    return programs_are_built();
#else
    WARN("SKIPPED: needs a chat with libedit (libedit-dev)");
    return false;
#endif
}

/// A chat that says little, with a folder for its history and its files.
class chat_session {
public:
    explicit chat_session(std::vector<std::string> more = {"-n", "8"}, const char* locale = "C.UTF-8") {
        ::setenv("XDG_STATE_HOME", dir_.path().c_str(), 1);
        ::setenv("LC_ALL", locale, 1);
        ::setenv("TERM", "xterm", 1);
        more_ = std::move(more);
        start();
    }

    void start() {
        std::vector<std::string> arguments{"--model", tiny_path(), "--temp", "0", "--think", "off"};
        arguments.insert(arguments.end(), more_.begin(), more_.end());
        terminal_.emplace("chat", arguments);
        REQUIRE(terminal_->shows(prompt));
    }

    pseudo_terminal& terminal() { return *terminal_; }

    /// Types a message and waits for the end of its reply.
    void ask(std::string_view keys) {
        INFO("keys: " << keys.substr(0, 100));
        terminal_->type(std::string{keys} + "\r");
        const bool answered = terminal_->shows("tokens/s") && terminal_->shows(" ]") && terminal_->shows(prompt);
        INFO("screen: " << terminal_->screen().substr(0, 4000));
        REQUIRE(answered);
    }

    /// The conversation so far.
    nibble::json saved() {
        const auto path = dir_ / "saved.json";
        std::filesystem::remove(path);
        terminal_->type("/save " + path.string() + "\r");
        REQUIRE(terminal_->shows(prompt));
        for (int i = 0; i < 100 && !std::filesystem::exists(path); ++i) ::usleep(100'000);
        return nibble::json::parse(contents_of(path));
    }

    /// The messages of the user so far.
    std::vector<std::string> asked() {
        const auto conversation = saved();
        std::vector<std::string> texts;
        for (const auto& message : conversation.as_array())
            if (message.find("role")->as_string() == "user") texts.push_back(message.find("content")->as_string());
        return texts;
    }

    int leave() {
        terminal_->type(ctrl_d);
        return terminal_->exit_code();
    }

    [[nodiscard]] const temp_dir& dir() const { return dir_; }

private:
    temp_dir dir_;
    std::vector<std::string> more_;
    std::optional<pseudo_terminal> terminal_;
};

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("lines in a terminal are edited") {
    if (!lines_are_edited()) return;
    chat_session chat;
    chat.ask("Hell!" + std::string{left} + "o");
    chat.ask(up);
    chat.ask(std::string{up} + "!");
    chat.ask("Gr\303\274\303\237e\177!");  // the last letter taken back, and those of two bytes are letters
    CHECK(chat.asked() == texts{"Hello!", "Hello!", "Hello!!", "Gr\303\274\303\237!"});
    CHECK(chat.leave() == 0);
}

TEST_CASE("keys that nothing is bound to leave nothing in a line") {
    if (!lines_are_edited()) return;
    chat_session chat;
    const std::string page_up = "\033[5~", f5 = "\033[15~", f1 = "\033OP", shift_up = "\033[1;2A", focus = "\033[I";
    const std::string home = "\033[H", end = "\033[F", del = "\033[3~", word_left = "\033[1;5D";
    chat.ask(page_up + "ello " + f5 + f1 + "word" + shift_up + focus + home + "H" + end + "?" + word_left + del + "W");
    CHECK(chat.asked() == texts{"Hello Word?"});
    CHECK(chat.leave() == 0);
}

TEST_CASE("a history outlives the program, unless it is not wanted") {
    if (!lines_are_edited()) return;
    chat_session chat;
    chat.ask(std::string{paste_begins} + "two\rlines" + std::string{paste_ends});
    CHECK(chat.leave() == 0);
    const auto file = chat.dir() / "nibble/chat_history";
    CHECK((std::filesystem::status(file).permissions() & std::filesystem::perms{077}) == std::filesystem::perms::none);
    write_file(file, contents_of(file) + "no JSON\n");
    chat.start();
    chat.ask(up);
    CHECK(chat.asked() == texts{"two\nlines"});
    CHECK(chat.leave() == 0);

    chat_session without{{"-n", "8", "--no-history"}};
    without.ask("Hello!");
    CHECK(without.leave() == 0);
    CHECK_FALSE(std::filesystem::exists(without.dir() / "nibble/chat_history"));
}

TEST_CASE("what is pasted is one message, and so are lines that belong together") {
    if (!lines_are_edited()) return;
    chat_session chat;
    chat.ask(std::string{paste_begins} + "first\rsecond\r\rthird" + std::string{paste_ends});
    chat.ask("\"\"\"\rone\r\rtwo\r\"\"\"");
    chat.ask("three \\\rfour");
    chat.ask(std::string{paste_begins} + "\"\"\"What it is.\"\"\"\r\ncode \\\r\n" + std::string{paste_ends});
    CHECK(chat.asked() ==
          texts{"first\nsecond\n\nthird", "one\n\ntwo", "three \nfour", "\"\"\"What it is.\"\"\"\ncode \\"});
    chat.terminal().type("/system " + std::string{paste_begins} + "Be\rbrief." + std::string{paste_ends} + "\r");
    REQUIRE(chat.terminal().shows(prompt));
    CHECK(chat.saved().as_array()[0].find("content")->as_string() == "Be\nbrief.");
    CHECK(chat.leave() == 0);
}

TEST_CASE("a long line is whole") {
    if (!lines_are_edited()) return;
    chat_session chat;
    auto& terminal = chat.terminal();
    const std::string line(100'000, 'a');
    terminal.type("/system " + line + "\r");
    REQUIRE(terminal.shows(prompt));
    const auto saved = chat.dir() / "long.json";
    terminal.type("/save " + saved.string() + "\r");
    REQUIRE(terminal.shows(prompt));
    CHECK(chat.leave() == 0);
    CHECK(contains(contents_of(saved), '"' + line + '"'));
}

TEST_CASE("Ctrl-C clears what is typed, and the conversation goes on") {
    if (!lines_are_edited()) return;
    chat_session chat;
    auto& terminal = chat.terminal();
    terminal.type("half a line");
    REQUIRE(terminal.shows("half a line"));
    terminal.type(ctrl_c);
    REQUIRE(terminal.shows(prompt));
    CHECK_FALSE(contains(terminal.screen(), "ends the conversation"));
    terminal.type(ctrl_c);
    REQUIRE(terminal.shows("Ctrl-D or /exit ends the conversation."));
    REQUIRE(terminal.shows(prompt));
    terminal.type("\"\"\"\rpart of a message\r");
    REQUIRE(terminal.shows("... "));
    REQUIRE(terminal.shows("... "));
    terminal.type(ctrl_c);
    REQUIRE(terminal.shows(prompt));
    terminal.type(std::string{paste_begins} + "half a paste");
    terminal.type(ctrl_c);
    REQUIRE(terminal.shows(prompt));
    terminal.type("half a character \303");
    REQUIRE(terminal.shows("half a character"));
    terminal.type(ctrl_c);
    REQUIRE(terminal.shows(prompt));
    chat.ask("Hello!");
    CHECK(chat.asked() == texts{"Hello!"});
    CHECK(chat.leave() == 0);
}

TEST_CASE("Ctrl-C stops a reply, which is kept") {
    if (!lines_are_edited()) return;
    const std::string long_reply = "root ::= c c c c c c c c c\nc ::= b b b b b b b b b\nb ::= a a a a a a a a a\n"
                                   "a ::= \"abababababababababababababababababababab\"";
    chat_session chat{{"--grammar", long_reply}};
    auto& terminal = chat.terminal();
    terminal.type("Hello!\r");
    REQUIRE(terminal.shows("abab"));
    terminal.type(ctrl_c);
    REQUIRE(terminal.shows("cancelled"));
    REQUIRE(terminal.shows(prompt));
    const auto saved = chat.saved();
    REQUIRE(saved.as_array().size() == 2);
    CHECK(saved.as_array()[1].find("content")->as_string().starts_with("abab"));
    CHECK(chat.leave() == 0);
}

TEST_CASE("what is typed during a reply is read after it") {
    if (!lines_are_edited()) return;
    chat_session chat;
    auto& terminal = chat.terminal();
    const std::string line(20'000, 'a');
    terminal.type("Hello!\r/system " + line + "\r" + std::string{paste_begins} + "two\rlines" +
                  std::string{paste_ends} + "\r");
    REQUIRE(terminal.shows("tokens/s"));
    REQUIRE(terminal.shows("error: "));  // with so long a system message nothing fits
    terminal.type("/system\r");
    CHECK(chat.asked() == texts{"Hello!"});
    chat.ask(std::string{up} + std::string{up} + std::string{up});
    CHECK(chat.asked() == texts{"Hello!", "two\nlines"});
    CHECK(chat.leave() == 0);
}

TEST_CASE("Ctrl-D ends a message of several lines, then the program; not a line that has text") {
    if (!lines_are_edited()) return;
    chat_session chat;
    auto& terminal = chat.terminal();
    terminal.type("\"\"\"\rwhole\r");
    REQUIRE(terminal.shows("... "));
    REQUIRE(terminal.shows("... "));
    terminal.type(ctrl_d);
    REQUIRE(terminal.shows("tokens/s"));
    REQUIRE(terminal.shows(prompt));
    chat.ask("text" + std::string{ctrl_d});
    CHECK(chat.asked() == texts{"whole", "text"});
    CHECK(chat.leave() == 0);
}

TEST_CASE("a terminal that changes its size while a line is typed") {
    if (!lines_are_edited()) return;
    chat_session chat;
    chat.terminal().type("Hel");
    REQUIRE(chat.terminal().shows("Hel"));
    chat.terminal().resize(10, 20);
    chat.ask("lo!");
    CHECK(chat.asked() == texts{"Hello!"});
    CHECK(chat.leave() == 0);
}

TEST_CASE("bytes of any locale, and half a character") {
    if (!lines_are_edited()) return;
    for (const char* locale : {"C", "POSIX", "de_DE.ISO-8859-1", "no such locale", "C.UTF-8"}) {
        INFO("locale: " << locale);
        chat_session chat{{"-n", "8"}, locale};
        chat.ask("Gr\303\274\303\237e");
        chat.ask("a\303");
        chat.ask("\374\342\202");
        CHECK(chat.asked() == texts{"Gr\303\274\303\237e", "a\357\277\275", "\357\277\275\357\277\275"});
        CHECK(chat.leave() == 0);
    }
}
