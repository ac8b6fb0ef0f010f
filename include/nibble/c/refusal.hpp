// SPDX-License-Identifier: Apache-2.0
// What the C interface says of a failure: the status for each kind of error.
#pragma once

#include <string>
#include <utility>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/nibble.h>

NIBBLE_NAMESPACE_BEGIN
namespace c {

/// Thrown where the arguments of a C function are wrong in a way that C++ does not know.
class refusal : public error {
public:
    refusal(nibble_status status, std::string where, std::string expected, std::string got)
        : error(errc::bad_option, std::move(where), std::move(expected), std::move(got)), status_(status) {}

    [[nodiscard]] nibble_status status() const noexcept { return status_; }

private:
    nibble_status status_;
};

/// The family of a code. errc lists its codes by family: each row is the first of those up to the next row.
[[nodiscard]] constexpr nibble_status status_of(errc code) noexcept {
    struct family {
        errc first;
        nibble_status status;
    };
    constexpr family families[] = {{errc::io_open, NIBBLE_ERROR_FILE},
                                   {errc::out_of_memory, NIBBLE_ERROR_MEMORY},
                                   {errc::limit_exceeded, NIBBLE_ERROR_LIMIT},
                                   {errc::gguf_truncated, NIBBLE_ERROR_GGUF},
                                   {errc::model_missing_key, NIBBLE_ERROR_MODEL},
                                   {errc::vocab_missing, NIBBLE_ERROR_VOCABULARY},
                                   {errc::text_too_long, NIBBLE_ERROR_TEXT},
                                   {errc::json_syntax, NIBBLE_ERROR_JSON},
                                   {errc::tmpl_missing, NIBBLE_ERROR_TEMPLATE},
                                   {errc::grammar_syntax, NIBBLE_ERROR_GRAMMAR},
                                   {errc::ctx_bad_size, NIBBLE_ERROR_CONTEXT},
                                   {errc::ctx_full, NIBBLE_ERROR_CONTEXT_FULL},
                                   {errc::ctx_bad_token, NIBBLE_ERROR_CONTEXT},
                                   {errc::ctx_busy, NIBBLE_ERROR_BUSY},
                                   {errc::sample_bad_param, NIBBLE_ERROR_OPTION},
                                   {errc::sample_no_finite_logits, NIBBLE_ERROR_MODEL},
                                   {errc::bad_option, NIBBLE_ERROR_OPTION}};
    nibble_status status = NIBBLE_ERROR_OTHER;
    for (const family& row : families)
        if (row.first <= code) status = row.status;
    return status;
}

/// A few words for a status.
[[nodiscard]] constexpr const char* name_of(nibble_status status) noexcept {
    constexpr const char* names[] = {"ok",           "bad handle",     "bad argument",   "buffer too small",
                                     "file error",   "no memory",      "limit exceeded", "bad GGUF file",
                                     "bad model",    "bad vocabulary", "bad text",       "bad JSON",
                                     "bad template", "bad grammar",    "bad context",    "context full",
                                     "session busy", "bad option",     "other error"};
    constexpr nibble_status n_names = sizeof names / sizeof *names;
    static_assert(n_names == NIBBLE_ERROR_OTHER + 1);
    return status >= 0 && status < n_names ? names[status] : "unknown status";
}

}  // namespace c
NIBBLE_NAMESPACE_END
