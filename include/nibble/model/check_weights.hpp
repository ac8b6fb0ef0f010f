// SPDX-License-Identifier: Apache-2.0
// The deep check of a file's weights: every scale and every float is a finite number, and no tensor is all zeros.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/tensor.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace gguf {
class file;
}

/// The first block (of a float type: value) from `begin` on that holds an infinity or a NaN. Reads the tensor, so at
/// the speed of the disk. Types that nibble does not compute with have none.
[[nodiscard]] NIBBLE_FUNCTION std::optional<std::size_t> find_bad_block(const tensor_view& tensor,
                                                                        std::size_t begin = 0);

/// The rows of a matrix that hold one, ascending.
[[nodiscard]] NIBBLE_FUNCTION std::vector<std::size_t> find_bad_rows(const tensor_view& tensor);

namespace detail {

/// "tensor 'NAME'", with the file that it is in where a model has several.
[[nodiscard]] NIBBLE_FUNCTION std::string tensor_place(const gguf::file& file, const tensor_view& tensor);

}  // namespace detail

/// Throws model_bad_weights that names the tensor, the block with an infinity or a NaN, and its byte in the file.
NIBBLE_FUNCTION void check_finite(const gguf::file& file, const tensor_view& tensor);

/// Throws model_bad_weights for a tensor whose bytes are all zero, but for biases, which may be: what is left where a
/// download into reserved space was cut off. Names the bytes of the file, of other tensors too, that are zero with it.
NIBBLE_FUNCTION void check_not_zero(const gguf::file& file, const tensor_view& tensor);

/// Zeros in a row, as bytes of a tensor.
struct zero_run {
    std::size_t begin = 0, size = 0;
};

/// The longest one, the first of equals.
[[nodiscard]] NIBBLE_FUNCTION zero_run longest_zero_run(const tensor_view& tensor);

/// Both, for every tensor of the file.
NIBBLE_FUNCTION void check_weights(const gguf::file& file);

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/model/check_weights_impl.hpp>
#endif
