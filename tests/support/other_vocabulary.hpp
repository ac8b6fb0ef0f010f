// SPDX-License-Identifier: Apache-2.0
// The bundled model with another text for one of its tokens.
#pragma once

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "support/paths.hpp"

namespace nibble::test {

/// The bytes of the file. The token is " lion", which the vocabulary writes with U+0120 for the space.
inline std::string model_of_other_vocabulary() {
    std::ifstream in(models_dir() / "nibble-tiny.gguf", std::ios::binary);
    std::string model_bytes{std::istreambuf_iterator<char>{in}, {}};
    const std::string stored = std::string{"\6\0\0\0\0\0\0\0", 8} + "\xc4\xa0lion";  // a length of 6 bytes, and they
    const auto at = model_bytes.find(stored);
    if (at == std::string::npos) throw std::runtime_error("no token ' lion' in nibble-tiny.gguf");
    model_bytes[at + stored.size() - 1] = 'q';
    return model_bytes;
}

}  // namespace nibble::test
