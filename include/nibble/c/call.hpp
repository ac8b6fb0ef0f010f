// SPDX-License-Identifier: Apache-2.0
// What all functions of the C interface have in common: no exception leaves them, and arguments are looked at before
// use.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/c/handle.hpp>
#include <nibble/c/refusal.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/token.hpp>
#include <nibble/nibble.h>

/// Before each definition: one unit of a program, the one that says NIBBLE_C_IMPLEMENTATION, has them.
#if defined(NIBBLE_C_IMPLEMENTATION)
#define NIBBLE_C_FUNCTION
#else
#define NIBBLE_C_FUNCTION inline
#endif

struct nibble_error : nibble::c::handle_of<nibble_error> {
    static constexpr std::string_view kind_name = "error";
    std::string text;
};

NIBBLE_NAMESPACE_BEGIN
namespace c {

inline nibble_status report(nibble_error* error, nibble_status status, const char* text) noexcept {
    try {
        if (error) error->text = text;
    } catch (const std::bad_alloc&) {
        error->text = "no memory";  // which every string has room for
    }
    return status;
}

/// The status of the exception that is being handled, whose text goes to `error`.
inline nibble_status report_exception(nibble_error* error) noexcept {
    try {
        throw;
    } catch (const refusal& problem) {
        return report(error, problem.status(), problem.what());
    } catch (const nibble::error& problem) {
        return report(error, status_of(problem.code()), problem.what());
    } catch (const std::bad_alloc&) {
        return report(error, NIBBLE_ERROR_MEMORY, "no memory");
    } catch (const std::exception& problem) {
        return report(error, NIBBLE_ERROR_OTHER, problem.what());
    } catch (...) {
        return report(error, NIBBLE_ERROR_OTHER, "an exception that says nothing");
    }
}

/// Does what a C function does, and returns what became of it.
template <class F>
nibble_status guarded(nibble_error* error, F&& body) noexcept {
    try {
        if (error) checked(error).text.clear();
    } catch (const refusal& problem) {
        return problem.status();
    }
    try {
        body();
        return NIBBLE_OK;
    } catch (...) {
        return report_exception(error);
    }
}

template <class Handle>
nibble_status free_handle(Handle* given) noexcept {
    return guarded(nullptr, [&] {
        if (given) delete &checked(given);
    });
}

/// What a call writes to, empty for now. Throws NIBBLE_ERROR_ARGUMENT for null.
template <class T>
[[nodiscard]] T& output(T* given, const char* name) {
    if (!given) throw refusal(NIBBLE_ERROR_ARGUMENT, name, "where to write it", "null");
    return *given = {};
}

/// A text that is given. Throws NIBBLE_ERROR_ARGUMENT for null with a length, and for a length that no memory has.
[[nodiscard]] inline std::string_view text_of(const char* data, std::size_t length, const char* name) {
    if (!data && length != 0) throw refusal(NIBBLE_ERROR_ARGUMENT, name, "a text", "null");
    if (length == NIBBLE_NUL_ENDED) length = std::strlen(data);
    if (length > static_cast<std::size_t>(PTRDIFF_MAX))
        throw refusal(NIBBLE_ERROR_ARGUMENT, name, "a length in bytes", std::to_string(length));
    return {data, length};
}

[[nodiscard]] inline std::span<const token> tokens_of(const std::int32_t* data, std::size_t n, const char* name) {
    if (!data && n != 0) throw refusal(NIBBLE_ERROR_ARGUMENT, name, "tokens", "null");
    if (n > static_cast<std::size_t>(PTRDIFF_MAX) / sizeof(token))
        throw refusal(NIBBLE_ERROR_ARGUMENT, name, "a number of tokens", std::to_string(n));
    return {data, n};
}

/// Texts that end with '\0'.
[[nodiscard]] inline std::vector<std::string> texts_of(const char* const* texts, std::size_t n, const char* name) {
    if (!texts && n != 0) throw refusal(NIBBLE_ERROR_ARGUMENT, name, "texts", "null");
    std::vector<std::string> out;
    for (std::size_t i = 0; i < n; ++i) out.emplace_back(text_of(texts[i], NIBBLE_NUL_ENDED, name));
    return out;
}

/// Whether a buffer is there and has room; false for one that only asks for the number. Throws NIBBLE_ERROR_ROOM.
[[nodiscard]] inline bool has_room(const void* buffer, std::size_t capacity, std::size_t needed) {
    if (!buffer && capacity == 0) return false;
    if (!buffer) throw refusal(NIBBLE_ERROR_ARGUMENT, "buffer", "where to write", "null");
    if (capacity < needed)
        throw refusal(NIBBLE_ERROR_ROOM, "buffer", "a capacity of " + std::to_string(needed), std::to_string(capacity));
    return true;
}

/// Copies items into a buffer of the caller, with `n_behind` more behind them that are T{}, and says how many there
/// are.
template <class T>
void copy_out(std::span<const T> items, std::size_t n_behind, T* buffer, std::size_t capacity, std::size_t& n) {
    n = items.size();
    if (has_room(buffer, capacity, n + n_behind))
        std::fill_n(std::copy(items.begin(), items.end(), buffer), n_behind, T{});
}

inline void copy_out(std::string_view text, char* buffer, std::size_t capacity, std::size_t& length) {
    copy_out<char>(std::span<const char>{text}, 1, buffer, capacity, length);
}

/// Throws NIBBLE_ERROR_ARGUMENT unless the caller's struct has the size that it has here.
template <class Struct>
void require_size(std::size_t size, const char* name) {
    if (size != sizeof(Struct))
        throw refusal(NIBBLE_ERROR_ARGUMENT, std::string{"size of "} + name, std::to_string(sizeof(Struct)),
                      std::to_string(size) + ": is the caller compiled with the nibble.h of another version?");
}

/// What a call tells of an object. Throws NIBBLE_ERROR_ARGUMENT.
template <class Info>
void fill_info(Info* info, Info content) {
    if (!info) throw refusal(NIBBLE_ERROR_ARGUMENT, "info", "where to write it", "null");
    require_size<Info>(info->size, "info");
    content.size = sizeof(Info);
    *info = content;
}

}  // namespace c
NIBBLE_NAMESPACE_END

NIBBLE_C_FUNCTION const char* nibble_version(void) { return NIBBLE_VERSION_STRING; }

NIBBLE_C_FUNCTION const char* nibble_status_name(nibble_status status) { return nibble::c::name_of(status); }

NIBBLE_C_FUNCTION nibble_error* nibble_error_new(void) { return new (std::nothrow) nibble_error; }

NIBBLE_C_FUNCTION const char* nibble_error_text(const nibble_error* error) {
    return error && error->mark() == nibble_error::own_mark() ? error->text.c_str() : "";
}

NIBBLE_C_FUNCTION nibble_status nibble_error_free(nibble_error* error) { return nibble::c::free_handle(error); }
