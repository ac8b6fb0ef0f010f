// SPDX-License-Identifier: Apache-2.0
// A reply that keeps to a grammar.
#include <nibble/generate/structure.hpp>
#include <nibble/nibble.hpp>

#include <iostream>
#include <memory>

int main(int argc, char** argv) {
    const auto model = nibble::model::load(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    nibble::session session{model, {.context = 1024}};
    // [grammar]
    const auto spelling = nibble::grammar::from_gbnf(R"(
        root   ::= letter ("-" letter){0,3}     # at most four
        letter ::= [a-z]
    )");
    const auto tokens = std::make_shared<const nibble::token_trie>(model.tokenizer());
    nibble::grammar_constraint constraint{spelling, tokens};
    auto reply = session.chat({{nibble::role::user, "Spell golden with dashes."}},
                              {.temperature = 0, .thinking = false, .constraint = &constraint});
    std::cout << reply.finish() << "  [ended by: " << name_of(reply.reason()) << "]\n";
    // [grammar]
}
