// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/fetch_ahead.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <nibble/core/mapped_file.hpp>

#include "support/temp_dir.hpp"
#include "test.hpp"

#if defined(__linux__)
#include <fcntl.h>
#include <unistd.h>
#endif

using namespace nibble;
using namespace nibble::test;

TEST_CASE("memory that was written is in memory, and asking for any bytes changes nothing") {
    std::vector<std::byte> bytes(1000000, std::byte{7});
    CHECK(is_in_memory(bytes.data() + bytes.size() / 2));
    for (const std::size_t begin : {0, 1, 4095, 4096, 131071, 999999}) fetch_ahead(std::span{bytes}.subspan(begin));
    fetch_ahead({});
    CHECK(std::count(bytes.begin(), bytes.end(), std::byte{7}) == 1000000);
}

#if defined(__linux__)

TEST_CASE("bytes of a file that are on the disk come into memory without being read") {
    const temp_dir dir;
    const auto path = dir / "file";
    std::ofstream{path, std::ios::binary} << std::string(8 << 20, 'x');
    const int file = ::open(path.c_str(), O_RDONLY);
    REQUIRE(::fsync(file) == 0);
    (void)::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    ::close(file);
    const auto mapping = mapped_file::open(path);
    const auto bytes = mapping.bytes().subspan(1000, 5 << 20);
    const auto all_are = [&](bool expected) {
        for (std::size_t i = 0; i < bytes.size(); i += 4096)
            if (is_in_memory(&bytes[i]) != expected) return false;
        return true;
    };
    if (!all_are(false)) {
        WARN("SKIPPED: the files of this system are always in memory");
        return;
    }
    fetch_ahead(bytes);
    for (int wait = 0; wait < 10000 && !all_are(true); ++wait)
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    CHECK(all_are(true));
    CHECK_FALSE(is_in_memory(&mapping.bytes().back()));
}

#endif
