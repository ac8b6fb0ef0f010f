// SPDX-License-Identifier: Apache-2.0
// Definitions of gguf/shards.hpp: which parts there are, and one directory out of theirs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/mapped_file.hpp>
#include <nibble/core/path_text.hpp>
#include <nibble/gguf/directory.hpp>
#include <nibble/gguf/limits.hpp>
#include <nibble/gguf/parse.hpp>
#include <nibble/gguf/shards.hpp>
#include <nibble/gguf/value.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace gguf {

namespace detail {

/// The number that a key states, if the key is there.
[[nodiscard]] inline std::optional<std::uint64_t> stated_count(const directory& contents, std::string_view key) {
    const value* stored = contents.find(key);
    if (!stored) return {};
    if (const auto number = stored->as_unsigned()) return number;
    throw error{errc::model_wrong_type, "key '" + std::string{key} + "'", "an integer from 0",
                std::string{stored->as_signed() ? "a negative one" : name_of(stored->type())}};
}

[[nodiscard]] inline std::string numbered(const split_info& split) {
    return "part " + std::to_string(split.number + 1) + " of " + std::to_string(split.count);
}

/// How the name of a part ends: "-00002-of-00003.gguf".
[[nodiscard]] inline std::string name_ending(const split_info& split) {
    const auto digits = [](std::uint64_t number) {
        const std::string text = std::to_string(number);
        return std::string(5 - std::min<std::size_t>(text.size(), 5), '0') + text;
    };
    return '-' + digits(split.number + 1) + "-of-" + digits(split.count) + ".gguf";
}

/// Keys that speak of one file and not of the model.
[[nodiscard]] inline bool is_of_one_part(std::string_view key) noexcept {
    return key == "split.no" || key == "general.alignment";
}

/// The same number, in whichever type of integer; else the same type and bytes.
[[nodiscard]] inline bool equal(const value& a, const value& b) noexcept {
    if (const auto number = a.as_signed()) return b.as_signed() == number;
    return a.type() == b.type() && a.element_type() == b.element_type() && a.array_size() == b.array_size() &&
           std::equal(a.bytes().begin(), a.bytes().end(), b.bytes().begin(), b.bytes().end());
}

/// The keys of all parts, each once.
inline void join_metadata(const std::vector<part>& parts, const limits& bounds, directory& whole) {
    std::vector<key_value> all = whole.metadata;
    std::vector<const part*> from(all.size(), &parts.front());
    for (auto later = parts.begin() + 1; later != parts.end(); ++later)
        for (const key_value& entry : later->contents.metadata)
            if (!is_of_one_part(entry.key)) {
                all.push_back(entry);
                from.push_back(&*later);
            }
    const auto key_in = [](const std::vector<key_value>& list) {
        return [&list](std::size_t i) { return list[i].key; };
    };
    const name_index index{all.size(), key_in(all)};
    whole.metadata.clear();
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::size_t first = *index.find(all[i].key, key_in(all));
        if (first == i) {
            whole.metadata.push_back(all[i]);
        } else if (!equal(all[first].val, all[i].val)) {
            throw error{errc::gguf_layout, from[i]->place + ": key '" + escaped(all[i].key) + "'",
                        "the value that it has in " + from[first]->place + ", a part of the same model", "another",
                        all[i].offset};
        }
    }
    if (whole.metadata.size() > bounds.metadata_entries)
        throw error{errc::gguf_count_too_large, "metadata of all parts",
                    "at most " + std::to_string(bounds.metadata_entries) + " entries",
                    std::to_string(whole.metadata.size())};
    whole.keys = name_index{whole.metadata.size(), key_in(whole.metadata)};
}

/// The tensors of all parts; no name is in two of them, and there are as many as the parts say.
inline void join_tensors(const std::vector<part>& parts, const limits& bounds, directory& whole) {
    std::vector<const part*> from(whole.tensors.size(), &parts.front());
    for (auto later = parts.begin() + 1; later != parts.end(); ++later) {
        whole.tensors.insert(whole.tensors.end(), later->contents.tensors.begin(), later->contents.tensors.end());
        from.resize(whole.tensors.size(), &*later);
    }
    if (whole.tensors.size() > bounds.tensors)
        throw error{errc::gguf_count_too_large, "tensors of all parts", "at most " + std::to_string(bounds.tensors),
                    std::to_string(whole.tensors.size())};
    const auto name_of = [&](std::size_t i) { return whole.tensors[i].name; };
    whole.names = name_index{whole.tensors.size(), name_of};
    if (const auto twice = whole.names.first_duplicate(name_of))
        throw error{errc::gguf_duplicate_tensor, "tensor '" + escaped(name_of(twice->second)) + "'", "one entry",
                    "one in " + from[twice->first]->place + " and one in " + from[twice->second]->place};
    if (const auto stated = stated_count(whole, "split.tensors.count"); stated && *stated != whole.tensors.size())
        throw error{errc::gguf_layout, "key 'split.tensors.count'",
                    std::to_string(whole.tensors.size()) + ", the tensors of all parts", std::to_string(*stated)};
}

}  // namespace detail

