// SPDX-License-Identifier: Apache-2.0
// What is in a GGUF file, what nibble makes of it, and whether nibble would run it.
//
//     inspect FILE [--json] [--check] [--context N] [--threads N]
//
// The listing needs nothing but gguf::file, so it also shows files whose model nibble does not know.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <nibble/core/cpu.hpp>
#include <nibble/generate/session.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/kernels/best.hpp>
#include <nibble/model/check_weights.hpp>
#include <nibble/model/model.hpp>

#include "load_options.hpp"
#include "program.hpp"
#include "session_limits.hpp"

// The report is JSON with the texts as they are in the file; the listing is printed from it and escapes them.
using json = nlohmann::ordered_json;

namespace {

struct options {
    load_options load;
    std::size_t context = 4096;
    unsigned threads = 0;
    bool as_json = false;
    bool check = false;
};

constexpr std::size_t shown_elements = 6;     // of an array
constexpr std::size_t shown_characters = 72;  // of a text, in the listing

// --- the file

/// The double with the shortest decimal form of a float: 1e-06, not 9.999999974752427e-07.
json shortest(float number) {
    char text[32];
    const auto written = std::to_chars(text, text + sizeof text, number);
    double wide = number;
    std::from_chars(text, written.ptr, wide);
    return wide;
}

json scalar_of(const nibble::gguf::value& value) {
    if (const auto number = value.as_unsigned()) return *number;
    if (const auto number = value.as_signed()) return *number;
    if (const auto truth = value.as_bool()) return *truth;
    if (const auto text = value.as_string()) return *text;
    const double number = value.as_double().value_or(0);
    if (!std::isfinite(number)) return std::to_string(number);  // JSON has no such numbers
    return value.type() == nibble::gguf::value_type::f32 ? shortest(static_cast<float>(number)) : json(number);
}

json first_elements_of(const nibble::gguf::value& array) {
    json out = json::array();
    for (const auto text : array.strings()) {
        if (out.size() == shown_elements) break;
        out.push_back(text);
    }
    const std::size_t width = nibble::gguf::fixed_size(array.element_type());
    for (std::size_t i = 0; width != 0 && i < std::min(array.array_size(), shown_elements); ++i)
        out.push_back(scalar_of({array.element_type(), array.bytes().subspan(i * width, width)}));
    return out;
}

json metadata_of(const nibble::gguf::file& file) {
    json out = json::array();
    for (const auto& [key, value, offset] : file.metadata()) {
        json entry{{"key", key}, {"offset", offset}, {"type", nibble::gguf::name_of(value.type())}};
        if (value.is_array()) {
            entry["element_type"] = nibble::gguf::name_of(value.element_type());
            entry["length"] = value.array_size();
            entry["first"] = first_elements_of(value);
        } else {
            entry["value"] = scalar_of(value);
        }
        out.push_back(std::move(entry));
    }
    return out;
}

/// Which set multiplies with a type on this CPU; "none" where nibble cannot.
std::string kernel_of(const nibble::kernel_set& kernels, nibble::data_type type) {
    return kernels.find(type) ? std::string{kernels.name} : "none";
}

json tensors_of(const nibble::gguf::file& file, const nibble::kernel_set& kernels) {
    json out = json::array();
    for (const auto& tensor : file.tensors())
        out.push_back({{"name", tensor.name},
                       {"type", nibble::name_of(tensor.type)},
                       {"shape", std::vector(tensor.dims.begin(), tensor.dims.begin() + tensor.n_dims)},
                       {"part", &file.part_of(tensor) - file.parts().data() + 1},
                       {"offset", file.offset_of(tensor)},
                       {"bytes", tensor.bytes.size()},
                       {"share", static_cast<double>(tensor.bytes.size()) / static_cast<double>(file.size())},
                       {"kernel", kernel_of(kernels, tensor.type)}});
    return out;
}

json types_of(const nibble::gguf::file& file, const nibble::kernel_set& kernels) {
    struct total {
        std::size_t tensors = 0, bytes = 0;
    };
    std::map<nibble::data_type, total> totals;
    for (const auto& tensor : file.tensors()) {
        ++totals[tensor.type].tensors;
        totals[tensor.type].bytes += tensor.bytes.size();
    }
    json out = json::array();
    for (const auto& [type, total] : totals)
        out.push_back({{"type", nibble::name_of(type)},
                       {"tensors", total.tensors},
                       {"bytes", total.bytes},
                       {"share", static_cast<double>(total.bytes) / static_cast<double>(file.size())},
                       {"kernel", kernel_of(kernels, type)}});
    return out;
}

/// Where all bytes of the file, or of its parts together, went; the numbers add up to its length.
json layout_of(const nibble::gguf::file& file) {
    std::uint64_t header = 0, data = 0, padding = 0, after = 0;
    for (const auto& part : file.parts()) {
        const nibble::gguf::directory& contents = part.contents;
        const std::uint64_t length = contents.bytes.size(), data_start = std::min(contents.data_offset, length);
        const std::uint64_t data_end = std::max(data_start, contents.data_end);
        std::uint64_t tensors = 0;
        for (const auto& tensor : contents.tensors) tensors += tensor.bytes.size();
        header += data_start;
        data += tensors;
        padding += data_end - data_start - tensors;
        after += length - data_end;
    }
    return {{"header_and_metadata", header},
            {"tensor_data", data},
            {"padding_between_tensors", padding},
            {"after_the_last_tensor", after},
            {"file", file.size()}};
}

// --- the model in it

json config_of(const nibble::model_config& config) {
    json out = json::array();
    for (const auto& [field, value, from] : config.sources)
        out.push_back({{"field", field}, {"value", value}, {"from", from}});
    return out;
}

nibble::session_options session_options_of(const options& chosen) {
    return {.context = chosen.context, .threads = chosen.threads};
}

/// Bytes that a session takes, and with the mapped file, which all sessions share.
json memory_of(const nibble::model& model, const options& chosen) {
    const auto plan = nibble::session::plan(model, session_options_of(chosen));
    const std::uint64_t mapped = model.file().size();
    return {{"kv_cache", plan.kv_cache}, {"workspace", plan.workspace}, {"sampling", plan.sampling},
            {"session", plan.total()},   {"mapped_file", mapped},       {"together", plan.total() + mapped}};
}

// --- the checklist

class checklist {
public:
    /// Runs one check, which returns what it found and throws what it minds. `required`: the model cannot run without.
    template <class Check>
    void run(const char* name, Check&& check, bool required = true) {
        json item{{"check", name}, {"status", "ok"}};
        try {
            item["detail"] = check();
        } catch (const std::exception& problem) {
            item["status"] = required ? "fail" : "warn";
            item["detail"] = problem.what();
            if (required && first_problem_.empty()) first_problem_ = problem.what();
        }
        items_.push_back(std::move(item));
    }

