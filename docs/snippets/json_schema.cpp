// SPDX-License-Identifier: Apache-2.0
// A reply that is valid against a JSON schema, whatever the model would like to say.
#include <nibble/generate/structure.hpp>
#include <nibble/grammar/json_schema.hpp>
#include <nibble/nibble.hpp>

#include <iostream>
#include <memory>

int main(int argc, char** argv) {
    const auto model = nibble::model::load(argc > 1 ? argv[1] : "examples/models/nibble-tiny.gguf");
    nibble::session session{model, {.context = 1024}};
    // [json_schema]
    const auto schema = nibble::json::parse(R"({
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 20}, "floor": {"type": "integer", "minimum": 0}},
        "required": ["city", "floor"]
    })");
    const auto tokens = std::make_shared<const nibble::token_trie>(model.tokenizer());  // once for each model
    nibble::grammar_constraint constraint{nibble::grammar_from_json_schema(schema), tokens};

    auto reply = session.chat({{nibble::role::user, "Return a JSON object: city Warsaw and floor 3"}},
                              {.temperature = 0, .max_tokens = 100, .thinking = false, .constraint = &constraint});
    const std::string text{reply.finish()};
    if (!constraint.complete()) return 1;  // the reply was cut off, by max_tokens or the end of the context
    const auto value = nibble::json::parse(text);
    std::cout << value.find("city")->as_string() << ", floor " << value.find("floor")->as_integer() << '\n';
    // [json_schema]
}
