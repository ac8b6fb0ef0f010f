// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/file/windows.hpp>
#include <nibble/core/mapped_file.hpp>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include "support/held_file.hpp"
#include "support/posix.hpp"
#include "support/refusal.hpp"
#include "support/temp_dir.hpp"
#include "test.hpp"

using namespace nibble;
using namespace nibble::test;
namespace fs = std::filesystem;

static_assert(std::is_nothrow_move_constructible_v<mapped_file> && std::is_nothrow_move_assignable_v<mapped_file>);
static_assert(!std::is_copy_constructible_v<mapped_file>);

namespace {

void write(const fs::path& path, std::string_view text) { std::ofstream{path, std::ios::binary} << text; }

std::string text_of(const mapped_file& file) {
    return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

refusal refusal_of_open(const fs::path& path) {
    return refusal_of([&] { return mapped_file::open(path); });
}

}  // namespace

TEST_CASE("the bytes of a file") {
    const temp_dir dir;
    using namespace std::string_view_literals;
    write(dir / "file", "one\0two\n"sv);
    const auto file = mapped_file::open(dir / "file");
    CHECK(text_of(file) == "one\0two\n"sv);
    file.advise_will_need();
}

TEST_CASE("an empty file is empty") {
    const temp_dir dir;
    write(dir / "empty", "");
    const auto file = mapped_file::open(dir / "empty");
    CHECK(file.bytes().empty());
    file.advise_will_need();
    CHECK(mapped_file{}.bytes().empty());
}

TEST_CASE("a mapping moves and keeps its address") {
    const temp_dir dir;
    write(dir / "a", "aaa");
    write(dir / "b", "bbb");
    auto first = mapped_file::open(dir / "a");
    const auto* const address = first.bytes().data();
    mapped_file second = std::move(first);
    CHECK(second.bytes().data() == address);
    CHECK(first.bytes().empty());
    second = mapped_file::open(dir / "b");
    CHECK(text_of(second) == "bbb");
    first = std::move(second);
    CHECK(text_of(first) == "bbb");
    CHECK(second.bytes().empty());
}

#if !defined(_WIN32)
TEST_CASE("a file that is replaced or removed after opening stays as it was") {
    const temp_dir dir;
    write(dir / "file", "old");
    const auto file = mapped_file::open(dir / "file");
    write(dir / "new", "something else");
    fs::rename(dir / "new", dir / "file");
    CHECK(text_of(file) == "old");
    fs::remove(dir / "file");
    CHECK(text_of(file) == "old");
}
#endif

TEST_CASE("a copy is the same bytes, and stays as it was whatever happens to its file") {
    const temp_dir dir;
    const std::string text(100'000, 'x');
    write(dir / "file", text);
    auto copy = mapped_file::open(dir / "file", file_access::copy);
    copy.advise_will_need();
    CHECK(text_of(copy) == text);
    fs::resize_file(dir / "file", 10);  // to touch a mapping behind its end would now be a SIGBUS
    CHECK(text_of(copy) == text);
    write(dir / "file", "something else");
    CHECK(text_of(copy) == text);

    const auto* const address = copy.bytes().data();
    const mapped_file moved = std::move(copy);
    CHECK(moved.bytes().data() == address);
    CHECK(text_of(moved) == text);
    CHECK(copy.bytes().empty());

    write(dir / "empty", "");
    CHECK(mapped_file::open(dir / "empty", file_access::copy).bytes().empty());
    CHECK(refusal_of([&] { return mapped_file::open(dir / "missing", file_access::copy); }).code == errc::io_open);
    CHECK(refusal_of([&] { return mapped_file::open(dir / "", file_access::copy); }).code == errc::io_not_regular);
}

TEST_CASE("part of a file that is open, from any byte on") {
    const temp_dir dir;
    std::string text(300'000, '.');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i * i % 26);
    write(dir / "file", text);
    for (const auto access : {file_access::map, file_access::copy})
        for (const std::uint64_t offset : {0u, 1u, 4095u, 4096u, 65'536u, 200'001u, 299'999u, 300'000u}) {
            CAPTURE(static_cast<int>(access), offset);
            auto held = std::make_unique<held_file>(dir / "file");
            const auto rest = mapped_file::open(held->range(offset), access);
            const auto part = mapped_file::open(held->range(offset, (300'000 - offset) / 2), access);
            held.reset();  // closed
            rest.advise_will_need();
            CHECK(text_of(rest) == text.substr(offset));
            CHECK(text_of(part) == text.substr(offset, (300'000 - offset) / 2));
        }
}

TEST_CASE("a range that a file has not is refused, and the file stays as it was") {
    const temp_dir dir;
    write(dir / "file", "0123456789");
    const held_file held{dir / "file"};
    const auto refused = [&](std::uint64_t offset, std::uint64_t length) {
        return refusal_of([&] { return mapped_file::open(held.range(offset, length)); });
    };
    CHECK(refused(11, file_range::to_the_end).text.find("at most 10, the size of the file, got 11") !=
          std::string::npos);
    for (const auto& r : {refused(11, 0), refused(0, 11), refused(9, 2), refused(10, 1),
                          refused(file_range::to_the_end, 2), refused(2, file_range::to_the_end - 1)}) {
        CHECK(r.code == errc::io_read);
        CHECK(r.where.starts_with("file "));
    }
    CHECK(text_of(mapped_file::open(held.range(9, 1))) == "9");
    CHECK(mapped_file::open(held.range(10, 0)).bytes().empty());
}

TEST_CASE("memory in the place of a file lives as long as somebody has it") {
    auto owner = std::make_shared<std::string>("package: content");
    const std::weak_ptr<std::string> watched = owner;
    const auto* const data = reinterpret_cast<const std::byte*>(owner->data()) + 9;
    {
        auto first = mapped_file::of({owner, data}, 7);
        owner.reset();
        first.advise_will_need();
        CHECK(first.bytes().data() == data);
        const mapped_file second = std::move(first);
        CHECK(text_of(second) == "content");
        CHECK(first.bytes().empty());
        CHECK_FALSE(watched.expired());
    }
    CHECK(watched.expired());
    CHECK(mapped_file::of(nullptr, 7).bytes().empty());
}

TEST_CASE("a path that leads nowhere") {
    const temp_dir dir;
    const auto missing = refusal_of_open(dir / "missing");
    CHECK(missing.code == errc::io_open);
    CHECK(missing.where.find("missing'") != std::string::npos);
    CHECK(missing.text.find("No such file") != std::string::npos);

    write(dir / "file", "text");
    CHECK(refusal_of_open(dir / "file" / "below").code == errc::io_open);
    CHECK(refusal_of_open("").code == errc::io_open);

    SECTION("long") {
        const auto r = refusal_of_open(std::string(5000, 'x'));
        CHECK(r.code == errc::io_open);
        CHECK(r.text.size() < 300);
    }
    SECTION("with bytes that no terminal should see") {
        const auto r = refusal_of_open(dir / "\xff\x1b[31m\n");
        CHECK(r.code == errc::io_open);
        for (const char c : r.text) CHECK((c >= 0x20 && c < 0x7f));
    }
    SECTION("with a NUL: not the file that the part before it names") {
        auto name = (dir / "file").native();
        name += fs::path::value_type{};
        CHECK(refusal_of_open(name + fs::path{".gguf"}.native()).code == errc::io_open);
    }
}

#if !defined(_WIN32)
TEST_CASE("what is no regular file is refused at once") {
    const temp_dir dir;
    const auto check = [](const fs::path& path, std::string_view kind) {
        const auto r = refusal_of_open(path);
        CHECK(r.code == errc::io_not_regular);
        CHECK(r.text.find(kind) != std::string::npos);
    };
    SECTION("a directory") { check(dir / ".", "a directory"); }
    SECTION("a FIFO without a writer, which would block") {
        REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
        check(dir / "fifo", "a pipe");
    }
    SECTION("a device that never ends") { check("/dev/zero", "a device"); }
    SECTION("a socket") {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        REQUIRE(fd >= 0);
        ::sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = (dir / "socket").native();
        REQUIRE(path.size() < sizeof address.sun_path);
        path.copy(address.sun_path, path.size());
        REQUIRE(::bind(fd, reinterpret_cast<const ::sockaddr*>(&address), sizeof address) == 0);
        check(path, "a socket");
        ::close(fd);
    }
    SECTION("a symbolic link is what it points to") {
        write(dir / "file", "text");
        fs::create_symlink(dir / "file", dir / "link");
        CHECK(text_of(mapped_file::open(dir / "link")) == "text");
        fs::create_symlink(dir / ".", dir / "to-directory");
        check(dir / "to-directory", "a directory");
    }
}

TEST_CASE("a descriptor of no regular file is refused") {
    const temp_dir dir;
    const auto refused = [](int fd) { return refusal_of([&] { return mapped_file::open({.descriptor = fd}); }); };
    CHECK(refused(-1) == refusal{errc::io_open, "file descriptor -1"});
    CHECK(refused(-1).text.find("Bad file descriptor") != std::string::npos);
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    CHECK(refused(ends[0]).text.find("a pipe") != std::string::npos);
    for (const int end : ends) ::close(end);
    CHECK(refused(ends[0]).code == errc::io_open);
    CHECK(refusal_of([&] { return mapped_file::open(held_file{dir.path()}.range()); }).code == errc::io_not_regular);
    const detail::descriptor writer{::open((dir / "new").c_str(), O_WRONLY | O_CREAT, 0600)};
    REQUIRE(::write(writer.get(), "text", 4) == 4);
    for (const auto access : {file_access::map, file_access::copy})
        CHECK(refusal_of([&] { return mapped_file::open({.descriptor = writer.get()}, access); }).code ==
              errc::io_read);
}

TEST_CASE("the position of a descriptor is not moved") {
    const temp_dir dir;
    write(dir / "file", "0123456789");
    const held_file held{dir / "file"};
    REQUIRE(::lseek(held.range().descriptor, 3, SEEK_SET) == 3);
    CHECK(text_of(mapped_file::open(held.range(5), file_access::copy)) == "56789");
    CHECK(::lseek(held.range().descriptor, 0, SEEK_CUR) == 3);
}

TEST_CASE("a file that may not be read") {
    const temp_dir dir;
    write(dir / "file", "text");
    fs::permissions(dir / "", fs::perms::all);
    fs::permissions(dir / "file", fs::perms::none);
    constexpr ::uid_t nobody = 65'534;
    const bool is_root = ::geteuid() == 0;  // who may read everything
    if (is_root && ::seteuid(nobody) != 0) {
        WARN("SKIPPED: needs a user other than root, or the right to become one");
        return;
    }
    const auto r = refusal_of_open(dir / "file");
    if (is_root) REQUIRE(::seteuid(0) == 0);
    CHECK(r.code == errc::io_open);
    CHECK(r.text.find("Permission denied") != std::string::npos);
}

TEST_CASE("a file larger than any address space is not mapped") {
    for (const fs::path& parent : {fs::temp_directory_path(), fs::path{"/dev/shm"}}) {
        if (!fs::is_directory(parent)) continue;
        const temp_dir dir{parent};
        write(dir / "sparse", "x");
        std::error_code refused;
        fs::resize_file(dir / "sparse", std::uintmax_t{1} << 62, refused);
        if (refused) continue;
        CHECK(refusal_of_open(dir / "sparse").code == errc::io_too_large);
        return;
    }
    WARN("SKIPPED: needs a file system with sparse files of 2^62 bytes");
}
#else
TEST_CASE("Windows: names that no code page has, and long ones") {
    const temp_dir dir;
    const fs::path name = dir / L"\u00e9t\u00e9 \u65e5\u672c \U0001f40b";
    write(name, "text");
    CHECK(text_of(mapped_file::open(name)) == "text");
    CHECK(refusal_of_open(name / L"\u65e5").where.find("\\xe6\\x97\\xa5'") != std::string::npos);
    CHECK(refusal_of_open(dir / L"\xd800").where.find("not Unicode") != std::string::npos);

    fs::path deep = dir.path();
    for (int i = 0; i < 4; ++i) deep /= std::wstring(100, L'x');
    fs::create_directories(LR"(\\?\)" + deep.native());
    write(LR"(\\?\)" + (deep / "file").native(), "deep");
    CHECK(text_of(mapped_file::open(deep / "file")) == "deep");
    CHECK(text_of(mapped_file::open(LR"(\\?\)" + (deep / "file").native())) == "deep");
    CHECK(text_of(mapped_file::open(deep / "." / ".." / deep.filename() / "file", file_access::copy)) == "deep");
}

TEST_CASE("Windows: a file that is mapped stays as it is, and one that is being written is refused") {
    const temp_dir dir;
    write(dir / "file", "old");
    {
        const auto file = mapped_file::open(dir / "file");
        std::error_code refused;
        fs::resize_file(dir / "file", 1, refused);
        CHECK(refused);
        CHECK(text_of(file) == "old");
    }
    const detail::handle writer{::CreateFileW((dir / "file").c_str(), GENERIC_WRITE, FILE_SHARE_READ, nullptr,
                                              OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr)};
    REQUIRE(writer.is_open());
    const auto r = refusal_of_open(dir / "file");
    CHECK(r.code == errc::io_open);
    CHECK(r.text.find("another program is using it") != std::string::npos);
}

TEST_CASE("Windows: what is no regular file is refused") {
    const temp_dir dir;
    CHECK(refusal_of_open(dir.path()).text.find("a directory") != std::string::npos);
    CHECK(refusal_of_open("NUL").text.find("a device") != std::string::npos);
}
#endif
