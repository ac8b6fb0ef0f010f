// SPDX-License-Identifier: Apache-2.0
// Loads the shared library, uses and unloads it a hundred times in one process: what it took it has given back.
//   reload LIBRARY MODEL
#include <nibble/nibble.h>

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

// Whether a file is mapped into this process.
static int is_mapped(const char* name) {
    char line[4096];
    int found = 0;
    FILE* maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps)) found |= strstr(line, name) != NULL;
    if (maps) fclose(maps);
    return found;
}

// Bytes that are allocated, with small blocks that were freed and are kept at hand; 0 where the system does not tell.
static size_t allocated(void) {
#if defined(__GLIBC__)  // 2.33 and newer
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
#else
    return 0;
#endif
}

// Memory of this process that is no file's.
static long resident_kib(void) {
    char line[256];
    long kib = 0;
    FILE* status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "RssAnon:", 8) == 0) sscanf(line + 8, "%ld", &kib);
    if (status) fclose(status);
    return kib;
}

// A function of the library by its own name. ISO C has no cast from void* to a pointer to a function.
#define GET(name)                               \
    do {                                        \
        *(void**)&name = dlsym(library, #name); \
        if (!name) return "no " #name;          \
    } while (0)

// Answers a question in JSON with everything that takes memory, threads and a failure among it. Null, or what is wrong.
static const char* use(void* library, const char* path) {
    nibble_error* (*nibble_error_new)(void);
    nibble_status (*nibble_error_free)(nibble_error*);
    nibble_status (*nibble_model_load)(const char*, size_t, const nibble_model_options*, nibble_model**, nibble_error*);
    nibble_status (*nibble_model_free)(nibble_model*);
    nibble_status (*nibble_session_new)(const nibble_model*, const nibble_session_options*, nibble_session**,
                                        nibble_error*);
    nibble_status (*nibble_session_free)(nibble_session*);
    nibble_status (*nibble_reply_options_init)(nibble_reply_options*, size_t);
    nibble_status (*nibble_session_generate)(nibble_session*, const char*, size_t, const nibble_reply_options*,
                                             nibble_reply**, nibble_error*);
    nibble_status (*nibble_reply_next)(nibble_reply*, const char**, size_t*, nibble_error*);
    nibble_status (*nibble_reply_free)(nibble_reply*);
    nibble_error* error;
    nibble_model* model = NULL;
    nibble_session* session = NULL;
    nibble_reply_options options;
    nibble_reply* reply = NULL;
    const char* piece = NULL;
    size_t length = 0;
    GET(nibble_error_new);
    GET(nibble_error_free);
    GET(nibble_model_load);
    GET(nibble_model_free);
    GET(nibble_session_new);
    GET(nibble_session_free);
    GET(nibble_reply_options_init);
    GET(nibble_session_generate);
    GET(nibble_reply_next);
    GET(nibble_reply_free);
    error = nibble_error_new();
    if (nibble_model_load("/", 1, NULL, &model, error) != NIBBLE_ERROR_FILE) return "a folder is no model";
    if (nibble_model_load(path, NIBBLE_NUL_ENDED, NULL, &model, error) != NIBBLE_OK) return "no model";
    if (nibble_session_new(model, NULL, &session, error) != NIBBLE_OK) return "no session";
    nibble_reply_options_init(&options, sizeof options);
    options.structure = NIBBLE_JSON_SCHEMA;
    options.structure_text = "{\"type\": \"array\", \"items\": {\"type\": \"integer\"}}";
    options.max_tokens = 8;
    if (nibble_session_generate(session, "1, 2, 3", 7, &options, &reply, error) != NIBBLE_OK) return "no reply";
    if (nibble_reply_next(reply, &piece, &length, error) != NIBBLE_OK || *piece != '[') return "no piece";
    nibble_reply_free(reply);
    nibble_session_free(session);
    nibble_model_free(model);
    nibble_error_free(error);
    return NULL;
}

int main(int argc, char** argv) {
    enum { n_warm = 10, n_rounds = 100, most_growth = 32 * 1024, most_growth_kib = 1024 };
    size_t before = 0, after;
    long kib_before = 0, kib_after;
    int round;
    if (argc != 3) return 2;
    for (round = 0; round < n_rounds; ++round) {
        void* library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        const char* problem = library ? use(library, argv[2]) : dlerror();
        if (problem || dlclose(library) != 0 || is_mapped("libnibble") || is_mapped(".gguf")) {
            printf("round %d: %s\n", round, problem ? problem : "something is still mapped");
            return 1;
        }
        if (round == n_warm) {
            before = allocated();
            kib_before = resident_kib();
        }
    }
    after = allocated();
    kib_after = resident_kib();
    printf("allocated: %zu bytes, then %zu; resident: %ld KiB, then %ld\n", before, after, kib_before, kib_after);
    return after > before + most_growth || kib_after > kib_before + most_growth_kib;
}
