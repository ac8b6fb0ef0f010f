// SPDX-License-Identifier: Apache-2.0
// The public surface of nibble: include this.
#pragma once

#include <nibble/chat/template.hpp>          // message, role, chat_template
#include <nibble/core/cpu.hpp>               // detect_cpu, available_threads
#include <nibble/core/error.hpp>             // error, errc
#include <nibble/core/tensor.hpp>            // data_type, tensor_view
#include <nibble/core/thread_pool.hpp>       // thread_pool, to share between sessions
#include <nibble/core/token.hpp>             // token
#include <nibble/generate/engine.hpp>        // engine, sequence
#include <nibble/generate/session.hpp>       // session, generation, generation_options
#include <nibble/generate/side_by_side.hpp>  // advance: replies of one engine together
#include <nibble/gguf/file.hpp>              // gguf::file, for inspectors
#include <nibble/json/json.hpp>              // json
#include <nibble/kernels/best.hpp>           // best_kernels: which kernels serve this CPU
#include <nibble/model/model.hpp>            // model, model_config
#include <nibble/text/tokenizer.hpp>         // tokenizer
#include <nibble/version.hpp>                // NIBBLE_VERSION_STRING

// The unit that has the definitions has those of what programs include besides, too.
#if defined(NIBBLE_IMPLEMENTATION_UNIT)
#include <nibble/generate/tool_calling.hpp>
#include <nibble/grammar/json_schema.hpp>
#include <nibble/grammar/matcher.hpp>
#include <nibble/model/check_weights.hpp>
#endif
