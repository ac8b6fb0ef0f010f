// SPDX-License-Identifier: Apache-2.0
// What is in a GGUF file. Needs nothing but gguf/.
#include <nibble/gguf/file.hpp>

#include <iostream>

int main(int argc, char** argv) {
    // [inspect]
    const auto file = nibble::gguf::file::open(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    std::cout << "GGUF version " << file.version() << ", " << file.metadata().size() << " keys, "
              << file.tensors().size() << " tensors\n";
    for (const char* key : {"general.architecture", "general.name"})
        if (const auto* value = file.find(key))
            if (const auto text = value->as_string()) std::cout << key << " = " << *text << '\n';
    if (const auto* tensor = file.find_tensor("blk.0.ffn_up.weight"))
        std::cout << tensor->name << ": " << name_of(tensor->type) << ", rows of " << tensor->dims[0] << ", "
                  << tensor->bytes.size() << " bytes at " << file.offset_of(*tensor) << '\n';
    // [inspect]
}
