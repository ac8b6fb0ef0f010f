// SPDX-License-Identifier: Apache-2.0
// ../system.hpp for Windows. Texts are UTF-8 on all ways in and out; the command line is, too, because
// programs.manifest says that it should be.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <iterator>

#include <fcntl.h>
#include <io.h>

#include <nibble/core/windows.hpp>

namespace os {

inline bool is_console(DWORD stream) {
    DWORD mode = 0;
    return ::GetConsoleMode(::GetStdHandle(stream), &mode) != 0;
}
inline bool input_is_terminal() { return is_console(STD_INPUT_HANDLE); }
inline bool output_is_terminal() { return is_console(STD_OUTPUT_HANDLE); }
inline bool errors_are_terminal() { return is_console(STD_ERROR_HANDLE); }

/// Before the first output. Bytes go out as they are, as UTF-8 and with LF; consoles understand escapes. What is
/// written to a console goes there at the next flush, and not byte by byte: it shows no character that comes in pieces.
inline void prepare_console() {
    ::SetConsoleOutputCP(CP_UTF8);
    for (const int stream : {0, 1, 2}) ::_setmode(stream, _O_BINARY);
    for (std::FILE* stream : {stdout, stderr}) std::setvbuf(stream, nullptr, _IOFBF, 4096);
    for (const DWORD stream : {STD_OUTPUT_HANDLE, STD_ERROR_HANDLE}) {
        DWORD mode = 0;
        const HANDLE console = ::GetStdHandle(stream);
        if (::GetConsoleMode(console, &mode)) ::SetConsoleMode(console, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
    }
}

/// Whether there is a standard input at all.
inline bool input_is_open() { return ::GetFileType(::GetStdHandle(STD_INPUT_HANDLE)) != FILE_TYPE_UNKNOWN; }

/// A console takes whole lines.
inline constexpr std::size_t longest_line = SIZE_MAX;

namespace detail {

/// A line of the console, which has UTF-16; empty after Ctrl-Z.
inline std::ptrdiff_t read_console(char* data, std::size_t size) {
    wchar_t line[4096];
    DWORD n = 0;
    // a unit of UTF-16 takes at most 3 bytes
    const auto most = static_cast<DWORD>(std::min(std::size(line), size / 3));
    if (!::ReadConsoleW(::GetStdHandle(STD_INPUT_HANDLE), line, most, &n, nullptr)) return errno = EIO, -1;
    if (n == 0) {  // not even the end of a line: Ctrl-C, whose handler runs on a thread of its own
        ::Sleep(50);
        return errno = EINTR, -1;
    }
    if (n > 0 && line[0] == 0x1a) return 0;
    return ::WideCharToMultiByte(CP_UTF8, 0, line, static_cast<int>(n), data, static_cast<int>(size), nullptr, nullptr);
}

}  // namespace detail

/// Waits for up to `size` bytes of standard input; how many came, 0 at its end, or -1 and errno.
inline std::ptrdiff_t read_input(char* data, std::size_t size) {
    if (input_is_terminal()) return detail::read_console(data, size);
    return ::_read(0, data, static_cast<unsigned>(size));
}

inline long process_id() { return static_cast<long>(::GetCurrentProcessId()); }

inline std::tm local_time(std::time_t time) {
    std::tm local{};
    ::localtime_s(&local, &time);
    return local;
}

}  // namespace os
