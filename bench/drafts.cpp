// SPDX-License-Identifier: Apache-2.0
// bench-drafts: three kinds of work with real text, with drafts and without, in turn: an edit of a given text, JSON by
// a schema, free prose.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <nibble/generate/draft_model.hpp>
#include <nibble/generate/structure.hpp>
#include <nibble/grammar/json_schema.hpp>
#include <nibble/nibble.hpp>

#include "../examples/load_options.hpp"
#include "../examples/program.hpp"
#include "support/isa.hpp"

namespace {

using namespace nibble;

struct options {
    load_options load;
    std::string draft_model, isa = "auto";
    session_options session;
    bool no_lookup = false, cpu_time = false;
    std::size_t most = draft_options{}.most, n_generate = 200, repeats = 5;
    float temperature = 0;
};

const std::string program = R"(```python
def average(values):
    count = 0
    result = 0.0
    for value in values:
        result += value
        count += 1
    if count == 0:
        return None
    return result / count

def print_report(names, values):
    for name, value in zip(names, values):
        print(name, value)
    print("average:", average(values))

def read_values(path):
    values = []
    with open(path) as file:
        for line in file:
            values.append(float(line))
    return values
```)";

const std::string passport =
    R"({"type": "object", "properties": {"name": {"type": "string", "maxLength": 30}, "born": {"type": "string",
        "format": "date"}, "country": {"enum": ["Austria", "Chile", "Japan", "Kenya"]}, "languages": {"type": "array",
        "items": {"type": "string", "maxLength": 12}, "minItems": 2, "maxItems": 4}, "address": {"type": "object",
        "properties": {"street": {"type": "string", "maxLength": 30}, "number": {"type": "integer"}, "city":
        {"type": "string", "maxLength": 20}}, "required": ["street", "number", "city"]}}, "required": ["name", "born",
        "country", "languages", "address"]})";

struct work {
    const char* name;
    std::string request;
    std::optional<grammar> structure = {};
};

double seconds_now(bool cpu_time) {
    if (cpu_time) return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

class drafts_bench {
public:
    explicit drafts_bench(const options& o)
        : options_(o),
          model_(load_model(o.load)),
          session_(model_, o.session),
          trie_(std::make_shared<const token_trie>(model_.tokenizer())) {
        if (!o.draft_model.empty()) by_.emplace(model::load(o.draft_model), model_, o.session);
    }

    void run(const work& each) {
        std::vector<double> without, with, ratios;
        generation_stats stats;
        for (std::size_t i = 0; i < options_.repeats; ++i) {
            std::string plain, drafted;
            without.push_back(seconds(each, {}, plain, stats));
            with.push_back(
                seconds(each, {.lookup = !options_.no_lookup, .model = by_ ? &*by_ : nullptr, .most = options_.most},
                        drafted, stats));
            if (plain != drafted) throw std::runtime_error("drafts have changed the text");
            ratios.push_back(without.back() / with.back());
        }
        const auto n = static_cast<double>(stats.generated_tokens);
        std::printf("| %s | %zu | %.1f | %.1f | %.2f | %zu of %zu |\n", each.name, stats.generated_tokens,
                    n / median(without), n / median(with), median(ratios), stats.accepted_tokens, stats.drafted_tokens);
        std::fflush(stdout);
    }

private:
    double seconds(const work& each, const draft_options& drafts, std::string& out, generation_stats& stats) {
        std::optional<grammar_constraint> constraint;
        generation_options with{.temperature = options_.temperature, .seed = 1, .max_tokens = options_.n_generate};
        with.draft = drafts;
        if (each.structure) with.constraint = &constraint.emplace(*each.structure, trie_);
        auto reply = session_.chat({{role::user, each.request}}, with);
        const double started = seconds_now(options_.cpu_time);
        out = reply.finish();
        stats = reply.stats();
        return seconds_now(options_.cpu_time) - started;
    }

    const options& options_;
    model model_;
    session session_;
    std::shared_ptr<const token_trie> trie_;
    std::optional<class draft_model> by_;
};

int run(int argc, char** argv) {
    CLI::App app{"Three kinds of work with drafts and without, in turn: tokens per second, medians."};
    options o;
    app.add_option("model", o.load.model, "GGUF file of a chat model")->required();
    app.add_option("--model-draft", o.draft_model, "GGUF file of a small model that guesses where look-up does not");
    app.add_flag("--no-lookup", o.no_lookup, "guess nothing from the text itself");
    app.add_option("--draft-max", o.most, "most guesses at a time")->capture_default_str();
    app.add_option("-t,--threads", o.session.threads, "threads; 0: all that there are")->capture_default_str();
    app.add_option("-n,--n-gen", o.n_generate, "most tokens of a reply")->capture_default_str();
    app.add_option("-r,--repetitions", o.repeats, "rounds")->check(CLI::PositiveNumber)->capture_default_str();
    app.add_option("--temp", o.temperature, "temperature")->capture_default_str();
    app.add_flag("--cpu-time", o.cpu_time, "measure the processor's time, for machines that others use, with -t 1");
    bench::declare_isa(app, o.isa);
    declare_load(app, o.load);
    if (asks_for_help(app, argc, argv)) return 0;

    o.session.cpu = bench::features(o.isa);
    drafts_bench b{o};
    std::printf("| work | tokens | t/s without | with | ratio | guesses that came true |\n"
                "| --- | ---: | ---: | ---: | ---: | ---: |\n");
    b.run({"edit", "Rename the variable `count` to `total` in this program and write it again in full:\n\n" + program});
    b.run({"JSON", "Write a passport of an invented person as JSON.", grammar_from_json_schema(json::parse(passport))});
    b.run({"prose", "Write a story about a girl who finds an old map in her grandmother's house."});
    return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_guarded(run, argc, argv); }
