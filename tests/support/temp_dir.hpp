// SPDX-License-Identifier: Apache-2.0
// A directory for the files of one test.
#pragma once

#include <filesystem>
#include <random>
#include <string>
#include <system_error>

namespace nibble::test {

/// Made on construction, removed with everything in it at the end.
class temp_dir {
public:
    explicit temp_dir(const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
        std::random_device number;
        do {
            path_ = parent / ("nibble-test-" + std::to_string(number()));
        } while (!std::filesystem::create_directory(path_));
    }
    temp_dir(const temp_dir&) = delete;
    temp_dir& operator=(const temp_dir&) = delete;
    ~temp_dir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

}  // namespace nibble::test
