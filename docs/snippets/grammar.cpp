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
    const auto list = nibble::grammar::from_gbnf(R"(
        root ::= "- " item "\n- " item     # two items
        item ::= [a-z]{2,12}
    )");
    const auto tokens = std::make_shared<const nibble::token_trie>(model.tokenizer());
    nibble::grammar_constraint constraint{list, tokens};
    auto reply = session.chat({{nibble::role::user, "Put these in a list: deer, rabbit"}},
                              {.temperature = 0, .thinking = false, .constraint = &constraint});
    std::cout << reply.finish() << '\n';
    // [grammar]
    return nibble::finish_reason::constraint == reply.reason() || constraint.complete() ? 0 : 1;
}
