// SPDX-License-Identifier: Apache-2.0
// Loads the module and talks with it: in a page, in a worker, in Node.

// What the C library asks of the system: the time. Nothing else is there (52: not implemented).
function system(view) {
    const known = {
        clock_time_get(id, precision, at) {
            view().setBigUint64(at, BigInt(Math.round(performance.now() * 1e6)), true);
            return 0;
        },
        proc_exit(code) {
            throw new Error(`the module has ended with code ${code}`);
        },
    };
    return new Proxy(known, {get: (functions, name) => functions[name] ?? (() => 52)});
}

// `module`: a WebAssembly.Module of nibble.wasm; `model`: the bytes of a GGUF file. Gives ask(question, show), which
// calls show(piece) for each piece of the answer and returns the tokens of a second. Errors are thrown; after one the
// module is of no use.
export async function start(module, model, {context = 1024, temperature = 0.6, seed = 7} = {}) {
    let exports, show;
    const text = (at, n) => new TextDecoder().decode(new Uint8Array(exports.memory.buffer, at, n));
    const page = {
        show: (at, n) => show(text(at, n)),
        fail: (at, n) => {
            throw new Error(text(at, n));
        },
    };
    const wasi = system(() => new DataView(exports.memory.buffer));
    ({exports} = await WebAssembly.instantiate(module, {page, wasi_snapshot_preview1: wasi}));
    exports._initialize();

    const handIn = (bytes) => {
        const at = exports.allocate(bytes.length);
        if (at === 0) throw new Error(`no memory for ${bytes.length} bytes`);
        new Uint8Array(exports.memory.buffer).set(bytes, at);
        return at;
    };
    exports.load(handIn(model), model.length, context);
    return {
        ask(question, showPiece) {
            show = showPiece;
            const bytes = new TextEncoder().encode(question), at = handIn(bytes);
            const tokensPerSecond = exports.ask(at, bytes.length, temperature, seed);
            exports.release(at);
            return tokensPerSecond;
        },
    };
}
