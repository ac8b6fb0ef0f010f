// SPDX-License-Identifier: Apache-2.0
// The report for people: in columns, with the texts escaped.
#pragma once

#include <algorithm>
#include <cstdio>
#include <ostream>
#include <string>
#include <utility>

#include "report.hpp"

inline constexpr std::size_t shown_characters = 72;  // of a text

inline std::string text_of(const json& value) {
    if (!value.is_string()) return value.dump();
    return '\'' + nibble::escaped(value.get<std::string>(), shown_characters) + '\'';
}

inline std::string name_in(const json& entry, const char* field) {
    return nibble::escaped(entry[field].get<std::string>());
}

inline std::string percent(const json& share) {
    char text[16];
    std::snprintf(text, sizeof text, "%6.2f %%", 100 * share.get<double>());
    return text;
}

inline std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.resize(width, ' ');
    return text;
}

inline std::string right(std::string text, std::size_t width) {
    return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

inline std::size_t widest(const json& entries, const char* field) {
    std::size_t width = 0;
    for (const auto& entry : entries) width = std::max(width, name_in(entry, field).size());
    return width;
}

inline void print_heading(std::ostream& out, const std::string& text) { out << '\n' << text << '\n'; }

inline void print_metadata(std::ostream& out, const json& entries) {
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

inline void print_tensors(std::ostream& out, const json& entries, bool is_split) {
    print_heading(out, "tensors (" + std::to_string(entries.size()) + "): " + (is_split ? "part, " : "") +
                           "byte of the file, bytes, share of the file, type, kernel, name, shape");
    const std::size_t width = widest(entries, "name"), kernel_width = widest(entries, "kernel");
    for (const auto& entry : entries)
        out << (is_split ? right(entry["part"].dump(), 5) : "") << right(entry["offset"].dump(), 12)
            << right(entry["bytes"].dump(), 12) << "  " << percent(entry["share"]) << "  " << padded(entry["type"], 9)
            << padded(entry["kernel"], kernel_width + 2) << padded(name_in(entry, "name"), width + 2)
            << entry["shape"].dump() << '\n';
}

inline void print_sizes(std::ostream& out, const std::string& heading, const json& sizes) {
    print_heading(out, heading);
    for (const auto& [name, size] : sizes.items()) {
        std::string words = name;
        std::replace(words.begin(), words.end(), '_', ' ');
        out << right(size.dump(), 16) << "  " << words << '\n';
    }
}

inline void print_report(std::ostream& out, const json& report) {
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
    if (report.contains("family_row")) {
        print_heading(out, "layers: column of the table in docs/models.md, what this model has");
        for (const auto& [column, text] : report["family_row"].items())
            out << "  " << padded(column, 18) << text.get<std::string>() << '\n';
        print_sizes(out, "parameters", report["parameters"]);
    }
    if (report.contains("memory"))
        print_sizes(out, "memory of a session with a context of " + report["context"].dump() + ", in bytes",
                    report["memory"]);
    if (!report["problem"].is_null())
        out << "\nnibble would not run it: " << report["problem"].get<std::string>() << '\n';
}

inline void print_checklist(std::ostream& out, const json& items) {
    for (const auto& item : items)
        out << padded(item["status"], 6) << padded(item["check"], 15) << item["detail"].get<std::string>() << '\n';
}

/// As a row of the table in docs/models.md, without its names of models.
inline void print_row(std::ostream& out, const json& row) {
    std::string names = "\n|", texts = "\n|";
    for (const auto& [column, value] : row.items()) {
        const auto text = value.get<std::string>();
        names += ' ' + column + " |";
        texts += (column == "family" ? " `" + text + '`' : text.empty() ? text : ' ' + text) + " |";
    }
    out << names << texts << '\n';
}
