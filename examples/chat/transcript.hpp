// SPDX-License-Identifier: Apache-2.0
// A conversation as a file: a JSON array of messages, as chat APIs have them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <nibble/chat/message.hpp>
#include <nibble/core/error.hpp>
#include <nibble/json/json.hpp>

#include "../new_file.hpp"
#include "../read_file.hpp"

/// Throws std::runtime_error.
inline void write_transcript(const std::string& path, std::span<const nibble::message> messages) {
    new_file out{nibble::path_of(path)};
    out.write(nibble::to_json(messages).dump() + '\n');
    out.close();
}

/// One message of a transcript: role, content and, where the model had thought, reasoning_content.
inline nibble::message message_of(const nibble::json& item) {
    const auto text = [&](std::string_view key) {
        const auto* value = item.find(key);
        return value ? value->as_string() : std::string{};
    };
    const std::string role = text("role");
    for (const auto known : {nibble::role::system, nibble::role::user, nibble::role::assistant})
        if (role == name_of(known)) return {known, text("content"), text("reasoning_content")};
    throw nibble::error{nibble::errc::json_type, "role of a message", "system, user or assistant",
                        "'" + nibble::escaped(role) + "'"};
}

/// Throws nibble::error that names the file.
inline std::vector<nibble::message> read_transcript(const std::string& path) {
    const std::string text = read_file(path);
    try {
        std::vector<nibble::message> messages;
        const auto list = nibble::json::parse(text);
        for (const auto& item : list.as_array()) messages.push_back(message_of(item));
        return messages;
    } catch (const nibble::error& problem) {
        throw problem.within("file '" + nibble::escaped(path) + "'");
    }
}
