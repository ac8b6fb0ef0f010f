// SPDX-License-Identifier: Apache-2.0
// Sessions as files in memory, whole and with one thing changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/generate/session.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/gguf/writer.hpp>

namespace nibble::test {

/// Of a session, or of a reply with its session.
template <class SessionOrReply>
std::vector<std::byte> saved(const SessionOrReply& s) {
    std::vector<std::byte> out;
    s.save([&](std::span<const std::byte> piece) { out.insert(out.end(), piece.begin(), piece.end()); });
    return out;
}

inline session restored(const model& m, std::span<const std::byte> file, const session_options& options) {
    return session::restore(m, nibble::gguf::file::parse(file), options);
}

/// A GGUF file as a session is saved, with one thing changed.
class edited {
public:
    explicit edited(std::span<const std::byte> file) : file_(nibble::gguf::file::parse(file)) {}

    /// Without the key, with what `add` makes of a writer in its place.
    template <class Add>
    [[nodiscard]] std::vector<std::byte> with(std::string_view key, const Add& add) const {
        nibble::gguf::writer out;
        for (const auto& entry : file_.metadata()) {
            if (entry.key == key) continue;
            if (const auto text = entry.val.as_string())
                out.add(entry.key, *text);
            else if (entry.val.type() == nibble::gguf::value_type::f32)
                out.add(entry.key, static_cast<float>(*entry.val.as_double()));
            else if (entry.val.is_array_of(nibble::gguf::value_type::i32))
                out.add_array(entry.key, numbers<std::int32_t>(entry.val));
            else if (entry.val.is_array_of(nibble::gguf::value_type::u64))
                out.add_array(entry.key, numbers<std::uint64_t>(entry.val));
            else
                out.add(entry.key, *entry.val.as_unsigned());
        }
        add(out);
        for (const auto& tensor : file_.tensors()) {
            if (tensor.name == key) continue;
            out.add_tensor({std::string{tensor.name},
                            {tensor.dims.begin(), tensor.dims.begin() + tensor.n_dims},
                            tensor.type,
                            {tensor.bytes.begin(), tensor.bytes.end()}});
        }
        return out.bytes();
    }

private:
    template <class T>
    static std::vector<T> numbers(const nibble::gguf::value& of) {
        return {of.numbers<T>().begin(), of.numbers<T>().end()};
    }
    nibble::gguf::file file_;
};

}  // namespace nibble::test
