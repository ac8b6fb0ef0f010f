// SPDX-License-Identifier: Apache-2.0
// The status for each kind of error.
#include "test.hpp"

#include <string>
#include <utility>

#include <nibble/c/refusal.hpp>

using nibble::errc;

TEST_CASE("every code has the status of its family, from the first of it to the last", "[c]") {
    const std::pair<errc, nibble_status> expected[] = {
        {errc::io_open, NIBBLE_ERROR_FILE},
        {errc::io_changed, NIBBLE_ERROR_FILE},
        {errc::out_of_memory, NIBBLE_ERROR_MEMORY},
        {errc::limit_exceeded, NIBBLE_ERROR_LIMIT},
        {errc::gguf_truncated, NIBBLE_ERROR_GGUF},
        {errc::gguf_layout, NIBBLE_ERROR_GGUF},
        {errc::model_missing_key, NIBBLE_ERROR_MODEL},
        {errc::model_layout, NIBBLE_ERROR_MODEL},
        {errc::vocab_missing, NIBBLE_ERROR_VOCABULARY},
        {errc::vocab_bad_token_id, NIBBLE_ERROR_VOCABULARY},
        {errc::text_too_long, NIBBLE_ERROR_TEXT},
        {errc::text_invalid_utf8, NIBBLE_ERROR_TEXT},
        {errc::json_syntax, NIBBLE_ERROR_JSON},
        {errc::json_type, NIBBLE_ERROR_JSON},
        {errc::tmpl_missing, NIBBLE_ERROR_TEMPLATE},
        {errc::tmpl_cancelled, NIBBLE_ERROR_TEMPLATE},
        {errc::grammar_syntax, NIBBLE_ERROR_GRAMMAR},
        {errc::schema_unsupported, NIBBLE_ERROR_GRAMMAR},
        {errc::ctx_bad_size, NIBBLE_ERROR_CONTEXT},
        {errc::ctx_full, NIBBLE_ERROR_CONTEXT_FULL},
        {errc::ctx_bad_token, NIBBLE_ERROR_CONTEXT},
        {errc::ctx_bad_range, NIBBLE_ERROR_CONTEXT},
        {errc::ctx_busy, NIBBLE_ERROR_BUSY},
        {errc::sample_bad_param, NIBBLE_ERROR_OPTION},
        {errc::sample_no_finite_logits, NIBBLE_ERROR_MODEL},
        {errc::bad_option, NIBBLE_ERROR_OPTION},
    };
    for (const auto& [code, status] : expected) {
        CAPTURE(static_cast<int>(code));
        CHECK(nibble::c::status_of(code) == status);
    }
}

TEST_CASE("a refusal is an error with a status of its own", "[c]") {
    const nibble::c::refusal problem{NIBBLE_ERROR_ROOM, "buffer", "a capacity of 5", "4"};
    CHECK(problem.status() == NIBBLE_ERROR_ROOM);
    CHECK(std::string{problem.what()} == "buffer: expected a capacity of 5, got 4");
}
