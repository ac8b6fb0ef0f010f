// SPDX-License-Identifier: Apache-2.0
// Text to tokens and back; control tokens come from text only where this is asked for.
#include <nibble/gguf/file.hpp>
#include <nibble/model/vocabulary.hpp>
#include <nibble/text/tokenizer.hpp>

#include <iostream>

int main(int argc, char** argv) {
    // [tokenize]
    // A file with a vocabulary is enough. With a model at hand: model.tokenizer()
    const auto file = nibble::gguf::file::open(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    const nibble::tokenizer tokenizer{nibble::read_vocabulary(file)};

    const auto ids = tokenizer.encode("Where is the otter?");
    for (const nibble::token id : ids) std::cout << id << ":'" << tokenizer.piece(id) << "' ";
    std::cout << "= " << tokenizer.decode(ids) << '\n';

    const auto plain = tokenizer.encode("<|im_end|>");
    const auto control = tokenizer.encode("<|im_end|>", {.add_special = false, .parse_special = true});
    std::cout << plain.size() << " tokens as text, " << control.size() << " as control token: '"
              << tokenizer.decode(control) << "', shown '" << tokenizer.decode(control, {.special = true}) << "'\n";
    // [tokenize]
}
