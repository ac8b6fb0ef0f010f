// SPDX-License-Identifier: Apache-2.0
// The one exception type of nibble: what went wrong, where, what was expected and what was found.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

// clang-format off
/// What kind of thing went wrong. The values are stable names, not numbers to store.
enum class errc {
    // files and the system
    io_open, io_not_regular, io_read, io_write, io_too_large, io_changed, out_of_memory, limit_exceeded,
    // the GGUF container
    gguf_truncated, gguf_bad_magic, gguf_bad_version, gguf_wrong_endian, gguf_count_too_large, gguf_string_too_long,
    gguf_array_too_long, gguf_bad_key, gguf_duplicate_key, gguf_bad_value_type, gguf_bad_bool, gguf_nested_array,
    gguf_bad_alignment, gguf_bad_tensor_name, gguf_duplicate_tensor, gguf_bad_dims, gguf_size_overflow,
    gguf_bad_tensor_type, gguf_row_not_block_multiple, gguf_offset_unaligned, gguf_offset_out_of_range,
    gguf_tensor_overlap, gguf_layout,
    // the model in it
    model_missing_key, model_wrong_type, model_bad_value, model_unsupported_arch, model_missing_tensor,
    model_wrong_shape, model_wrong_tensor_type, model_bad_weights, model_layout,
    // vocabulary and text
    vocab_missing, vocab_bad_type, vocab_length_mismatch, vocab_bad_merge, vocab_bad_byte_token, vocab_bad_token_id,
    text_too_long, text_invalid_utf8, json_syntax, json_type,
    // chat templates
    tmpl_missing, tmpl_syntax, tmpl_too_deep, tmpl_out_of_fuel, tmpl_output_too_large, tmpl_type_error,
    tmpl_unsupported, tmpl_raised, tmpl_cancelled,
    // grammars and schemas
    grammar_syntax, grammar_too_deep, grammar_limit, schema_unsupported,
    // sessions and sampling
    ctx_bad_size, ctx_full, ctx_bad_token, ctx_bad_range, ctx_busy, sample_bad_param, sample_no_finite_logits,
    bad_option,
};
// clang-format on

/// Text from a file or a user, safe to print: control bytes and invalid UTF-8 as \xNN, cut after `most` bytes.
[[nodiscard]] NIBBLE_FUNCTION std::string escaped(std::string_view text, std::size_t most = 128);

/// Thrown at boundaries only: open, parse, bind, template, options, context full. Whoever throws leaves the
/// objects involved as they were. what() is one line: "WHERE: expected EXPECTED, got GOT (at byte N)".
class error : public std::runtime_error {
public:
    /// `where` names the place (file, key, tensor, argument); `expected` and `got` may be empty.
    error(errc code, std::string where, std::string expected = {}, std::string got = {},
          std::optional<std::uint64_t> offset = {});

    [[nodiscard]] errc code() const noexcept { return code_; }
    [[nodiscard]] const std::string& where() const noexcept { return where_; }
    [[nodiscard]] const std::string& expected() const noexcept { return expected_; }
    [[nodiscard]] const std::string& got() const noexcept { return got_; }
    /// Byte offset in the file or text, where there is one.
    [[nodiscard]] std::optional<std::uint64_t> offset() const noexcept { return offset_; }

    /// The same error with the larger place that it happened in, such as a file: "PLACE: WHERE: expected ...".
    [[nodiscard]] error within(const std::string& place) const;

private:
    static std::string compose(const std::string& where, const std::string& expected, const std::string& got,
                               std::optional<std::uint64_t> offset);

    errc code_;
    std::string where_, expected_, got_;
    std::optional<std::uint64_t> offset_;
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/core/error_impl.hpp>
#endif