    void skip(const char* name, const char* why) {
        items_.push_back({{"check", name}, {"status", "skip"}, {"detail", why}});
    }

    [[nodiscard]] const json& items() const { return items_; }
    [[nodiscard]] const std::string& first_problem() const { return first_problem_; }

private:
    json items_ = json::array();
    std::string first_problem_;  // empty: nothing required has failed
};

std::string check_types(const nibble::gguf::file& file) {
    for (const auto& tensor : file.tensors())
        if (!nibble::is_supported(tensor.type))
            throw nibble::error{nibble::errc::model_wrong_tensor_type, "tensor '" + nibble::escaped(tensor.name) + '\'',
                                "a type that nibble computes with", std::string{nibble::name_of(tensor.type)}};
    return std::to_string(file.tensors().size()) + " tensors";
}

constexpr std::string_view vocabulary_matrices[] = {"token_embd.weight", "output.weight"};

bool is_vocabulary_matrix(const nibble::tensor_view& tensor) {
    return std::find(std::begin(vocabulary_matrices), std::end(vocabulary_matrices), tensor.name) !=
           std::end(vocabulary_matrices);
}

/// Tokens of which a vocabulary matrix has no numbers. The model runs as long as a text has none of them: their logits
/// are never the best.
std::set<std::size_t> damaged_tokens(const nibble::gguf::file& file) {
    std::set<std::size_t> out;
    for (const auto name : vocabulary_matrices)
        if (const auto* tensor = file.find_tensor(name)) {
            const auto rows = nibble::find_bad_rows(*tensor);
            out.insert(rows.begin(), rows.end());
        }
    return out;
}

std::string check_weights(const nibble::gguf::file& file) {
    for (const auto& tensor : file.tensors()) {
        if (!is_vocabulary_matrix(tensor)) nibble::check_finite(file, tensor);
        nibble::check_not_zero(file, tensor);
    }
    return "all scales and floats are finite, no tensor is all zeros";
}

std::string check_token_rows(const nibble::gguf::file& file, const std::set<std::size_t>& damaged) {
    try {
        for (const auto& tensor : file.tensors())
            if (is_vocabulary_matrix(tensor)) nibble::check_finite(file, tensor);
    } catch (const nibble::error& problem) {
        throw std::runtime_error(
            std::string(problem.what()) + ": a text with token " + std::to_string(*damaged.begin()) +
            (damaged.size() == 1 ? "" : " or " + std::to_string(damaged.size() - 1) + " others") + " cannot be read");
    }
    return "all tokens have finite weights";
}

/// Longer than any run of zeros in a good model, but for tokens that were never trained; a page of memory.
constexpr std::size_t hole_bytes = 4096;

std::string check_holes(const nibble::gguf::file& file) {
    for (const auto& tensor : file.tensors()) {
        const auto run = nibble::longest_zero_run(tensor);
        if (run.size >= hole_bytes && !tensor.name.ends_with(".bias") && !is_vocabulary_matrix(tensor))
            throw nibble::error{nibble::errc::model_bad_weights, nibble::detail::tensor_place(file, tensor), "weights",
                                std::to_string(run.size) + " bytes of zeros: was a download cut off?",
                                file.offset_of(tensor) + run.begin};
    }
    return "none in any tensor";
}

std::string check_merges(const nibble::tokenizer& tokenizer) {
    if (const auto n = tokenizer.skipped_merges())
        throw nibble::error{nibble::errc::vocab_bad_merge, "tokenizer.ggml.merges", "pairs of tokens that make a token",
                            std::to_string(n) + " that name none and are never applied"};
    return "all apply";
}

/// Some tokens at once, then one alone: that takes both kinds of kernels through every layer. Damaged tokens are left
/// out, as they have no finite logits.
std::string check_forward_pass(const nibble::model& model, const std::set<std::size_t>& damaged,
                               const options& chosen) {
    const std::size_t n_vocab = model.config().n_vocab;
    nibble::session session{model, {.context = 9, .threads = chosen.threads}};
    std::vector<nibble::token> whole, tokens;
    for (std::size_t id = 0; id < n_vocab; ++id)
        if (!damaged.contains(id)) whole.push_back(static_cast<nibble::token>(id));
    if (whole.empty())
        throw nibble::error{nibble::errc::model_bad_weights, "forward pass", "a token with finite weights", "none"};
    for (std::size_t i = 0; i < session.context(); ++i) tokens.push_back(whole[i * whole.size() / session.context()]);
    const std::span<const nibble::token> last = std::span{tokens}.last(1),
                                         first = std::span{tokens}.first(tokens.size() - 1);
    std::vector<float> logits(first.size() * n_vocab);
    if (!first.empty()) session.prefill(first, logits);
    session.prefill(last);
    logits.insert(logits.end(), session.logits().begin(), session.logits().end());
    for (std::size_t i = 0; i < logits.size(); ++i)
        if (!std::isfinite(logits[i]) && !damaged.contains(i % n_vocab))
            throw nibble::error{nibble::errc::model_bad_weights,
                                "forward pass, position " + std::to_string(i / n_vocab), "finite logits",
                                "an infinity or NaN for token " + std::to_string(i % n_vocab)};
    return std::to_string(tokens.size()) + " tokens, all logits finite";
}

checklist check(const nibble::gguf::file& file, const std::optional<nibble::model>& model, const options& chosen) {
    checklist list;
    list.run("file", [&] {
        const std::size_t n_parts = file.parts().size();
        return std::to_string(file.size()) + " bytes" +
               (n_parts == 1 ? "" : " in " + std::to_string(n_parts) + " parts") + ", readable";
    });
    list.run("container", [&] {
        return "GGUF version " + std::to_string(file.version()) + ", " + std::to_string(file.metadata().size()) +
               " metadata entries, " + std::to_string(file.tensors().size()) + " tensors";
    });
    list.run("size", [&] {
        const auto layout = layout_of(file);
        return layout["after_the_last_tensor"].dump() + " bytes after the last tensor, none missing";
    });
    list.run("types", [&] { return check_types(file); });
    std::optional<nibble::model_config> config;
    list.run("config", [&] {
        config = nibble::read_config(file);
        return "architecture " + std::string{config->family->name} + ", consistent";
    });
    if (config) {
        list.run("tensors", [&] {
            const auto weights = nibble::bind_weights(file, *config);
            return "all of " + std::to_string(config->n_layers) + " layers, output " +
                   (weights.tied ? "tied" : "of its own");
        });
    } else {
        list.skip("tensors", "no configuration");
    }
    const auto damaged = damaged_tokens(file);
    list.run("weights", [&] { return check_weights(file); });
    list.run(
        "token rows", [&] { return check_token_rows(file, damaged); }, false);
    list.run(
        "zeros", [&] { return check_holes(file); }, false);
    if (nibble::has_vocabulary(file)) {
        std::optional<nibble::tokenizer> tokenizer;
        list.run("vocabulary", [&] {
            tokenizer.emplace(nibble::read_vocabulary(file), chosen.load.model_options.tokenizer);
            return std::to_string(tokenizer->n_vocab()) + " tokens";
        });
        if (tokenizer)
            list.run(
                "merges", [&] { return check_merges(*tokenizer); }, false);
    } else {
        list.skip("vocabulary", "none in the file: the model can be fed with ids only");
    }
    if (model) {
        const auto template_state = [&] {
            if (!model->has_chat_template()) return "none in the file";
            (void)model->chat_template();
            return "parses";
        };
        list.run("chat template", template_state, false);  // without it a model continues texts all the same
        list.run("forward pass", [&] { return check_forward_pass(*model, damaged, chosen); });
    } else {
        list.skip("chat template", "no model");
        list.skip("forward pass", "no model");
    }
    return list;
}

// --- the listing

std::string text_of(const json& value) {
    if (!value.is_string()) return value.dump();
    return '\'' + nibble::escaped(value.get<std::string>(), shown_characters) + '\'';
}

std::string name_in(const json& entry, const char* field) { return nibble::escaped(entry[field].get<std::string>()); }

std::string percent(const json& share) {
    char text[16];
    std::snprintf(text, sizeof text, "%6.2f %%", 100 * share.get<double>());
    return text;
}

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.resize(width, ' ');
    return text;
}

