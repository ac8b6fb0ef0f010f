# SPDX-License-Identifier: Apache-2.0
# What nibble is built from: the system's package where there is one, else a pinned release.
include(FetchContent)

find_package(Threads REQUIRED GLOBAL)

# nibble_dependency(PACKAGE TARGET DEBIAN REPOSITORY TAG): defines TARGET from the package, else from its sources.
# No version is passed to find_package: the version files of these packages refuse newer majors, which work.
macro(nibble_dependency package target debian repository tag)
    if(NOT TARGET ${target})
        find_package(${package} CONFIG QUIET GLOBAL)
    endif()
    if(NOT TARGET ${target})
        message(NOTICE "nibble: no ${package} on this system (Debian: apt install ${debian}), fetching ${tag}")
        nibble_check_source(${package} ${debian} https://github.com/${repository}.git ${tag})
        FetchContent_Declare(${package} GIT_REPOSITORY https://github.com/${repository}.git GIT_TAG ${tag}
                             GIT_SHALLOW ON SYSTEM)
        FetchContent_MakeAvailable(${package})
    endif()
endmacro()

# Stops where the sources are neither here nor to be had: FetchContent tries three times and then prints thirty lines of
# its own, none of which says what to install.
function(nibble_check_source package debian url tag)
    string(TOUPPER ${package} upper)
    string(TOLOWER ${package} lower)
    if(FETCHCONTENT_SOURCE_DIR_${upper} OR EXISTS ${FETCHCONTENT_BASE_DIR}/${lower}-src)
        return()
    endif()
    execute_process(COMMAND git ls-remote --exit-code ${url} refs/tags/${tag} TIMEOUT 60
                    RESULT_VARIABLE failed ERROR_VARIABLE reason OUTPUT_QUIET)
    if(failed)
        string(STRIP "${reason}" reason)
        message(FATAL_ERROR "nibble needs ${package}: apt install ${debian}, or git and a connection to ${url}\n${reason}")
    endif()
endfunction()

nibble_dependency(xsimd xsimd libxsimd-dev xtensor-stack/xsimd 8.1.0)
