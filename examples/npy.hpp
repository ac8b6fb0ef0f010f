// SPDX-License-Identifier: Apache-2.0
// Tables of floats as NumPy files (.npy, version 1.0): written and read row by row.
#pragma once

#include <bit>
#include <charconv>
#include <cstddef>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include <nibble/core/error.hpp>

#include "new_file.hpp"

static_assert(std::endian::native == std::endian::little, "these files hold little-endian floats");

/// A float32 table of `rows` x `columns` in the making; there is a file when it is closed. Throws std::runtime_error.
class npy_writer {
public:
    npy_writer(const std::string& path, std::size_t rows, std::size_t columns) : out_(nibble::path_of(path)) {
        std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                             std::to_string(columns) + "), }";
        while ((preamble_bytes + header.size() + 1) % 64 != 0) header += ' ';
        header += '\n';
        out_.write({"\x93NUMPY\x01\0", 8});
        const char size[] = {static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
        out_.write({size, 2});
        out_.write(header);
    }

    void write(std::span<const float> values) {
        out_.write({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
    }

    void close() { out_.close(); }

private:
    static constexpr std::size_t preamble_bytes = 10;  // magic, version, length of the header

    new_file out_;
};

/// A float32 table on disk. Throws std::runtime_error.
class npy_reader {
public:
    explicit npy_reader(const std::string& path) : path_(path), in_(nibble::path_of(path), std::ios::binary) {
        if (!in_) throw std::runtime_error("file '" + nibble::escaped(path_) + "': cannot be read");
        char preamble[10];
        read(preamble, sizeof preamble);
        if (std::string_view{preamble, 8} != std::string_view{"\x93NUMPY\x01\0", 8}) fail("a NumPy file, version 1.0");
        std::string header(static_cast<unsigned char>(preamble[8]) + 256u * static_cast<unsigned char>(preamble[9]),
                           ' ');
        read(header.data(), header.size());
        const auto shape = header.find("'shape': (");
        if (header.find("'<f4'") == std::string::npos || header.find("'fortran_order': False") == std::string::npos ||
            shape == std::string::npos)
            fail("float32 rows");
        const char* at = header.data() + shape + 10;
        const char* const end = header.data() + header.size();
        const auto first = std::from_chars(at, end, rows_);
        if (first.ec != std::errc{} || end - first.ptr < 2 || *first.ptr != ',') fail("two dimensions");
        const auto second = std::from_chars(first.ptr + 2, end, columns_);
        if (second.ec != std::errc{}) fail("two dimensions");
    }

    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
    [[nodiscard]] std::size_t columns() const noexcept { return columns_; }

    /// The next values.size() values, row after row.
    void read(std::span<float> values) { read(reinterpret_cast<char*>(values.data()), values.size_bytes()); }

private:
    void read(char* to, std::size_t n) {
        if (!in_.read(to, static_cast<std::streamsize>(n))) fail("more bytes");
    }
    [[noreturn]] void fail(const char* expected) const {
        throw std::runtime_error("file '" + nibble::escaped(path_) + "': expected " + expected);
    }

    std::string path_;
    std::ifstream in_;
    std::size_t rows_ = 0, columns_ = 0;
};
