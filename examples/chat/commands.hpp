// SPDX-License-Identifier: Apache-2.0
// What can be typed in place of a message: commands, which begin with a slash.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <string>
#include <string_view>

#include <nibble/core/error.hpp>
#include <nibble/unicode/white_space.hpp>

#include "conversation.hpp"

struct command {
    std::string_view name, argument, purpose;  // an argument in brackets may be left out
    void (*run)(conversation&, const std::string&);
};

inline void list_commands(std::ostream& out);

inline constexpr command commands[] = {
    {"/clear", "", "forget the conversation", [](conversation& c, const std::string&) { c.clear(); }},
    {"/undo", "", "take back the last question and its answer", [](conversation& c, const std::string&) { c.undo(); }},
    {"/regen", "", "answer the last question again", [](conversation& c, const std::string&) { c.regenerate(); }},
    {"/system", "[TEXT]", "set the system message, or take it away",
     [](conversation& c, const std::string& text) { c.set_system(text); }},
    {"/set", "[NAME VALUE]", "change an option of replies, such as temp; or show them",
     [](conversation& c, const std::string& words) { c.set(words); }},
    {"/think", "on|off|auto", "let the model think before it answers",
     [](conversation& c, const std::string& word) { c.set_thinking(word); }},
    {"/save", "FILE", "write the conversation, as JSON", [](conversation& c, const std::string& f) { c.save(f); }},
    {"/load", "FILE", "go on with a conversation that was saved",
     [](conversation& c, const std::string& f) { c.load(f); }},
    {"/tokens", "", "how much of the context is used", [](conversation& c, const std::string&) { c.show_tokens(); }},
    {"/stats", "", "what the last reply took", [](conversation& c, const std::string&) { c.show_stats(); }},
    {"/help", "", "this list", [](conversation&, const std::string&) { list_commands(std::cerr); }},
    {"/exit", "", "end; also /quit, /bye, Ctrl-D", nullptr},
};

inline void list_commands(std::ostream& out) {
    constexpr std::size_t width = 22;
    for (const auto& row : commands) {
        std::string usage = std::string{row.name} + ' ' + std::string{row.argument};
        usage.resize(std::max(usage.size(), width), ' ');
        out << usage << row.purpose << '\n';
    }
    out << "Lines between \"\"\" and \"\"\", or that end in a backslash, are one message. Ctrl-C stops a reply.\n";
}

/// What a message begins with if that looks like a command, in lower case: a slash and letters. Else empty: /usr/bin is
/// text.
inline std::string command_in(std::string_view text) {
    std::string name{text.substr(0, text.find_first_of(" \t\n"))};
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    std::transform(name.begin(), name.end(), name.begin(), lower);
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    const bool is_command = name.size() > 1 && name[0] == '/' && std::all_of(name.begin() + 1, name.end(), is_letter);
    return is_command ? name : "";
}

/// Follows a command of that name; false where it is to end.
inline bool follow(conversation& conversation, const std::string& name, const std::string& argument) {
    if (name == "/quit" || name == "/bye") return false;
    const auto found =
        std::find_if(std::begin(commands), std::end(commands), [&](const command& row) { return row.name == name; });
    if (found == std::end(commands))
        throw nibble::error{nibble::errc::bad_option,
                            "unknown command '" + nibble::escaped(name) + "'",
                            {},
                            "/help lists those that there are; a message may begin with a space"};
    if (argument.empty() != found->argument.empty() && !found->argument.starts_with('['))
        throw nibble::error{nibble::errc::bad_option, name,
                            found->argument.empty() ? "nothing after it" : std::string{found->argument},
                            argument.empty() ? "nothing" : "'" + nibble::escaped(argument) + "'"};
    if (!found->run) return false;
    found->run(conversation, argument);
    return true;
}

/// Answers a message or follows a command; false where it is to end. Of several lines, only those of /system are a
/// command. Throws nibble::error and std::runtime_error.
inline bool handle(conversation& conversation, const std::string& text) {
    if (nibble::trim_end(text).empty()) return true;
    const std::string name = command_in(text);
    const bool is_one_line = text.find('\n') == std::string::npos;
    if (name.empty() || (!is_one_line && name != "/system")) {
        conversation.answer(text);
        return true;
    }
    const auto argument = nibble::trim_start(nibble::trim_end(std::string_view{text}.substr(name.size())));
    return follow(conversation, name, std::string{argument});
}
