// SPDX-License-Identifier: Apache-2.0
// Text to token ids with the vocabulary of a GGUF file; shows the tokenizer by itself, without a model.
//
//     tokenize --model FILE [--special] [--bos] [--jsonl] < text
//
// Prints the ids of standard input on one line, with spaces between. With --jsonl each line {"text": ...} gives a
// line {"ids": [...]}, or {"error": ...}. No BOS or EOS is added unless asked for.
#include <exception>
#include <iostream>
#include <iterator>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <nibble/core/error.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/model/vocabulary.hpp>
#include <nibble/text/tokenizer.hpp>

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

}  // namespace

int main(int argc, char** argv) try {
    std::string model, pretokenizer;
    bool jsonl = false;
    nibble::encode_options options{.add_special = false, .parse_special = false};
    CLI::App app{"Text from standard input to token ids, on one line"};
    app.add_option("-m,--model", model, "GGUF file; a vocabulary without tensors is enough")
        ->required()
        ->type_name("FILE");
    app.add_flag("--special", options.parse_special, "recognise special tokens in the text");
    app.add_flag("--bos", options.add_special, "add BOS and EOS as the file says");
    app.add_option("--pre", pretokenizer, "pre-tokenizer to use instead of the file's")->type_name("NAME");
    app.add_flag("--jsonl", jsonl, "one JSON object a line, in and out: {\"text\": ...} gives {\"ids\": [...]}");
    app.footer("Exit code: 0, or 1 after an error. What is wrong with one line is its answer, {\"error\": ...}.");
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
        return app.exit(help);
    }

    const auto file = nibble::gguf::file::open(model);
    nibble::tokenizer_options choices;
    choices.pretokenizer = pretokenizer;
    const auto tokenizer = file.naming_errors([&] {
        return nibble::tokenizer{nibble::read_vocabulary(file), choices};
    });

    if (jsonl) {
        // An error may quote bytes of its line that are no UTF-8: they are replaced.
        for (std::string line; std::getline(std::cin, line);)
            std::cout << answer(tokenizer, options, line).dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
    } else {
        const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
        const char* separator = "";
        for (const nibble::token id : tokenizer.encode(text, options)) {
            std::cout << separator << id;
            separator = " ";
        }
        std::cout << '\n';
    }
    return std::cout.flush() ? 0 : 1;
} catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << '\n';
    return 1;
}
