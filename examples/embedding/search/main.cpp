// SPDX-License-Identifier: Apache-2.0
// Finds the paragraphs of a folder of texts that are nearest in meaning to a question:
// search MODEL.gguf FOLDER QUESTION [MOST]
#include "index.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

/// The texts of a folder and of those in it, in the order of their names.
std::vector<fs::path> texts_in(const fs::path& folder) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::recursive_directory_iterator{folder})
        if (entry.is_regular_file() && (entry.path().extension() == ".txt" || entry.path().extension() == ".md"))
            paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    return paths;
}

/// Adds the paragraphs of a text, which blank lines part.
void add_paragraphs(const fs::path& path, semantic_index& index) {
    std::ifstream in{path, std::ios::binary};
    if (!in) throw std::runtime_error{path.string() + ": cannot be read"};
    std::string paragraph;
    const auto add = [&] {
        if (!paragraph.empty()) index.add({path.string(), paragraph});
        paragraph.clear();
    };
    for (std::string line; std::getline(in, line);) {
        if (line.ends_with('\r')) line.pop_back();
        if (line.empty()) {
            add();
        } else {
            paragraph += (paragraph.empty() ? "" : " ") + line;
        }
    }
    add();
}

void search(const char* model_path, const char* folder, const char* question, std::size_t most) {
    const auto model = nibble::model::load(model_path);
    semantic_index index{model};
    for (const auto& path : texts_in(folder)) add_paragraphs(path, index);
    std::cout << index.size() << " paragraphs\n";
    for (const auto& [found, similarity] : index.find(question, most)) {
        char number[16];
        std::snprintf(number, sizeof number, "%6.3f", similarity);
        std::cout << number << "  " << found->source << ": " << found->text << '\n';
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) {
        std::cerr << "usage: search MODEL.gguf FOLDER QUESTION [MOST]\n";
        return 2;
    }
    try {
        search(argv[1], argv[2], argv[3], argc > 4 ? std::stoul(argv[4]) : 5);
    } catch (const std::exception& problem) {
        std::cerr << "error: " << problem.what() << '\n';
        return 1;
    }
}
