// SPDX-License-Identifier: Apache-2.0
// Bytes of GGUF files: whatever is accepted lies inside of them. Each "GGUF" begins a file; several are parts of a
// split.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/gguf/file.hpp>
#include <nibble/gguf/parse.hpp>
#include <nibble/model/check_weights.hpp>

#include "fuzz/fuzz.hpp"
#include "support/gguf_files.hpp"

using namespace nibble;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto bytes = std::as_bytes(std::span{text});
    fuzz::allowing_errors([&] {
        const auto file = gguf::file::parse(bytes);
        test::touch_everything(file);
        check_weights(file);
    });
    fuzz::allowing_errors([&] {
        std::vector<gguf::part> parts;
        for (std::size_t begin = 0; begin < size;) {
            const std::size_t end = std::min(text.find("GGUF", begin + 1), size);
            parts.push_back({{}, "part", gguf::parse_directory(bytes.subspan(begin, end - begin), {}), {}});
            (void)gguf::read_split(parts.back().contents, {});
            begin = end;
        }
        if (parts.empty()) return;
        const gguf::directory whole = gguf::join(parts, {});
        std::size_t n_tensors = 0;
        for (const auto& part : parts) n_tensors += part.contents.tensors.size();
        fuzz::require(whole.tensors.size() == n_tensors);
        for (const auto& tensor : whole.tensors) fuzz::require(whole.find_tensor(tensor.name) == &tensor);
        for (const auto& entry : whole.metadata) fuzz::require(whole.find(entry.key) == &entry.val);
    });
    return 0;
}
