// SPDX-License-Identifier: Apache-2.0
// What is in a GGUF file, what nibble makes of it, and whether nibble would run it.
//
//     inspect FILE [--json] [--check] [--context N] [--threads N]
//
// The listing needs nothing but gguf::file, so it also shows files whose model nibble does not know.
#include <algorithm>
#include <iostream>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include <nibble/core/cpu.hpp>
#include <nibble/generate/session.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/kernels/best.hpp>
#include <nibble/model/model.hpp>

#include "../program.hpp"
#include "../session_limits.hpp"
#include "checklist.hpp"
#include "family_row.hpp"
#include "listing.hpp"
#include "options.hpp"
#include "report.hpp"

namespace {

/// Returns the exit code.
int inspect(const inspect_options& chosen) {
    auto file = nibble::gguf::file::open(nibble::path_of(chosen.load.model));
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
        report["family_row"] = family_row_of(*model);
        report["parameters"] = parameters_of(*model);
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
        if (model) print_row(std::cout, report["family_row"]);
    } else {
        print_report(std::cout, report);
    }
    if (problem.empty()) return 0;
    std::cerr << "error: nibble would not run '" << nibble::escaped(chosen.load.model) << "': " << problem << '\n';
    return 1;
}

int run(int argc, char** argv) {
    inspect_options chosen;
    CLI::App app{"Shows what is in a GGUF file and what nibble makes of it: metadata, tensors, sizes, the model's\n"
                 "configuration with the source of every value, its family and parameters, the kernels that serve it\n"
                 "on this CPU, and the memory that a session takes. Files with models that nibble does not know are "
                 "listed too."};
    app.add_option("-m,--model,model", chosen.load.model, "GGUF file; the option's name may be left out")
        ->required()
        ->type_name("FILE");
    app.add_flag("--json", chosen.as_json, "print JSON; long arrays are cut to their first elements");
    app.add_flag("--check", chosen.check,
                 "go through a checklist: all weights, some tokens; then the model's row of the table in\n"
                 "docs/models.md; the exit code is the verdict");
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
