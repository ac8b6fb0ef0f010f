// SPDX-License-Identifier: Apache-2.0
// A file that a program writes: there is the whole of it under its name, or what was there before.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <nibble/core/path_text.hpp>

#include "system.hpp"

/// Written beside its place, under a name that ends in the number of the process and `.part`, and renamed by close(),
/// with the permissions of what was there; without close() it is removed. What exists and is no regular file (a device,
/// a pipe) is written where it is. All throw std::runtime_error.
class new_file {
public:
    explicit new_file(const std::filesystem::path& path) : path_(place_of(path)), written_(path_) {
        std::error_code ignored;
        if (!exists(path_, ignored) || is_regular_file(path_, ignored))
            written_ += "." + std::to_string(os::process_id()) + ".part";
        out_.open(written_, std::ios::binary);
        check();
        if (const auto there = status(path_, ignored); is_regular_file(there))
            permissions(written_, there.permissions(), ignored);
    }
    new_file(const new_file&) = delete;
    new_file& operator=(const new_file&) = delete;
    ~new_file() {
        std::error_code ignored;
        if (closed_ || written_ == path_) return;
        out_.close();  // Windows removes no file that is open
        remove(written_, ignored);
    }

    void write(std::string_view bytes) {
        out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        check();
    }

    void close() {
        out_.close();
        check();
        if (written_ != path_) {
            std::error_code problem;
            rename(written_, path_, problem);
            if (problem) fail();
        }
        closed_ = true;
    }

private:
    /// Behind links: what they point to is replaced, not they.
    static std::filesystem::path place_of(const std::filesystem::path& path) {
        std::error_code problem;
        const auto target = is_symlink(path, problem) ? weakly_canonical(path, problem) : path;
        return problem ? path : target;
    }

    void check() const {
        if (!out_) fail();
    }
    [[noreturn]] void fail() const { throw std::runtime_error(nibble::file_place(path_) + ": cannot be written"); }

    std::filesystem::path path_, written_;
    std::ofstream out_;
    bool closed_ = false;
};
