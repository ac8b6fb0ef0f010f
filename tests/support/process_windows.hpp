// SPDX-License-Identifier: Apache-2.0
// process.hpp for Windows.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nibble/core/path_text.hpp>
#include <nibble/core/windows.hpp>

namespace nibble::test {

/// A device that takes everything and has nothing.
inline const std::string null_device = "NUL";

namespace detail {

inline void require(bool good, const char* call) {
    if (!good) throw std::system_error(static_cast<int>(::GetLastError()), std::system_category(), call);
}

struct closer {
    void operator()(HANDLE handle) const { ::CloseHandle(handle); }
};
using owned_handle = std::unique_ptr<void, closer>;

/// The standard streams of a program: 0 is its input, 1 its output, 2 its errors.
class standard_streams {
public:
    void read_from(const std::filesystem::path& path) { open(0, path, GENERIC_READ, OPEN_EXISTING); }
    void write_to(int stream, const std::filesystem::path& path) { open(stream, path, GENERIC_WRITE, CREATE_ALWAYS); }

    /// Input is a pipe, into whose buffer the text fits.
    void read_text(std::string_view text) {
        HANDLE ends[2];
        SECURITY_ATTRIBUTES inherited = inheritable;
        require(::CreatePipe(&ends[0], &ends[1], &inherited, static_cast<DWORD>(text.size() + 1)), "CreatePipe");
        handles_[0].reset(ends[0]);
        const owned_handle writer{ends[1]};
        require(::SetHandleInformation(ends[1], HANDLE_FLAG_INHERIT, 0), "SetHandleInformation");
        DWORD written = 0;
        const bool filled = ::WriteFile(ends[1], text.data(), static_cast<DWORD>(text.size()), &written, nullptr);
        require(filled && written == text.size(), "WriteFile");
    }

    [[nodiscard]] HANDLE handle(int stream) const { return handles_[stream].get(); }

private:
    static constexpr SECURITY_ATTRIBUTES inheritable{sizeof(SECURITY_ATTRIBUTES), nullptr, TRUE};

    void open(int stream, const std::filesystem::path& path, DWORD access, DWORD how) {
        SECURITY_ATTRIBUTES inherited = inheritable;
        const HANDLE file =
            ::CreateFileW(path.c_str(), access, FILE_SHARE_READ, &inherited, how, FILE_ATTRIBUTE_NORMAL, nullptr);
        require(file != INVALID_HANDLE_VALUE, "CreateFileW");
        handles_[stream].reset(file);
    }

    owned_handle handles_[3];
};

/// An argument as programs take command lines apart: in quotes, with a backslash before each quote and before each
/// backslash that stands before a quote.
inline std::wstring quoted(std::string_view argument) {
    std::wstring out = L"\"";
    std::size_t n_backslashes = 0;
    const std::wstring text = path_of(argument).wstring();
    for (const wchar_t unit : text) {
        if (unit == L'"') out.append(n_backslashes + 1, L'\\');
        n_backslashes = unit == L'\\' ? n_backslashes + 1 : 0;
        out += unit;
    }
    return out.append(n_backslashes, L'\\') + L'"';
}

}  // namespace detail

/// Runs a program to its end; its exit code.
inline int run_process(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                       const detail::standard_streams& streams) {
    std::wstring line = detail::quoted(path_text(program) + ".exe");
    for (const auto& argument : arguments) line += L' ' + detail::quoted(argument);
    STARTUPINFOW startup{};
    startup.cb = sizeof startup;
    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdInput = streams.handle(0);
    startup.hStdOutput = streams.handle(1);
    startup.hStdError = streams.handle(2);
    PROCESS_INFORMATION about{};
    detail::require(
        ::CreateProcessW(nullptr, line.data(), nullptr, nullptr, TRUE, 0, nullptr, nullptr, &startup, &about),
        "CreateProcessW");
    const detail::owned_handle process{about.hProcess}, thread{about.hThread};
    ::WaitForSingleObject(process.get(), INFINITE);
    DWORD code = 0;
    detail::require(::GetExitCodeProcess(process.get(), &code), "GetExitCodeProcess");
    return static_cast<int>(code);
}

}  // namespace nibble::test
