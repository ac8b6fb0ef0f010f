# SPDX-License-Identifier: Apache-2.0
# Files that the pages name between ` and `, with a folder before them, are there: from the top of the project, from
# include/nibble, or from the page's own folder.
#
#   cmake -D SOURCE_DIR=. -P cmake/check_paths.cmake
cmake_minimum_required(VERSION 3.25)

file(GLOB pages ${SOURCE_DIR}/README.md ${SOURCE_DIR}/docs/*.md ${SOURCE_DIR}/bench/README.md)
set(count 0)
foreach(page IN LISTS pages)
    file(READ ${page} text)
    get_filename_component(folder ${page} DIRECTORY)
    string(REGEX MATCHALL "`[a-z_0-9]+/[a-z_0-9/]+\\.(hpp|cpp|h|c|py|sh|cmake)`" names "${text}")
    foreach(name IN LISTS names)
        string(REPLACE "`" "" name "${name}")
        math(EXPR count "${count} + 1")
        if(name MATCHES "^build/" OR EXISTS ${SOURCE_DIR}/${name} OR EXISTS ${SOURCE_DIR}/include/nibble/${name}
           OR EXISTS ${SOURCE_DIR}/include/${name} OR EXISTS ${folder}/${name})
            continue()
        endif()
        message(SEND_ERROR "${page} names ${name}, which is not there")
    endforeach()
endforeach()
if(count LESS 30)
    message(FATAL_ERROR "only ${count} files found: they are written in another way now")
endif()
message(STATUS "${count} files, each there")