NIBBLE_FUNCTION split_info read_split(const directory& contents, const limits& bounds) {
    const std::uint64_t count = detail::stated_count(contents, "split.count").value_or(1);
    if (count <= 1) return {};
    if (count > bounds.parts)
        throw error{errc::limit_exceeded, "key 'split.count'", "at most " + std::to_string(bounds.parts) + " parts",
                    std::to_string(count)};
    const auto number = detail::stated_count(contents, "split.no");
    if (!number) throw error{errc::model_missing_key, "key 'split.no'", "the number of the part", "nothing"};
    if (*number >= count)
        throw error{errc::gguf_layout, "key 'split.no'", "less than split.count " + std::to_string(count),
                    std::to_string(*number)};
    return {*number, count};
}

namespace detail {

inline void read_part(part& of, std::span<const std::byte> bytes, const limits& bounds) {
    within(of.place, [&] {
        of.contents = parse_directory(bytes, bounds);
        of.split = read_split(of.contents, bounds);
    });
}

[[nodiscard]] inline part open_part(mapped_file mapping, std::string place, const limits& bounds) {
    part opened{.mapping = std::move(mapping), .place = std::move(place), .contents = {}, .split = {}};
    read_part(opened, opened.mapping.bytes(), bounds);
    return opened;
}

[[nodiscard]] inline part open_part(const std::filesystem::path& path, const limits& bounds, file_access access) {
    return open_part(mapped_file::open(path, access), file_place(path), bounds);
}

}  // namespace detail

NIBBLE_FUNCTION std::vector<part> only_part(mapped_file mapping, std::string place, const limits& bounds) {
    std::vector<part> parts;
    parts.push_back(detail::open_part(std::move(mapping), std::move(place), bounds));
    const part& only = parts.front();
    if (only.split.count != 1)
        throw error{errc::gguf_layout, only.place, "a whole model: parts are opened by their paths",
                    detail::numbered(only.split)};
    return parts;
}

NIBBLE_FUNCTION std::vector<part> in_order(std::vector<part> given) {
    if (given.empty()) throw error{errc::bad_option, "parts of a model", "at least one", "none"};
    std::vector<part> parts(static_cast<std::size_t>(given.front().split.count));
    for (part& each : given) {
        const split_info split = each.split;
        if (split.count != parts.size())
            throw error{errc::gguf_layout, each.place, "one of " + std::to_string(parts.size()) + " parts",
                        detail::numbered(split)};
        part& here = parts[static_cast<std::size_t>(split.number)];
        if (!here.place.empty())
            throw error{errc::gguf_layout, each.place, "each part once",
                        detail::numbered(split) + ", as " + here.place};
        here = std::move(each);
    }
    for (std::size_t i = 0; i < parts.size(); ++i)
        if (parts[i].place.empty())
            throw error{errc::gguf_layout, detail::numbered({i, parts.size()}), "among those given", "none"};
    return parts;
}

NIBBLE_FUNCTION std::vector<part> open_parts(array_view<std::filesystem::path> paths, const limits& bounds,
                                             file_access access) {
    std::vector<part> given;
    for (const auto& path : paths) given.push_back(detail::open_part(path, bounds, access));
    return in_order(std::move(given));
}

NIBBLE_FUNCTION std::vector<part> parse_parts(array_view<std::span<const std::byte>> buffers, const limits& bounds) {
    std::vector<part> given;
    for (const auto& bytes : buffers) {
        part& each = given.emplace_back();
        each.place = "buffer " + std::to_string(given.size());
        detail::read_part(each, bytes, bounds);
    }
    return in_order(std::move(given));
}

NIBBLE_FUNCTION std::vector<part> open_parts(const std::filesystem::path& path, const limits& bounds,
                                             file_access access) {
    std::vector<part> parts;
    part named = detail::open_part(path, bounds, access);
    const split_info split = named.split;
    if (split.count == 1) {
        parts.push_back(std::move(named));
        return parts;
    }
    const std::string name = path_text(path.filename()), ending = detail::name_ending(split);
    if (!name.ends_with(ending))
        throw error{errc::gguf_layout, named.place,
                    "a name that ends in '" + ending + "', by which the other parts are found",
                    detail::numbered(split) + " under another name"};
    const std::string prefix = name.substr(0, name.size() - ending.size());
    for (split_info next{0, split.count}; next.number < next.count; ++next.number)
        parts.push_back(detail::within(detail::numbered(next), [&] {
            if (next.number == split.number) return std::move(named);
            part opened =
                detail::open_part(path.parent_path() / path_of(prefix + detail::name_ending(next)), bounds, access);
            if (opened.split != next)
                throw error{errc::gguf_layout, opened.place, detail::numbered(next), detail::numbered(opened.split)};
            return opened;
        }));
    return parts;
}

NIBBLE_FUNCTION directory join(const std::vector<part>& parts, const limits& bounds) {
    directory whole = parts.front().contents;
    if (parts.size() == 1) return whole;
    detail::join_metadata(parts, bounds, whole);
    detail::join_tensors(parts, bounds, whole);
    return whole;
}

}  // namespace gguf
NIBBLE_NAMESPACE_END
