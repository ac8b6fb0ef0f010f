# SPDX-License-Identifier: Apache-2.0
# Windows on x86-64: MinGW-w64, and Wine to run what it builds. Debian: apt install g++-mingw-w64-x86-64-posix wine64
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)  # posix: the one that has std::thread
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_SHARED_LINKER_FLAGS_INIT -static)
find_program(NIBBLE_WINE NAMES wine64 PATHS /usr/lib/wine /usr/lib/wine-stable NO_CMAKE_FIND_ROOT_PATH)
if(NIBBLE_WINE)
    set(CMAKE_CROSSCOMPILING_EMULATOR ${CMAKE_COMMAND} -E env WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml=d
                                      ${NIBBLE_WINE})
endif()
set(CMAKE_FIND_ROOT_PATH /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
foreach(mode IN ITEMS LIBRARY INCLUDE PACKAGE)
    set(CMAKE_FIND_ROOT_PATH_MODE_${mode} ONLY)
endforeach()
set(CMAKE_PROJECT_nibble_INCLUDE ${CMAKE_CURRENT_LIST_DIR}/host_headers.cmake)
