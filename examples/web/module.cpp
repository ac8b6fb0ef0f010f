// SPDX-License-Identifier: Apache-2.0
// nibble as a WebAssembly module: a model from bytes, and questions to it. The other side is nibble.mjs.
#include <nibble/nibble.hpp>

#include <cstddef>
#include <cstdlib>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>

#define NIBBLE_WEB_EXPORT(name) extern "C" __attribute__((export_name(#name)))
#define NIBBLE_WEB_IMPORT(name) extern "C" __attribute__((import_module("page"), import_name(#name)))

/// A piece of the answer.
NIBBLE_WEB_IMPORT(show) void show(const char* text, std::size_t n);
/// The message of an error; does not return, and the module is of no use any more.
NIBBLE_WEB_IMPORT(fail) [[noreturn]] void fail(const char* text, std::size_t n);

namespace {

std::optional<nibble::model> model;
std::optional<nibble::session> session;

}  // namespace

/// Room for bytes that are to be handed in.
NIBBLE_WEB_EXPORT(allocate) void* allocate(std::size_t n) { return std::malloc(n); }
NIBBLE_WEB_EXPORT(release) void release(void* bytes) { std::free(bytes); }

/// A model file, which stays where it is for as long as the module lives.
NIBBLE_WEB_EXPORT(load) void load(const std::byte* bytes, std::size_t n, std::size_t context) {
    model.emplace(nibble::gguf::file::parse({bytes, n}));
    session.emplace(*model, nibble::session_options{.context = context});
}

/// Answers one question, piece by piece; returns the tokens of a second.
NIBBLE_WEB_EXPORT(ask) double ask(const char* question, std::size_t n, double temperature, unsigned seed) {
    auto reply = session->chat({{nibble::role::user, std::string{question, n}}},
                               {.temperature = static_cast<float>(temperature), .seed = seed});
    for (const std::string_view piece : reply) show(piece.data(), piece.size());
    return reply.stats().tokens_per_second();
}

// WASI's C++ library has no exceptions: what throws ends here, with its message.
extern "C" void* __cxa_allocate_exception(std::size_t n) noexcept { return std::malloc(n); }
extern "C" void __cxa_free_exception(void* thrown) noexcept { std::free(thrown); }
extern "C" void __cxa_throw(void* thrown, std::type_info* type, void (*)(void*)) {
    const std::string_view message =
        *type == typeid(nibble::error) ? static_cast<const nibble::error*>(thrown)->what() : type->name();
    fail(message.data(), message.size());
}
