// SPDX-License-Identifier: Apache-2.0
// A game of 60 frames a second in which somebody talks: game_loop MODEL.gguf [QUESTION]
// The frames never wait for the model: it has a thread of its own, and what it says is heard when it has been said.
#include "companion.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <string>
#include <thread>

namespace {

using seconds = std::chrono::duration<double>;
using clock_type = std::chrono::steady_clock;

constexpr seconds frame_time{1.0 / 60};

/// What a game has to do in a frame, in miniature.
struct world {
    std::array<double, 20'000> positions{};
    double time = 0;

    void step() {
        time += frame_time.count();
        for (std::size_t i = 0; i < positions.size(); ++i) positions[i] += std::sin(time + static_cast<double>(i));
    }
};

struct frame_times {
    std::size_t n = 0;
    seconds worst{}, sum{};

    void add(seconds frame) {
        ++n;
        worst = std::max(worst, frame);
        sum += frame;
    }
    void print(const char* when) const {
        if (n > 0)
            std::printf("%s: %zu frames, %.2f ms each, the worst %.2f ms\n", when, n,
                        1e3 * sum.count() / static_cast<double>(n), 1e3 * worst.count());
    }
};

void play(const char* model_path, const std::string& question) {
    constexpr std::size_t asked_in = 30;  // the frame in which the player speaks
    const auto model = nibble::model::load(model_path);
    companion lion{model};
    world world;
    frame_times quiet, talking;
    bool asked = false;
    for (auto next = clock_type::now(); !asked || lion.is_talking();) {
        const auto began = clock_type::now();
        if (!asked && quiet.n >= asked_in) asked = lion.ask(question);
        world.step();
        std::cout << lion.hear() << std::flush;  // the game's speech bubble
        (lion.is_talking() ? talking : quiet).add(clock_type::now() - began);

        next += std::chrono::duration_cast<clock_type::duration>(frame_time);
        std::this_thread::sleep_until(next);
    }
    std::cout << lion.hear() << std::endl;
    quiet.print("quiet");
    talking.print("talking");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::cerr << "usage: game_loop MODEL.gguf [QUESTION]\n";
        return 2;
    }
    try {
        play(argv[1], argc > 2 ? argv[2] : "Tell me a story about a lion.");
    } catch (const nibble::error& problem) {
        std::cerr << "error: " << problem.what() << '\n';
        return 1;
    }
}
