// SPDX-License-Identifier: Apache-2.0
// What was typed in earlier runs of chat.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <nibble/core/error.hpp>
#include <nibble/json/json.hpp>

#include "../new_file.hpp"

/// The user's history: nibble/chat_history in the folder for such files ($XDG_STATE_HOME, else ~/.local/state); empty
/// where there is no such folder and it cannot be made.
inline std::filesystem::path history_path() {
    const char* const state = std::getenv("XDG_STATE_HOME");
    const char* const home = std::getenv("HOME");
    std::filesystem::path folder = state ? state : "";
    if (folder.is_relative() && home && *home) folder = std::filesystem::path{home} / ".local/state";
    if (folder.is_relative()) return {};
    folder /= "nibble";
    std::error_code problem;
    create_directories(folder, problem);
    return problem ? std::filesystem::path{} : folder / "chat_history";
}

/// A JSON string a line, for its user's eyes only, the last ones kept. Lines are appended one by one, so that several
/// chats can use it at a time. A file that cannot be read or written is no reason not to chat: nothing throws.
class history_file {
public:
    static constexpr int most_entries = 1000;

    /// An empty path: no file.
    explicit history_file(std::filesystem::path path) : path_(std::move(path)) {}

    /// The entries, oldest first. What is no JSON string is left out.
    [[nodiscard]] std::vector<std::string> read() const {
        std::vector<std::string> lines, entries;
        std::ifstream in{path_};
        for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
        if (lines.size() > most_entries) {
            lines.erase(lines.begin(), lines.end() - most_entries);
            replace(lines);
        }
        for (const auto& line : lines) try {
                entries.push_back(nibble::json::parse(line).as_string());
            } catch (const nibble::error&) {
            }
        return entries;
    }

    void append(const std::string& entry) const {
        const std::string line = nibble::json{entry}.dump() + '\n';
        const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (file < 0) return;
        [[maybe_unused]] const auto n = ::write(file, line.data(), line.size());
        ::close(file);
    }

private:
    void replace(const std::vector<std::string>& lines) const try {
        new_file out{path_};
        for (const auto& line : lines) out.write(line + '\n');
        out.close();
    } catch (const std::exception&) {
    }

    std::filesystem::path path_;
};
