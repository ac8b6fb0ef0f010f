// SPDX-License-Identifier: Apache-2.0
// ask: one question, one answer: ask MODEL.gguf "What is the capital of France?"
#include <nibble/nibble.hpp>

#include <iostream>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "load_options.hpp"
#include "program.hpp"

namespace {

int run(int argc, char** argv) {
    load_options load;
    std::string question;
    CLI::App app{"One question, one answer.", "ask"};
    app.add_option("-m,--model,model", load.model, "GGUF file of the model")->required()->type_name("FILE");
    app.add_option("question", question, "what is asked")->required()->type_name("TEXT")->check(not_empty);
    declare_load(app, load);
    app.footer("Exit code: 0, or 1 after an error.");
    if (asks_for_help(app, argc, argv)) return 0;

    const auto model = load_model(load);
    auto session = nibble::session{model, {.context = 4096}};
    auto reply = session.chat({{nibble::role::user, question}}, {.temperature = 0.6f, .seed = 7});
    for (const std::string_view piece : reply) std::cout << piece << std::flush;
    std::cerr << '\n' << reply.stats().tokens_per_second() << " tokens/s\n";
    return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_guarded(run, argc, argv); }