std::string right(std::string text, std::size_t width) {
    return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

std::size_t widest(const json& entries, const char* field) {
    std::size_t width = 0;
    for (const auto& entry : entries) width = std::max(width, name_in(entry, field).size());
    return width;
}

void print_heading(std::ostream& out, const std::string& text) { out << '\n' << text << '\n'; }

void print_metadata(std::ostream& out, const json& entries) {
    print_heading(out, "metadata (" + std::to_string(entries.size()) + "): byte of the file, type, key, value");
    const std::size_t width = widest(entries, "key");
    for (const auto& entry : entries) {
        const bool is_array = entry.contains("first");
        std::string type = entry["type"], value;
        if (is_array) {
            type = entry["element_type"].get<std::string>() + '[' + entry["length"].dump() + ']';
            for (const auto& element : entry["first"]) value += (value.empty() ? "" : ", ") + text_of(element);
            if (entry["first"].size() < entry["length"].get<std::size_t>()) value += ", ...";
        } else {
            value = text_of(entry["value"]);
        }
        out << right(entry["offset"].dump(), 12) << "  " << padded(type, 16) << padded(name_in(entry, "key"), width + 2)
            << value << '\n';
    }
}

void print_tensors(std::ostream& out, const json& entries, bool is_split) {
    print_heading(out, "tensors (" + std::to_string(entries.size()) + "): " + (is_split ? "part, " : "") +
                           "byte of the file, bytes, share of the file, type, kernel, name, shape");
    const std::size_t width = widest(entries, "name"), kernel_width = widest(entries, "kernel");
    for (const auto& entry : entries)
        out << (is_split ? right(entry["part"].dump(), 5) : "") << right(entry["offset"].dump(), 12)
            << right(entry["bytes"].dump(), 12) << "  " << percent(entry["share"]) << "  " << padded(entry["type"], 9)
            << padded(entry["kernel"], kernel_width + 2) << padded(name_in(entry, "name"), width + 2)
            << entry["shape"].dump() << '\n';
}

void print_sizes(std::ostream& out, const std::string& heading, const json& sizes) {
    print_heading(out, heading);
    for (const auto& [name, size] : sizes.items()) {
        std::string words = name;
        std::replace(words.begin(), words.end(), '_', ' ');
        out << right(size.dump(), 16) << "  " << words << '\n';
    }
}

void print_report(std::ostream& out, const json& report) {
    const auto& file = report["file"];
    const bool is_split = file["parts"] != 1;
    out << "file " << text_of(file["path"]) << ": " << file["bytes"] << " bytes"
        << (is_split ? " in " + file["parts"].dump() + " parts" : "") << ", GGUF version " << file["version"]
        << ", alignment " << file["alignment"] << '\n';
    print_metadata(out, report["metadata"]);
    print_tensors(out, report["tensors"], is_split);
    print_heading(out, "types: tensors, bytes, share of the file, type, kernel on this CPU (which has " +
                           report["kernels"].get<std::string>() + ')');
    for (const auto& entry : report["types"])
        out << right(entry["tensors"].dump(), 12) << right(entry["bytes"].dump(), 12) << "  " << percent(entry["share"])
            << "  " << padded(entry["type"], 9) << entry["kernel"].get<std::string>() << '\n';
    print_sizes(out, "where the bytes of the file are", report["layout"]);
    if (report.contains("config")) {
        print_heading(out, "configuration: field, value, where from");
        const std::size_t fields = widest(report["config"], "field"), values = widest(report["config"], "value");
        for (const auto& entry : report["config"])
            out << "  " << padded(name_in(entry, "field"), fields + 2) << padded(name_in(entry, "value"), values + 2)
                << name_in(entry, "from") << '\n';
    }
    if (report.contains("memory"))
        print_sizes(out, "memory of a session with a context of " + report["context"].dump() + ", in bytes",
                    report["memory"]);
    if (!report["problem"].is_null())
        out << "\nnibble would not run it: " << report["problem"].get<std::string>() << '\n';
}

void print_checklist(std::ostream& out, const json& items) {
    for (const auto& item : items)
        out << padded(item["status"], 6) << padded(item["check"], 15) << item["detail"].get<std::string>() << '\n';
}

// --- the program

/// Returns the exit code.
int inspect(const options& chosen) {
    auto file = nibble::gguf::file::open(chosen.load.model);
    const auto& kernels = nibble::best_kernels(nibble::detect_cpu());
    json report{{"file",
                 {{"path", chosen.load.model},
                  {"bytes", file.size()},
                  {"parts", file.parts().size()},
                  {"version", file.version()},
                  {"alignment", file.alignment()}}},
                {"metadata", metadata_of(file)},
                {"tensors", tensors_of(file, kernels)},
                {"types", types_of(file, kernels)},
                {"layout", layout_of(file)},
                {"kernels", kernels.name},
                {"problem", nullptr}};
    std::optional<nibble::model> model;
    try {
        report["config"] = config_of(nibble::read_config(file));
        model.emplace(load_model(chosen.load, chosen.context));
        report["config"] = config_of(model->config());
    } catch (const nibble::error& problem) {
        report["problem"] = problem.what();
    }
    if (model) {
        report["context"] = std::min(chosen.context, model->config().n_ctx_train);
        report["memory"] = memory_of(*model, chosen);
    }

    std::string problem;
    if (chosen.check) {
        const auto list = check(file, model, chosen);
        report["check"] = list.items();
        problem = list.first_problem();
    }
    if (chosen.as_json) {
        std::cout << report.dump(2, ' ', false, json::error_handler_t::replace) << '\n';
    } else if (chosen.check) {
        print_checklist(std::cout, report["check"]);
    } else {
        print_report(std::cout, report);
    }
    if (problem.empty()) return 0;
    std::cerr << "error: nibble would not run '" << nibble::escaped(chosen.load.model) << "': " << problem << '\n';
    return 1;
}

int run(int argc, char** argv) {
    options chosen;
    CLI::App app{"Shows what is in a GGUF file and what nibble makes of it: metadata, tensors, sizes, the model's\n"
                 "configuration with the source of every value, the kernels that serve it on this CPU, and the memory\n"
                 "that a session takes. Files with models that nibble does not know are listed too."};
    app.add_option("-m,--model,model", chosen.load.model, "GGUF file; the option's name may be left out")
        ->required()
        ->type_name("FILE");
    app.add_flag("--json", chosen.as_json, "print JSON; long arrays are cut to their first elements");
    app.add_flag("--check", chosen.check,
                 "go through a checklist: all weights, some tokens; the exit code is the verdict");
    app.add_option("-c,--context,--ctx-size", chosen.context, "tokens of context that memory is planned for")
        ->check(CLI::Range(1, 0x7fffffff))
        ->capture_default_str();
    declare_threads(app, chosen.threads);
    declare_load(app, chosen.load);
    app.footer("Exit code: 0, or with --check 0 if nibble would run the file; 1 after an error, or if it would not.\n");
    if (asks_for_help(app, argc, argv)) return 0;
    return inspect(chosen);
}

}  // namespace

int main(int argc, char** argv) { return run_guarded(run, argc, argv); }
