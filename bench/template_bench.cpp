// SPDX-License-Identifier: Apache-2.0
// Chat templates: microseconds to parse one and to render a conversation. The templates are read from
// ../shared/templates where that is present, else a small one is measured in their place.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <nibble/chat/template.hpp>

namespace {

using namespace nibble;

/// In the form of the templates of thinking models: a header, a loop over messages, tools as JSON.
constexpr std::string_view small_template = R"({%- for m in messages %}
{%- set content = m.content if m.content is string else '' %}
{%- if m.role == 'assistant' and '</think>' in content %}{% set content = content.split('</think>')[-1].lstrip('\n') %}{% endif %}
{{- '<|im_start|>' + m.role + '\n' + content | trim + '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %})";

std::string source_of(const char* name) {
    std::ifstream in(std::filesystem::path(__FILE__).parent_path() / "../../shared/templates" / name, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    return text.empty() ? std::string(small_template) : text;
}

std::vector<message> conversation(std::int64_t n_messages) {
    std::vector<message> messages{{role::system, "You are a helpful assistant."}};
    while (static_cast<std::int64_t>(messages.size()) < n_messages)
        messages.push_back({messages.size() % 2 == 1 ? role::user : role::assistant,
                            "What is the weather in Paris today, and should I take an umbrella?"});
    return messages;
}

void parse(benchmark::State& state, const char* name) {
    const std::string source = source_of(name);
    for (auto _ : state) benchmark::DoNotOptimize(chat_template(source));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(source.size()));
}
void render(benchmark::State& state, const char* name) {
    const chat_template t(source_of(name));
    const auto messages = conversation(state.range(0));
    std::size_t bytes = 0;
    for (auto _ : state) {
        const std::string text = t.render(messages);
        bytes = text.size();
        benchmark::DoNotOptimize(text.data());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

BENCHMARK_CAPTURE(parse, smollm3, "smollm3.jinja")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(render, smollm3, "smollm3.jinja")->Arg(2)->Arg(20)->Arg(200)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(parse, qwen3, "qwen3.jinja")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(render, qwen3, "qwen3.jinja")->Arg(2)->Arg(20)->Arg(200)->Unit(benchmark::kMicrosecond);

}  // namespace
