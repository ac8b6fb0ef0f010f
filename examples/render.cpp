// SPDX-License-Identifier: Apache-2.0
// Chat templates to prompts; shows the template engine by itself, without running a model.
//
//     render (--model FILE [--chat-template TEXT] | --template FILE | --templates FOLDER) --jsonl < cases
//
// Each line {"input": {variables}, "date": "2025-07-08T09:05:03"} gives a line {"text": ...}, or {"error": ...}. With
// --templates each line also has "template", the name of a file in that folder. The date is what strftime_now() sees.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>

#include <nibble/chat/template.hpp>
#include <nibble/core/error.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/json/json.hpp>
#include <nibble/model/vocabulary.hpp>

#include "program.hpp"
#include "read_file.hpp"
#include "standard_input.hpp"
#include "text_options.hpp"

namespace {

nibble::chat_template read_template(const std::filesystem::path& path) {
    const std::string source = read_file(nibble::path_text(path));
    try {
        return nibble::chat_template(source);
    } catch (const nibble::error& problem) {
        throw problem.within(nibble::file_place(path));
    }
}

/// The template in a model file, or `own` in its place, with the texts of the file's BOS and EOS tokens.
nibble::chat_template read_model(const std::filesystem::path& path, const std::string& own) {
    const auto file = nibble::gguf::file::open(path);
    return file.naming_errors([&] {
        const auto source = own.empty() ? nibble::read_chat_template(file) : own;
        if (!source)
            throw nibble::error{nibble::errc::tmpl_missing, "tokenizer.chat_template", "a chat template",
                                "none in the file, nor as --chat-template"};
        const nibble::vocabulary words = nibble::read_vocabulary(file);
        const auto text_of = [&](std::optional<nibble::token> id) {
            return id ? std::string(words.tokens[static_cast<std::size_t>(*id)]) : std::string{};
        };
        return nibble::chat_template(std::string{*source}, text_of(words.bos), text_of(words.eos));
    });
}

nibble::calendar_time read_date(const std::string& text) {
    nibble::calendar_time t;
    if (std::sscanf(text.c_str(), "%d-%d-%dT%d:%d:%d", &t.year, &t.month, &t.day, &t.hour, &t.minute, &t.second) < 3)
        throw std::runtime_error("a date looks like 2025-07-08T09:05:03");
    return t;
}

/// The templates that lines ask for: one for all, or files of a folder by name, each parsed once.
class template_store {
public:
    explicit template_store(nibble::chat_template one) : one_(std::move(one)) {}
    explicit template_store(std::filesystem::path folder) : folder_(std::move(folder)) {}

    const nibble::chat_template& for_line(const nibble::json& line) {
        if (one_) return *one_;
        const auto* name = line.find("template");
        if (!name) throw std::runtime_error("the line names no template");
        const auto found = parsed_.find(name->as_string());
        if (found != parsed_.end()) return found->second;
        return parsed_.emplace(name->as_string(), read_template(folder_ / nibble::path_of(name->as_string())))
            .first->second;
    }

private:
    std::optional<nibble::chat_template> one_;
    std::filesystem::path folder_;
    std::map<std::string, nibble::chat_template> parsed_;
};

nibble::json answer(template_store& templates, const std::string& line) {
    try {
        const auto request = nibble::json::parse(line);
        const auto* variables = request.find("input");
        const auto* date = request.find("date");
        if (!variables) throw std::runtime_error("the line has no \"input\"");
        return nibble::json::object{
            {"text", templates.for_line(request).render(*variables, date ? read_date(date->as_string())
                                                                         : nibble::calendar_time{})}};
    } catch (const std::exception& e) {
        return nibble::json::object{{"error", e.what()}};
    }
}

int run(int argc, char** argv) {
    std::string model, file, folder;
    template_options own;
    bool jsonl = false;
    CLI::App app{
        "Chat templates to prompts: a line of JSON with the template's variables in, a line with the text out."};
    auto* source = app.add_option_group("source", "where the template is");
    source->add_option("-m,--model", model, "GGUF file with a chat template")->type_name("FILE");
    source->add_option("-t,--template", file, "file with a template")->type_name("FILE");
    source->add_option("--templates", folder, "folder of templates; each line of input names one")->type_name("FOLDER");
    source->require_option(1);
    declare_template(app, own);
    app.add_flag("--jsonl", jsonl, "one JSON object a line, in and out")->required();
    app.footer("Exit code: 0, or 1 after an error. What is wrong with one line is its answer, {\"error\": ...}.");
    if (asks_for_help(app, argc, argv)) return 0;

    template_store templates = !model.empty()  ? template_store(read_model(nibble::path_of(model), own.source()))
                               : !file.empty() ? template_store(read_template(nibble::path_of(file)))
                                               : template_store(nibble::path_of(folder));
    standard_input input;
    for (std::string line; input.next_line(line);) std::cout << answer(templates, line).dump() << '\n';
    return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_guarded(run, argc, argv); }
