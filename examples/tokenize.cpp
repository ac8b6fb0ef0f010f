// SPDX-License-Identifier: Apache-2.0
// Text to token ids with the vocabulary of a GGUF file; shows the tokenizer by itself, without a model.
//
//     tokenize --model FILE [--special] [--bos] [--pre NAME] [--jsonl] < text
//
// Prints the ids of standard input on one line, with spaces between. With --jsonl each line {"text": ...} gives a
// line {"ids": [...]}, or {"error": ...}. No BOS or EOS is added unless asked for.
#include <exception>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <nibble/core/error.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/model/vocabulary.hpp>
#include <nibble/text/tokenizer.hpp>

#include "program.hpp"
#include "standard_input.hpp"
#include "text_options.hpp"

namespace {

using nlohmann::json;

/// What one line of JSON asks for, or what is wrong with it.
json answer(const nibble::tokenizer& tokenizer, const nibble::encode_options& options, const std::string& line) {
    try {
        return {{"ids", tokenizer.encode(json::parse(line).at("text").get<std::string>(), options)}};
    } catch (const std::exception& e) {
        return {{"error", e.what()}};
    }
}

int run(int argc, char** argv) {
    std::string model;
    nibble::tokenizer_options choices;
    bool jsonl = false;
    nibble::encode_options options{.add_special = false, .parse_special = false};
    CLI::App app{"Text from standard input to token ids, on one line"};
    app.add_option("-m,--model", model, "GGUF file; a vocabulary without tensors is enough")
        ->required()
        ->type_name("FILE");
    app.add_flag("--special", options.parse_special, "recognise special tokens in the text");
    app.add_flag("--bos", options.add_special, "add BOS and EOS as the file says");
    declare_pretokenizer(app, choices);
    app.add_flag("--jsonl", jsonl, "one JSON object a line, in and out: {\"text\": ...} gives {\"ids\": [...]}");
    app.footer("Exit code: 0, or 1 after an error. What is wrong with one line is its answer, {\"error\": ...}.");
    if (asks_for_help(app, argc, argv)) return 0;

    const auto file = nibble::gguf::file::open(nibble::path_of(model));
    const auto tokenizer = file.naming_errors([&] {
        return nibble::tokenizer{nibble::read_vocabulary(file), choices};
    });

    standard_input input;
    if (jsonl) {
        // An error may quote bytes of its line that are no UTF-8: they are replaced.
        for (std::string line; input.next_line(line);)
            std::cout << answer(tokenizer, options, line).dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
    } else {
        const char* separator = "";
        for (const nibble::token id : tokenizer.encode(input.rest(), options)) {
            std::cout << separator << id;
            separator = " ";
        }
        std::cout << '\n';
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_guarded(run, argc, argv); }
