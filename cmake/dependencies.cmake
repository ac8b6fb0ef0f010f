# SPDX-License-Identifier: Apache-2.0
# What nibble is built from: the system's package where there is one, else a pinned release.
include(FetchContent)

find_package(Threads REQUIRED GLOBAL)

# nibble_dependency(PACKAGE TARGET REPOSITORY TAG): defines TARGET from the package, else from its sources.
# No version is passed to find_package: the version files of these packages refuse newer majors, which work.
macro(nibble_dependency package target repository tag)
    if(NOT TARGET ${target})
        find_package(${package} CONFIG QUIET GLOBAL)
    endif()
    if(NOT TARGET ${target})
        message(STATUS "nibble: no ${package} on this system, fetching ${tag}")
        FetchContent_Declare(${package} GIT_REPOSITORY https://github.com/${repository}.git GIT_TAG ${tag}
                             GIT_SHALLOW ON SYSTEM)
        FetchContent_MakeAvailable(${package})
    endif()
endmacro()

nibble_dependency(xsimd xsimd xtensor-stack/xsimd 8.1.0)
